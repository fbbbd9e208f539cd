"""Test pictures of a model's own size through its files and back: what compress.py and rates.py count.

pictures ─► compress ─► files ─► whole numbers ─► decoded ─► pictures
        `──── written ────´  `─────────── read ───────────´
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from amalgan.codec import amg_file
from amalgan.data import Dataset, Records, to_pixels
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import compress
from amalgan.tasks.compress.bound import Numbers
from amalgan.tasks.generate import DecoderName
from amalgan.training import coders, loop
from formats import Pixels, psnr

PICTURES = 1000
CHUNK = 250


class Coded(NamedTuple):
    """A split's codes at one quality."""

    head: amg_file.Head
    numbers: list[Numbers]
    bytes_each: float
    """Of single files, headers included."""
    bytes_each_archive: float
    """With index and names shared out."""
    written: float
    """CPU-seconds from pictures to codes, networks included."""
    unpacked: float
    """CPU-seconds from codes to whole numbers."""


def tested(data: Dataset) -> Records:
    """The pictures that count: evenly over the test split."""
    return data.test.select(data.test.spaced(PICTURES))


def qualities(model: Model) -> range:
    """All that the model has."""
    return range(1, 1 + compress.coder_of(model).qualities)


def coded(model: Model, records: Records, quality: int) -> Coded:
    """Written, and read as far as whole numbers."""
    coder, head = compress.coder_of(model), compress.head_of(model, quality)
    began = time.process_time()
    codes = list(compress.compress(model, records, quality=quality))
    wrote = time.process_time()
    numbers = [Numbers(head.level, coder.unpack(code, head.level)) for code in codes]  # type: ignore[arg-type]
    ended = time.process_time()
    archive = amg_file.pack_archive(head, zip(records.names, codes, strict=True))
    return Coded(
        head=head,
        numbers=numbers,
        bytes_each=float(np.mean([len(amg_file.pack(head, code)) for code in codes])),
        bytes_each_archive=len(archive) / len(codes),
        written=wrote - began,
        unpacked=ended - wrote,
    )


def shown(model: Model, found: Coded, decoder: DecoderName = "faithful") -> Iterator[Tensor]:
    """The decodes, some at a time."""
    for number, at in enumerate(range(0, len(found.numbers), CHUNK)):
        yield compress.decode_chunk(model, found.numbers[at : at + CHUNK], decoder=decoder, chunk=number)


def own_row(model: Model, quality: int, records: Records, pixels: list[Pixels]) -> dict[str, Any]:
    """One quality of a model that has one size, beside what ``formats.others`` says of other formats."""
    found, began = coded(model, records, quality), time.process_time()
    parts = list(shown(model, found))
    read = found.unpacked + time.process_time() - began
    back = [picture for part in parts for picture in to_pixels(part, model.spec)]
    return {
        "format": "amalgan",
        "quality": quality,
        "usual": found.head.level == int(compress.coder_of(model).usual),
        "bytes_each": found.bytes_each,
        "bytes_each_archive": found.bytes_each_archive,
        "psnr": psnr(pixels, back),
        "written_a_second": len(pixels) / found.written,
        "read_a_second": len(pixels) / read,
        "coder_share_of_reading": found.unpacked / read,
    }


def equipped(model: Model, data: Dataset) -> Model:
    """A model of an earlier version with the coder that it would be published with today."""
    if model.coder:
        return model
    picked = loop.settling_order(data.train, model.header["training"]["seed"])[: coders.MOST_CODES]
    return replace(model, coder=coders.fit(model.system, loop.examples(data.train, picked, "cpu")))
