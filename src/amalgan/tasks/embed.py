"""Codes of examples, to search, cluster, map, or train something on.

records ─► encoder ─► Codes: code (N, K), label, name ─┬─► x.npz       three arrays, no pickle
                                                       ├─► x.parquet   three columns (needs pyarrow)
                                                       └─► neighbors   the examples most like one
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.data import Records
from amalgan.errors import UsageError
from amalgan.files import replacing
from amalgan.metrics.distances import nearest
from amalgan.modelfile import Model
from amalgan.systems.abilities import Encodes
from amalgan.tasks.generate import CHUNK


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

    def write(self, target: Path) -> None:
        """Write to an ``.npz`` or ``.parquet`` file.

        Raises:
            UsageError: another ending, or Parquet without pyarrow.
            FileError: the file cannot be written.
        """
        if target.suffix.lower() not in (".npz", ".parquet"):
            raise UsageError(f"{target} ends in {target.suffix or 'nothing'}; codes go to .npz or .parquet.")
        write = self._write_npz if target.suffix.lower() == ".npz" else self._write_parquet
        write(target)

    def _write_npz(self, target: Path) -> None:
        with replacing(target) as part, part.open("wb") as file:
            np.savez(file, code=self.code, label=self.label, name=self.name)

    def _write_parquet(self, target: Path) -> None:
        if find_spec("pyarrow") is None:
            raise UsageError(
                f"{target} needs pyarrow, which is not installed. Run: pip install pyarrow, or write an .npz."
            )
        arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
        flat = arrow.array(self.code.reshape(-1))
        columns = {
            "code": arrow.FixedSizeListArray.from_arrays(flat, self.code.shape[1]),
            "label": arrow.array(self.label.tolist(), arrow.string()),
            "name": arrow.array(self.name.tolist(), arrow.string()),
        }
        with replacing(target) as part:
            parquet.write_table(arrow.table(columns), str(part))


@torch.no_grad()
def embed(model: Model, records: Records) -> Codes:
    """The code of every record.

    Raises:
        AbilityError: the model has no code.
    """
    encoder = model.require(Encodes)
    device = next(model.system.parameters()).device
    parts = [encoder.encode(batch.x.to(device)).float().cpu() for batch in records.batches(CHUNK)]
    code = torch.cat(parts).numpy() if parts else np.zeros((0, 0), np.float32)
    return Codes(code=code, label=class_names(records), name=np.array(records.names, np.str_))


def class_names(records: Records) -> NDArray[Any]:
    """The class name of each record; empty where unlabeled."""
    return np.array([*records.spec.classes, ""], np.str_)[records.labels]


def neighbors(
    codes: Codes, query: Float[Tensor, "Q K"], count: int = 10
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows (Q, count) of the codes nearest to each of ``query``, the nearest first, and their distances.

    Raises:
        UsageError: fewer than ``count`` codes.
    """
    distance, row = nearest(query.double(), torch.from_numpy(codes.code).double(), count)
    return row.numpy(), distance.numpy()
