"""How likely each whole number is, in whole numbers: frequencies of symbols, at least 1 each, 2^16 in all.

    table t:   lowest_t  lowest_t + 1  ...  lowest_t + n - 2  │  escape: any other number, spelled out in bits

A table is made of floats once, when a model is published, and kept as integers in the model's file; nothing that an
encoder and a decoder must agree on is computed again. Spelled out means Elias' gamma code of the zigzag of a number
(Elias 1975): 0, -1, 1, -2, ... as 1, 2, 3, 4, ...
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from amalgan.codec.range_coder import MOST_BITS, NARROWEST, Decoder, Encoder
from amalgan.core.errors import BitstreamError

TOTAL = 1 << MOST_BITS
LARGEST = 1 << 30
"""Magnitude of the largest number that can be spelled out."""
LENGTH_BITS = 5


@dataclass(frozen=True)
class Tables:
    """Tables, ready to code with."""

    lowest: list[int]
    """The first number of each."""
    edges: list[list[int]]
    """Running sums of the frequencies of each, from 0 to 2^16; the last symbol is the escape."""

    @classmethod
    def of(cls, frequency: list[int], length: list[int], lowest: list[int]) -> Tables:
        """Tables whose frequencies stand one after the other in ``frequency``, ``length`` of them each.

        Raises:
            ValueError: they are no tables.
        """
        ends = list(accumulate(length, initial=0))
        if len(length) != len(lowest) or ends[-1] != len(frequency) or min(length, default=0) < 1:
            raise ValueError("lengths of tables do not fit their frequencies")
        if min(frequency) < 1:
            raise ValueError("a symbol has frequency 0")
        edges = [list(accumulate(frequency[a:b], initial=0)) for a, b in pairwise(ends)]
        if any(edge[-1] != TOTAL for edge in edges):
            raise ValueError(f"frequencies of a table do not sum to {TOTAL}")
        return cls(list(lowest), edges)

    def put(self, encoder: Encoder, number: int, value: int) -> None:
        """Encode ``value`` by table ``number``."""
        edges, at = self.edges[number], value - self.lowest[number]
        inside = 0 <= at < len(edges) - 2
        symbol = at if inside else len(edges) - 2
        encoder.put(edges[symbol], edges[symbol + 1] - edges[symbol])
        if not inside:
            spell(encoder, value)

    def put_all(self, encoder: Encoder, numbers: NDArray[np.int64], values: NDArray[np.int64]) -> None:
        """``put`` of each of ``values`` by the table beside it in ``numbers``."""
        lengths, lowest, first, flat = self.arrays
        at, last = values - lowest[numbers], lengths[numbers] - 2
        escaped = (at < 0) | (at >= last)
        place = first[numbers] + np.where(escaped, last, at)
        starts = flat[place]
        pairs = starts.tolist(), (flat[place + 1] - starts).tolist()
        begin = 0
        for row in np.flatnonzero(escaped).tolist():
            encoder.put_all(*(each[begin : row + 1] for each in pairs))
            spell(encoder, int(values[row]))
            begin = row + 1
        encoder.put_all(*(each[begin:] for each in pairs))

    def take_all(self, decoder: Decoder, numbers: Iterable[int]) -> list[int]:
        """``take`` by one table after the other."""
        found, tables, lowest = [], self.edges, self.lowest
        for number in numbers:
            edges, step = tables[number], decoder.width >> MOST_BITS
            symbol = bisect_right(edges, decoder.place // step) - 1
            if symbol >= len(edges) - 2:
                found.append(self.take(decoder, number))
                continue
            start = edges[symbol]
            decoder.place -= start * step
            decoder.width = (edges[symbol + 1] - start) * step
            if decoder.width < NARROWEST:
                decoder.refill()
            found.append(lowest[number] + symbol)
        return found

    @cached_property
    def arrays(self) -> tuple[NDArray[np.int64], ...]:
        """Lengths of the edges of each table, its lowest number, where its edges begin, and all edges."""
        lengths = np.array([len(edges) for edges in self.edges])
        first = np.cumsum(lengths) - lengths
        return lengths, np.array(self.lowest), first, np.concatenate(self.edges).astype(np.int64)

    def take(self, decoder: Decoder, number: int) -> int:
        """The next value, which was encoded by table ``number``."""
        edges = self.edges[number]
        symbol = bisect_right(edges, decoder.slot()) - 1
        decoder.take(edges[symbol], edges[symbol + 1] - edges[symbol])
        return read_spelled(decoder) if symbol == len(edges) - 2 else self.lowest[number] + symbol


def spell(encoder: Encoder, value: int) -> None:
    """Any number up to ``LARGEST`` either way, in about twice as many bits as it has."""
    if abs(value) > LARGEST:
        raise ValueError(f"{value} is beyond what can be coded")
    zigzag = (2 * value if value >= 0 else -2 * value - 1) + 1
    rest = zigzag.bit_length() - 1
    encoder.put(rest, 1, LENGTH_BITS)
    for shift in range(rest - 1, -1, -1):
        encoder.put(zigzag >> shift & 1, 1, 1)


def read_spelled(decoder: Decoder) -> int:
    """The number that ``spell`` wrote."""
    rest = decoder.slot(LENGTH_BITS)
    decoder.take(rest, 1, LENGTH_BITS)
    zigzag = 1
    for _ in range(rest):
        bit = decoder.slot(1)
        decoder.take(bit, 1, 1)
        zigzag = zigzag << 1 | bit
    value = zigzag // 2 if zigzag % 2 else -(zigzag // 2)
    if abs(value) > LARGEST:
        raise BitstreamError("damaged: it holds a number that no encoder writes")
    return value


def frequencies(weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers as near to ``weight`` (n,) as they go, each at least 1, ``TOTAL`` in all; n at most TOTAL / 2."""
    share = weight.clip(0) / weight.clip(0).sum()
    exact = 1 + share * (TOTAL - len(share))
    whole = np.floor(exact).astype(np.int64)
    missing = TOTAL - int(whole.sum())
    whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
    return whole
