"""Codes of examples, to search, cluster, map, or train something on.

records ─► encoder ─► Codes: code (N, K), label, name ─┬─► x.npz       three arrays, no pickle
                         │                             └─► x.parquet   three columns (needs pyarrow)
                         └─► journal: a job that was killed goes on where it was

``tasks.similar`` looks for neighbors and near-duplicates among them, ``tasks.map`` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core.errors import UsageError
from amalgan.core.files import inode, replacing
from amalgan.core.journal import Journal, key_of
from amalgan.core.limits import CHUNK
from amalgan.data import Dataset, Records
from amalgan.data.writing.npz import UNNAMED, Column, is_whole, write_npz
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model

GROUP_ROWS = 8192
"""Rows of Parquet that are made ready at a time."""
STAMP = b"amalgan"


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
        write = self._write_npz if place.suffix.lower() == ".npz" else self._write_parquet
        return write(place, stamp)

    def _write_npz(self, target: Path, stamp: str) -> bool:
        columns = {"code": self.code, "label": self.label, "name": self.name}
        return write_npz(target, {name: Column.of(array) for name, array in columns.items()}, stamp)

    def _write_parquet(self, target: Path, stamp: str) -> bool:
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        kind = arrow.list_(arrow.float32(), self.code.shape[1])
        text = arrow.string()
        schema = arrow.schema([("code", kind), ("label", text), ("name", text)], {STAMP: stamp.encode()})
        before = inode(target)
        with (
            replacing(target, unless_same=True) as part,
            parquet.ParquetWriter(str(part), schema) as file,
        ):
            for start in range(0, len(self), GROUP_ROWS):
                rows = slice(start, start + GROUP_ROWS)
                flat = arrow.array(self.code[rows].reshape(-1))
                codes = arrow.FixedSizeListArray.from_arrays(flat, self.code.shape[1])
                words = [arrow.array(column[rows].tolist(), text) for column in (self.label, self.name)]
                file.write_table(arrow.table([codes, *words], schema))
        return inode(target) != before


def check_codes_out(target: Path) -> None:
    """Refuse what codes cannot be written to.

    Raises:
        UsageError: another ending, or Parquet without pyarrow.
    """
    if target.suffix.lower() not in (".npz", ".parquet"):
        raise UsageError(f"{target} ends in {target.suffix or 'nothing'}; codes go to .npz or .parquet.")
    if target.suffix.lower() == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            f"{target} needs pyarrow, which is not installed. Run: pip install 'amalgan[parquet]', or write an .npz."
        )


def stored(target: Path, stamp: str, count: int) -> NDArray[np.float32] | None:
    """The ``count`` codes (N, K) in ``target``, if it was written whole with that stamp."""
    if target.suffix.lower() == ".npz":
        if not is_whole(target, stamp, count):
            return None
        with np.load(target, allow_pickle=False) as found:
            return np.asarray(found["code"], np.float32)
    found = stored_parquet(target, stamp)
    return found if found is not None and len(found) == count else None


def stored_parquet(target: Path, stamp: str) -> NDArray[np.float32] | None:
    """The codes in a Parquet file of that stamp."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    try:
        found = parquet.read_table(str(target), columns=["code"])
    except (OSError, arrow.ArrowInvalid, KeyError):
        return None
    if (found.schema.metadata or {}).get(STAMP) != stamp.encode():
        return None
    flat = [chunk.flatten().to_numpy() for chunk in found["code"].chunks]
    return np.concatenate([np.zeros(0, np.float32), *flat]).reshape(found.num_rows, -1)


def embed(model: Model, records: Records) -> Codes:
    """The code of every record.

    Raises:
        AbilityError: the model has no code.
    """
    return codes_of(
        np.concatenate([np.zeros((0, width(model)), np.float32), *encoded(model, records)]), records
    )


def codes_of(code: NDArray[np.float32], records: Records) -> Codes:
    """The codes of ``records``, with what they are called."""
    return Codes(code=code, label=class_names(records), name=np.array(records.names, np.str_))


@torch.no_grad()
def encoded(model: Model, records: Records, first: int = 0) -> Iterator[NDArray[np.float32]]:
    """Yield the codes of a chunk of records after the other, from record ``first`` on."""
    encoder, device = model.require(Encodes), model.device
    for batch in records.select(slice(first, None)).batches(CHUNK):
        yield encoder.encode(batch.x.to(device)).float().cpu().numpy()


@torch.no_grad()
def width(model: Model) -> int:
    """Entries of a code.

    Raises:
        AbilityError: the model has no code.
    """
    return model.require(Encodes).encode(torch.zeros(1, *model.spec.shape, device=model.device)).shape[1]


def stamp_for(model: Model, data: Dataset) -> str:
    """What names the codes of ``data`` by ``model``: weights, contents, names and classes."""
    return key_of("codes", model.digest, data.records.store.facts["digest"], model.spec.classes)


def journal_for(target: Path, model: Model, stamp: str) -> Journal:
    """Codes that an earlier run, killed before ``target`` was written, has worked out."""
    return Journal.beside(target, stamp, "<f4", (width(model),))


def class_names(records: Records) -> NDArray[Any]:
    """The class name of each record; empty where unlabeled."""
    return np.array([*records.spec.classes, ""], np.str_)[records.labels]
