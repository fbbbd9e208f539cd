"""Codes of examples, to search, cluster, map, or train something on.

records ─► encoder ─► Codes: code (N, K), label, name ─┬─► x.npz       three arrays, no pickle
                         │                             └─► x.parquet   three columns (needs pyarrow)
                         └─► journal: a job that was killed goes on where it was

``tasks.similar`` looks for neighbors and near-duplicates among them, ``tasks.map`` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core.journal import Journal, key_of
from amalgan.data import Records
from amalgan.data.dataset.records import Chunked
from amalgan.data.dataset.streaming import Stream
from amalgan.data.writing.columns import (
    GROUP_ROWS,
    check_columns_out,
    parquet_stamp,
    read_columns,
    write_columns,
)
from amalgan.data.writing.npz import UNNAMED, Column, is_whole
from amalgan.data.writing.parts import Part
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model


@dataclass(frozen=True, eq=False, kw_only=True)
class Codes:
    """The codes of some examples, in their order."""

    code: NDArray[np.float32]
    """(N, K)."""
    label: NDArray[Any]
    """(N,) class names, fixed-width text; empty where unlabeled."""
    name: NDArray[Any]
    """(N,) names, fixed-width text, within the data set."""

    def __len__(self) -> int:
        return len(self.code)

    def write(self, target: str | Path, stamp: str = UNNAMED) -> bool:
        """Write to an ``.npz`` or ``.parquet`` file; whether it did not hold just that already.

        Args:
            stamp: what the codes were made of, kept beside them for ``stored``.

        Raises:
            UsageError: another ending, or Parquet without pyarrow.
            FileError: the file cannot be written.
        """
        place = Path(target)
        check_codes_out(place)
        columns = {"code": self.code, "label": self.label, "name": self.name}
        return write_columns(place, {name: Column.of(array) for name, array in columns.items()}, stamp)


def check_codes_out(target: Path) -> None:
    """Refuse what codes cannot be written to.

    Raises:
        UsageError: another ending, or Parquet without pyarrow.
    """
    check_columns_out(target, "codes")


def columns_of(journal: Journal, records: Records) -> dict[str, Column]:
    """The same three columns as ``Codes`` writes, of which only some rows are in memory at a time."""
    return {
        "code": Column(journal.dtype.str, (journal.count, *journal.shape), journal.blocks()),
        "label": Column.of(class_names(records)),
        "name": named(records),
    }


def named(records: Records) -> Column:
    """The names, as text of one width."""
    longest = max((len(records.name(row)) for row in range(len(records))), default=1)
    dtype = np.dtype(f"<U{max(longest, 1)}")

    def blocks() -> Iterator[NDArray[Any]]:
        for start in range(0, len(records), GROUP_ROWS):
            rows = range(start, min(start + GROUP_ROWS, len(records)))
            yield np.array([records.name(row) for row in rows], dtype)

    return Column(dtype.str, (len(records),), blocks())


def codes_in(place: Path) -> Codes:
    """The codes that ``Codes.write`` wrote."""
    found = read_columns(place).columns
    return Codes(code=found["code"], label=found["label"], name=found["name"])


def is_stored(target: Path, stamp: str, count: int) -> bool:
    """Whether ``count`` codes are in ``target``, which was written whole with that stamp."""
    if target.suffix.lower() == ".npz":
        return is_whole(target, stamp, count)
    return parquet_stamp(target) == stamp and len(read_columns(target)) == count


def embed(model: Model, records: Records) -> Codes:
    """The code of every record.

    Raises:
        AbilityError: the model has no code.
    """
    return codes_of(
        np.concatenate([np.zeros((0, width(model)), np.float32), *encode_chunks(model, records)]), records
    )


def codes_of(code: NDArray[np.float32], records: Records) -> Codes:
    """The codes of ``records``, with what they are called."""
    return Codes(code=code, label=class_names(records), name=np.array(records.names, np.str_))


@torch.no_grad()
def encode_chunks(model: Model, records: Chunked, first: int = 0) -> Iterator[NDArray[np.float32]]:
    """Yield the codes of a chunk of examples after the other, from example ``first`` on."""
    encoder, device = model.require(Encodes), model.device
    for _, x in records.chunks(first):
        yield encoder.encode(x.to(device)).float().cpu().numpy()


@torch.no_grad()
def width(model: Model) -> int:
    """Entries of a code.

    Raises:
        AbilityError: the model has no code.
    """
    return model.require(Encodes).encode(torch.zeros(1, *model.spec.shape, device=model.device)).shape[1]


def stamp_for(model: Model, stream: Stream) -> str:
    """What names the codes of a data set by ``model``: weights, contents, names and classes; or which part they are."""
    options = {"classes": key_of("classes", model.spec.classes)}
    part = stream.part("embed", model.digest, options)
    return part.text if not stream.shard.is_whole else stamp_of(part)


def stamp_of(whole: Part) -> str:
    """What names all codes."""
    return key_of("codes", whole.model, whole.count, whole.total, whole.options)


def journal_for(target: Path, model: Model, stream: Stream) -> Journal:
    """Codes that an earlier run, killed before ``target`` was written, has worked out."""
    key = key_of("codes", model.digest, stream.key, model.spec.classes)
    return Journal.beside(target, key, "<f4", (width(model),))


def class_names(records: Records) -> NDArray[Any]:
    """The class name of each record; empty where unlabeled."""
    return np.array([*records.spec.classes, ""], np.str_)[records.labels]
