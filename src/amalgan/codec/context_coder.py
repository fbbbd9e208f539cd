"""Maps of whole numbers as bytes, each number by a table that those before it choose: what a codec is published with.

    map (K, h, w) ─► each channel, each pass: mean and spread out of what is known ─► table ─► range coder ─► bytes

The means and spreads are those of ``context_model``, in whole numbers of 2^-12: sums of products of integers, compared
with integers. No float has a say in what bytes mean, so machines, threads and devices cannot disagree (Balle,
Johnston & Minnen 2019, "Integer networks for data compression"). Tables stand for each spread, and for the mean within
a quarter.

A map whose picture is not of the model's size says so first, in 48 bits; its bytes are then filled up to one for 4096
pixels, so that a small file cannot claim a large picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.frequency_tables import TOTAL
from amalgan.codec.range_coder import Decoder, Encoder
from amalgan.core.errors import BitstreamError
from amalgan.core.limits import MOST_PIXELS

Whole = NDArray[np.int64]
UNIT_BITS = 12
PHASES = 4
"""Places of a mean between two whole numbers that tables stand for."""
STARTS = ((0, 0), (1, 1), (0, 1), (1, 0))
"""Where each pass begins in a block of 2x2; ``contexts.ORDER`` says the same."""
SIDE_BITS = 16
PIXELS_A_BYTE = 4096
LARGEST = 1 << 20
"""Magnitude of the largest number: nothing overflows."""


class Map(NamedTuple):
    """The numbers of one example."""

    number: Whole
    """(K, h, w)."""
    size: tuple[int, int] | None
    """Height and width of its picture; None for a model that has one size."""


@dataclass(frozen=True, eq=False, kw_only=True)
class MapCoder(Coder):
    """Everything as integer tensors, as the model's file holds it. K channels, P passes, Q qualities."""

    size: Int[Tensor, " S"]
    """Height and width of the model's own pictures, and pixels of a cell's side; empty where there is one size."""
    base: Int[Tensor, "Q P K"]
    same_mean: Int[Tensor, "K K"]
    same_spread: Int[Tensor, "K K"]
    near_mean: Int[Tensor, "P K 3 3"]
    near_spread: Int[Tensor, "P K 3 3"]
    ring_spread: Int[Tensor, "K K"]
    bound: Int[Tensor, " W-1"]
    """Spreads from which on the next table is taken."""

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> MapCoder:
        """The coder that a file's tensors make.

        Raises:
            ValueError: they make none.
        """
        coder = cls.from_tensors(tensors)
        if wrong := [name for name, value in tensors.items() if value.is_floating_point()]:
            raise ValueError(f"{wrong[0]} holds no whole numbers")
        _, passes, channels = coder.base.shape
        square, around = (channels, channels), (passes, channels, 3, 3)
        shapes = {
            "same_mean": square,
            "same_spread": square,
            "ring_spread": square,
            "near_mean": around,
            "near_spread": around,
            "usual": (),
        }
        coder.check(shapes)
        if len(coder.tables.edges) != PHASES * (len(coder.bound) + 1) or coder.usual >= coder.qualities:
            raise ValueError("there are not as many tables as are used")
        if passes not in (1, len(STARTS)) or coder.size.shape not in ((0,), (3,)):
            raise ValueError("its passes or sizes are none")
        return coder

    @cached_property
    def weights(self) -> Weights:
        """The weights, ready to compute with."""
        return Weights(*(getattr(self, name).numpy().astype(np.int64) for name in Weights._fields))

    @property
    def places(self) -> bool:
        """Whether a map has more places than one."""
        return self.base.shape[1] > 1

    @property
    def qualities(self) -> int:
        """How many there are."""
        return len(self.base)

    def pack(self, row: Map, level: int) -> bytes:
        """One map as bytes."""
        encoder = Encoder()
        if row.size is not None:
            self.put_size(encoder, row.size)
        asked = [(part.table, part.place - part.offset) for part in self.parts(row.number, level)]
        tables, values = (
            np.concatenate([each.ravel() for each in side]) for side in zip(*asked, strict=True)
        )
        self.tables.put_all(encoder, tables, values)
        return encoder.finish().ljust(self.least_bytes(row.size), b"\0")

    def unpack(self, data: bytes, level: int) -> Map:
        """The map that ``pack`` was given.

        Raises:
            BitstreamError: there is none; every map has one spelling only.
        """
        if level >= self.qualities:
            raise BitstreamError(f"damaged: quality {level + 1} of {self.qualities}")
        decoder = Decoder(data)
        size = self.take_size(decoder, len(data)) if len(self.size) else None
        number = np.zeros((self.base.shape[2], *self.cells(size)), np.int64)
        for part in self.parts(number, level):
            found = self.tables.take_all(decoder, part.table.ravel().tolist())
            part.place[...] = np.reshape(found, part.place.shape) + part.offset
            if abs(part.place).max(initial=0) > LARGEST:
                raise BitstreamError("damaged: it holds a number that no encoder writes")
        row = Map(number, size)
        if self.pack(row, level) != data:
            raise BitstreamError("damaged: bytes that no encoder writes")
        return row

    def put_size(self, encoder: Encoder, size: tuple[int, int]) -> None:
        """Almost nothing where it is the model's own."""
        own = size == self.own_size
        encoder.put(0 if own else TOTAL - 1, TOTAL - 1 if own else 1)
        for side in () if own else size:
            encoder.put(side, 1, SIDE_BITS)

    def take_size(self, decoder: Decoder, given: int) -> tuple[int, int]:
        """Height and width, which that many bytes can hold."""
        own = decoder.slot() < TOTAL - 1
        decoder.take(0 if own else TOTAL - 1, TOTAL - 1 if own else 1)
        if own:
            return self.own_size
        sides = []
        for _ in range(2):
            sides.append(decoder.slot(SIDE_BITS))
            decoder.take(sides[-1], 1, SIDE_BITS)
        size = (sides[0], sides[1])
        if not 0 < size[0] * size[1] <= MOST_PIXELS or self.least_bytes(size) > given:
            raise BitstreamError(f"damaged: {given} bytes cannot hold {size[1]}x{size[0]} pixels")
        return size

    @property
    def own_size(self) -> tuple[int, int]:
        """Of the model's own pictures."""
        return int(self.size[0]), int(self.size[1])

    def least_bytes(self, size: tuple[int, int] | None) -> int:
        """How many bytes a picture of that size has at least."""
        return 0 if size is None or size == self.own_size else -(-size[0] * size[1] // PIXELS_A_BYTE)

    def cells(self, size: tuple[int, int] | None) -> tuple[int, int]:
        """Height and width of the map of a picture."""
        if size is None:
            return 1, 1
        return -(-size[0] // int(self.size[2])), -(-size[1] // int(self.size[2]))

    def parts(self, number: Whole, level: int) -> Iterator[Part]:
        """Each part of ``number`` in turn, out of those before it: a reader fills it in, then asks for the next."""
        weights, (channels, height, width) = self.weights, number.shape
        known = np.zeros((channels, height + 2, width + 2), np.int64)
        size, rings = np.zeros_like(number), np.zeros_like(number)
        for channel in range(channels):
            mean = dot(weights.same_mean[channel, :channel], number[:channel])
            spread = dot(weights.same_spread[channel, :channel], size[:channel])
            if self.places:
                spread += dot(weights.ring_spread[channel, :channel], rings[:channel])
            for step in range(len(weights.base[level])):
                at = slice(STARTS[step][0], None, 2), slice(STARTS[step][1], None, 2)
                place = number[channel][at]
                near_mean, near_spread = weights.around(known[channel], step, channel, at)
                wide = spread[at] + near_spread + weights.base[level, step, channel]
                yield chosen(place, mean[at] + near_mean, weights.bound.searchsorted(wide, side="right"))
                known[channel, 1:-1, 1:-1][at] = place
            np.abs(number[channel], out=size[channel])
            if self.places:
                rings[channel] = ring(abs(known[channel]))


class Part(NamedTuple):
    """Some numbers that are coded at once."""

    place: Whole
    """A view into the map."""
    offset: Whole
    """What is taken off each before the table is asked."""
    table: Whole


class Weights(NamedTuple):
    """Of what is known, int64."""

    base: Whole
    same_mean: Whole
    same_spread: Whole
    ring_spread: Whole
    near_mean: Whole
    near_spread: Whole
    bound: Whole

    def around(
        self, known: Whole, step: int, channel: int, at: tuple[slice, slice]
    ) -> tuple[Whole | int, Whole | int]:
        """What the neighbors of each place of a pass add to its mean and its spread; ``known`` has a border of one."""
        if not step:
            return 0, 0
        mean, spread = self.near_mean[step, channel], self.near_spread[step, channel]
        middle: Whole | int = 0
        wide: Whole | int = 0
        for down, right in np.argwhere(mean | spread).tolist():
            beside = known[down : down + known.shape[0] - 2, right : right + known.shape[1] - 2][at]
            middle = middle + mean[down, right] * beside
            wide = wide + spread[down, right] * abs(beside)
        return middle, wide


def chosen(place: Whole, mean: Whole, width: Whole) -> Part:
    """The offset and the table of each number: its mean to the nearest quarter, half of them up."""
    quarters = (mean * PHASES + (1 << (UNIT_BITS - 1))) >> UNIT_BITS
    return Part(place, quarters // PHASES, width * PHASES + quarters % PHASES)


def dot(weight: Whole, planes: Whole) -> Whole:
    """The weighed sum of planes (k, h, w)."""
    _, height, width = planes.shape
    found: Whole = weight @ planes.reshape(len(weight), height * width)
    return found.reshape(height, width)


def ring(known: Whole) -> Whole:
    """Sums of the eight around each place, out of a plane with a border of one."""
    rows = known[:-2] + known[1:-1] + known[2:]
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] - known[1:-1, 1:-1]
