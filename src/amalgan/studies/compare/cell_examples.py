"""What the page shows of a cell: ``shown.npz``. Every row draws with one seed and the same classes.

samples (64, …)    real, faithful, realistic (16, …)    map (N, 2), map_label (N,)    uint8 pictures or float vectors
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.core import files
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import Dataset, Records, drawn, to_pixels
from amalgan.data.writing.npz import UNNAMED
from amalgan.evaluation.scores.score import Outside
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.embed.embed import embed
from amalgan.tasks.generate import generate_each
from amalgan.tasks.reconstruct import reconstruct

SAMPLES, REBUILT, MAPPED = 64, 16, 2000

Arrays = dict[str, NDArray[Any]]


def of_model(model: Model, data: Dataset, seed: int) -> Arrays:
    """What a model makes, as far as it can."""
    system, found = model.system, dict[str, NDArray[Any]]()
    if isinstance(system, Generates):
        made = generate_each(model, asked(data), seed=seed, purpose="shown")
        found["samples"] = to_arrays(torch.cat(list(made)), model.spec)
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        found |= rebuilt(model, data, seed)
    if isinstance(system, Encodes):
        found |= mapped(model, data.test.select(data.test.spaced(MAPPED)))
    return found


def of_outside(outside: Outside, data: Dataset) -> Arrays:
    """The first of examples made elsewhere; where they have labels, class by class as models show them."""
    labels = outside.records.labels
    rows: list[int] = []
    for label in asked(data).tolist():
        fits = [row for row in np.flatnonzero(labels == label) if row not in rows]
        rest = [row for row in range(min(len(labels), SAMPLES)) if row not in rows]
        rows += [int(row) for row in (fits or rest)[:1]]
    return {"samples": to_arrays(outside.records.take(np.array(rows)), data.spec)}


def asked(data: Dataset) -> torch.Tensor:
    """The class of each shown example: all in turn, or any."""
    classes = len(data.spec.classes)
    return torch.arange(SAMPLES) % classes if classes else torch.full((SAMPLES,), UNLABELED)


def rebuilt(model: Model, data: Dataset, seed: int) -> Arrays:
    """A few test examples and their reconstructions."""
    chosen = data.test.select(data.test.spaced(REBUILT))
    found = {"real": chosen.take(slice(None)), "faithful": torch.cat(list(reconstruct(model, chosen)))}
    if isinstance(model.system, Realizes):
        found["realistic"] = torch.cat(list(reconstruct(model, chosen, decoder="realistic", seed=seed)))
    return {name: to_arrays(x, model.spec) for name, x in found.items()}


def to_arrays(x: torch.Tensor, spec: DataSpec) -> NDArray[Any]:
    """Examples as pictures, where they have a look, else as numbers."""
    return to_pixels(x, spec) if kind_of(spec).refuses("drawing") else drawn(x, spec)


def mapped(model: Model, records: Records) -> Arrays:
    """The first two principal components of codes."""
    code = embed(model, records).code.astype(np.float64)
    centered = code - code.mean(0)
    left, scale, _ = np.linalg.svd(centered, full_matrices=False)
    place = np.zeros((len(code), 2))
    place[:, : min(2, len(scale))] = left[:, :2] * scale[:2]
    upright = np.sign(np.where(np.abs(place).max(0) > 0, place[np.abs(place).argmax(0), [0, 1]], 1))
    return {"map": (place * upright).astype(np.float32), "map_label": records.labels.astype(np.int64)}


def write(target: Path, arrays: Arrays) -> None:
    """Write them as one file."""
    with files.replacing(target) as part, part.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
        file.flush()
        with zipfile.ZipFile(part, "a") as archive:
            archive.comment = UNNAMED.encode()
