"""Bytes mean the same numbers whatever floats do: threads, batches, memory formats, 16 units in the last place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import torch
from torch import Tensor

from amalgan.codec.transform_coder import TransformCoder
from amalgan.core.errors import BitstreamError
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.compress import coder_of
from stress import subjects
from stress.figure import Figure, portion
from support import SPECS, examples

SYMBOLS = 1_000_000
ULPS = 16
PICTURES = 16
FLOATS = ("warp", "unwarp", "center", "axes", "step")
WAYS = tuple(product((1, 2), (1, 8), (torch.contiguous_format, torch.channels_last)))
"""Threads, examples at once, memory format."""


def noised(coder: TransformCoder, chance: torch.Generator) -> TransformCoder:
    """``coder`` with up to 16 units in the last place added to every float."""
    return replace(coder, **{name: shaken(getattr(coder, name), chance) for name in FLOATS})


def shaken(value: Tensor, chance: torch.Generator) -> Tensor:
    """``value``, each float moved by up to 16 units in the last place."""
    ulps = torch.randint(-ULPS, ULPS + 1, value.shape, generator=chance)
    return value * (1 + ulps * torch.finfo(value.dtype).eps)


def desynchronized(writer: TransformCoder, reader: TransformCoder, rows: list[list[int]], level: int) -> int:
    """How many of ``rows`` the reader takes for others than the writer wrote."""
    return sum(read(reader, writer.pack(row, level), level) != row for row in rows)


def read(reader: TransformCoder, data: bytes, level: int) -> list[int] | None:
    """What the reader makes of ``data``; None where it refuses."""
    try:
        return reader.unpack(data, level)
    except BitstreamError:
        return None


def encoded(model: Model, threads: int, batch: int, form: torch.memory_format) -> Tensor:
    """Codes of some pictures, computed that way."""
    x = examples(model.spec, PICTURES, seed=9).x
    torch.set_num_threads(threads)
    with torch.no_grad():
        parts = [model.require(Encodes).encode(part.to(memory_format=form)) for part in x.split(batch)]
    torch.set_num_threads(1)
    return torch.cat(parts)


def tried(model: Model, symbols: int) -> Iterator[tuple[int, int]]:
    """Symbols and desynchronized rows, a way of computing at a time, at every quality in turn."""
    coder, chance = coder_of(model), torch.Generator().manual_seed(1)
    width = 1 + coder.center.shape[1]
    for turn, (threads, batch, form) in enumerate(WAYS):
        level = turn % len(coder.step)
        rows = coder.numbers(encoded(model, threads, batch, form), level).tolist()
        rows += subjects.rows(model, symbols // len(WAYS) // width, level)
        yield width * len(rows), desynchronized(coder, noised(coder, chance), rows, level)


def control(model: Model) -> list[str]:
    """The same noise on an integer of the tables must desynchronize."""
    coder = coder_of(model)
    other = replace(coder, lowest=coder.lowest + 1)
    rows = subjects.rows(model, 50, 0)
    return [] if desynchronized(coder, other, rows, 0) else ["control: other tables went unseen"]


def figure(share: float, scratch: Path) -> Figure:
    """Continuous and discrete codes."""
    total, lost, broken = 0, 0, list[str]()
    for name in ("autoencoder", "quantized"):
        folder = scratch / name
        folder.mkdir()
        spec = next(key for key, spec in SPECS.items() if spec.shape == (3, 16, 16))
        model = subjects.model(folder, name, spec, code_size=16)
        found = list(tried(model, portion(SYMBOLS, share) // 2 + 1))
        total, lost = total + sum(each for each, _ in found), lost + sum(bad for _, bad in found)
        broken += control(model)
    if lost:
        broken.append(f"{lost} rows were read as others")
    return Figure(
        asked="0 desynchronized in 10⁶ symbols",
        reached=f"{lost} in {total:,}: 1 and 2 threads, batch 1 and 8, channels_last, ±{ULPS} ULP",
        broken=broken,
        facts={"symbols": total},
    )
