"""A model looking over a whole collection: its codes, a map of them, and what of it is the same twice.

data ─► opened as the model reads it ─► embed ─► Codes ─┬─► map: .png or .html
                                                        └─► duplicates: groups
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from amalgan.api.studied import Studied
from amalgan.core.arguments import check_arguments
from amalgan.core.errors import UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.randomness import generators_kept
from amalgan.data import open_data
from amalgan.data.dataset.in_memory import named, reading_of
from amalgan.studies.page.atlas import atlas
from amalgan.tasks.embed.embed import Codes, embed
from amalgan.tasks.embed.map import map_picture
from amalgan.tasks.embed.similar import Duplicates, duplicates


class Collected(Studied):
    """What a model file holds, looked at on data, with what it tells of a collection."""

    @generators_kept()
    @check_arguments
    def embed(self, data: str | Path | NDArray[Any]) -> Codes:
        """The code of every example of ``data``, all splits: code (N, K) float32, label (N,) and name (N,).

        ``write`` of the result writes them to an .npz or a .parquet file.

        Raises:
            AbilityError: the model has no code.
        """
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found = open_data(
                named(data, Path(scratch)), reading_of(data, Path(scratch)), like=self.spec, at_least=1
            )
            return embed(self.model, found.records)

    @generators_kept()
    @check_arguments
    def map(self, data: str | Path | NDArray[Any], out: str | Path, *, seed: int = 0) -> Path:
        """Draw the codes of ``data``, like beside like: a picture (.png), or a page to zoom and search in (.html).

        Raises:
            UsageError: another ending, or fewer than four examples.
            ForeignFile: a file of yours is there.
        """
        place = Path(out)
        if place.suffix.lower() not in (".png", ".html"):
            raise UsageError(f"{place} {describe_ending(place)}; a map goes to .png or .html.")
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found = open_data(
                named(data, Path(scratch)), reading_of(data, Path(scratch)), like=self.spec, at_least=1
            )
            draw = map_picture if place.suffix.lower() == ".png" else atlas
            draw(embed(self.model, found.records), found.records, place, seed=seed)
        return place

    @generators_kept()
    @check_arguments
    def duplicates(self, data: str | Path | NDArray[Any]) -> Duplicates:
        """Groups of near-duplicates and of equal pictures in ``data``; rows are those of ``embed(data)``.

        Raises:
            UsageError: fewer than 40 different examples.
        """
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found = open_data(
                named(data, Path(scratch)), reading_of(data, Path(scratch)), like=self.spec, at_least=1
            )
            records = found.records
            return duplicates(embed(self.model, records).code, records.store.hashes[records.index])
