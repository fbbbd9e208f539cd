"""Strings as bytes, without loss: a recurrent network in whole numbers says how likely each letter is.

    string ─► letter by letter: network (told one of a few codes, or none) ─► frequencies ─► range coder ─► bytes

Every weight and state is a whole number of 2^-12, every product and sum is exact (float64 holds whole numbers below
2^53, so matrix products of them do not depend on the order of the sum), and sigmoid, tanh and exp are tables that the
model's file holds. So a string comes back on any machine (Balle, Johnston & Minnen 2019, "Integer networks for data
compression"). A letter that the vocabulary lacks is escaped and spelled out in 21 bits.

    x = A[letter before] + place_t Wx      r, z, n: gates of a GRU (Cho et al. 2014, arXiv:1406.1078)
    h' = n + z (h - n)                      logits = [h', place_t] Wo + bo

A code is one of C words, of which word 0 tells nothing; the one that makes the bytes shortest is sent first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.frequency_tables import TOTAL
from amalgan.codec.range_coder import Decoder, Encoder
from amalgan.core.errors import BitstreamError

Whole = NDArray[np.int64]
UNIT_BITS = 12
UNIT = 1 << UNIT_BITS
FINE = 16
"""Numbers that share an entry of a table."""
ENTRIES = 4096
REACH = ENTRIES * FINE // 2
"""Sigmoid and tanh are the same beyond 8."""
SPELLED = (16, 5)
"""Bits of a letter that is spelled out."""
MOST_POINT = 0x110000
LONGEST = 128
AT_ONCE = 256
LARGEST = 1 << 20
"""Magnitude of the largest weight: sums of products stay exact."""
FACTORS = (
    *("start", "place", "letter", "place_weight", "state_weight", "state_bias", "last_weight", "last_bias"),
    *("sigmoid", "tanh", "exp"),
)


@dataclass(frozen=True, eq=False, kw_only=True)
class LetterCoder(Coder):
    """Everything as tensors, as the model's file holds it. V letters and the end, H units, C words, T places."""

    word: Float[Tensor, "C-1 K"]
    """Codes that words 1 to C - 1 stand for: only to choose one by."""
    start: Int[Tensor, "C H"]
    place: Int[Tensor, "C T P"]
    letter: Int[Tensor, "L 3H"]
    """Of each letter before, the end for none, and last one that is unknown: L = V + 1."""
    place_weight: Int[Tensor, "P 3H"]
    state_weight: Int[Tensor, "H 3H"]
    state_bias: Int[Tensor, " 3H"]
    last_weight: Int[Tensor, "H+P V"]
    last_bias: Int[Tensor, " V"]
    sigmoid: Int[Tensor, " 4096"]
    tanh: Int[Tensor, " 4096"]
    exp: Int[Tensor, " 4096"]

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> LetterCoder:
        """The coder that a file's tensors make.

        Raises:
            ValueError: they make none.
        """
        coder = cls.from_tensors(tensors)
        (words, units), places, letters = coder.start.shape, coder.place.shape[2], len(coder.last_bias)
        shapes = {
            "place": (words, coder.place.shape[1], places),
            "letter": (letters + 1, 3 * units),
            "place_weight": (places, 3 * units),
            "state_weight": (units, 3 * units),
            "state_bias": (3 * units,),
            "last_weight": (units + places, letters),
            "usual": (),
        }
        coder.check(shapes | dict.fromkeys(("sigmoid", "tanh", "exp"), (ENTRIES,)))
        if len(coder.word) != words - 1 or len(coder.tables.edges) != 1 or not coder.place.shape[1]:
            raise ValueError("there are not as many words as are used")
        if wrong := [name for name, one in tensors.items() if name != "word" and one.is_floating_point()]:
            raise ValueError(f"{wrong[0]} holds no whole numbers")
        if wrong := [name for name, one in coder.tensors().items() if name in FACTORS and beyond(one)]:
            raise ValueError(f"{wrong[0]} holds numbers beyond {LARGEST:,}")
        if int(coder.exp.min()) < 0 or int(coder.exp[0]) < 1:
            raise ValueError("its table of exp is none")
        return coder

    @property
    def qualities(self) -> int:
        """One: nothing is lost."""
        return 1

    @property
    def letters(self) -> int:
        """The end, and the letters of the vocabulary."""
        return len(self.last_bias)

    @cached_property
    def numbers(self) -> dict[str, NDArray[Any]]:
        """The tensors to compute with: tables as int64, factors of products as float64."""
        found = {name: one.numpy().astype(np.int64) for name, one in self.tensors().items() if name != "word"}
        factors = ("place_weight", "state_weight", "last_weight")
        return found | {name: found[name].astype(np.float64) for name in factors}

    def nearest(self, code: Float[Tensor, "B K"]) -> Whole:
        """The word, from 1, that is nearest to each code."""
        if not len(self.word):
            return np.zeros(len(code), np.int64)
        return 1 + torch.cdist(code.float(), self.word.float()).argmin(1).numpy()

    def pack_all(self, ids: Whole, word: Whole) -> list[bytes]:
        """Each row of letters (B, 128), zeros behind the last one, as bytes: with its word or with none."""
        if not len(ids):
            return []
        sides = [self.written(ids, one) for one in (np.zeros_like(word), word)]
        bits = np.stack([side[1] for side in sides])
        return [sides[best][0][row] for row, best in enumerate(bits.argmin(0).tolist())]

    def written(self, ids: Whole, word: Whole) -> tuple[list[bytes], Whole]:
        """Bytes of each row told a word, and how many bits they take, in 2^-16 of one."""
        encoders = [Encoder() for _ in ids]
        for encoder, one in zip(encoders, word.tolist(), strict=True):
            self.tables.put(encoder, 0, one)
        going, states = np.ones(len(ids), bool), self.steps(word)
        edges = next(states)
        for step in range(LONGEST):
            letter = ids[:, step]
            symbol = np.minimum(letter, self.letters)
            rows = np.flatnonzero(going)
            low = edges[rows, symbol[rows]]
            size = edges[rows, symbol[rows] + 1] - low
            for row, first, many in zip(rows.tolist(), low.tolist(), size.tolist(), strict=True):
                encoders[row].put(first, many)
                if symbol[row] == self.letters:
                    spell(encoders[row], int(letter[row]) - self.letters)
            going &= letter != 0
            if not going.any() or step + 1 == LONGEST:
                break
            edges = states.send(symbol)
        packed = [encoder.finish() for encoder in encoders]
        return packed, np.array([len(one) for one in packed])

    def unpack(self, data: bytes, level: int) -> bytes:
        """The bytes themselves: ``read_all`` reads many strings at a time.

        Raises:
            BitstreamError: they are of a quality that there is not.
        """
        if level:
            raise BitstreamError(f"damaged: quality {level + 1} of 1")
        return data

    def read_all(self, packed: Sequence[bytes]) -> Whole:
        """The rows of letters that ``pack_all`` was given.

        Raises:
            BitstreamError: one holds what no encoder writes.
        """
        parts = [self.read(packed[at : at + AT_ONCE]) for at in range(0, len(packed), AT_ONCE)]
        return np.concatenate([np.zeros((0, LONGEST), np.int64), *parts])

    def read(self, packed: Sequence[bytes]) -> Whole:
        """The same of not too many."""
        decoders = [Decoder(one) for one in packed]
        word = np.array([self.tables.take(decoder, 0) for decoder in decoders])
        if word.min(initial=0) < 0 or word.max(initial=0) >= len(self.start):
            raise BitstreamError("damaged: it names a word that this model has not")
        ids, going, states = (
            np.zeros((len(packed), LONGEST), np.int64),
            np.ones(len(packed), bool),
            self.steps(word),
        )
        edges = next(states)
        for step in range(LONGEST):
            symbol = np.zeros(len(packed), np.int64)
            for row in np.flatnonzero(going).tolist():
                symbol[row], ids[row, step] = self.taken(decoders[row], edges[row])
            going &= symbol != 0
            if not going.any() or step + 1 == LONGEST:
                break
            edges = states.send(symbol)
        if self.pack_like(ids, word) != list(packed):
            raise BitstreamError("damaged: bytes that no encoder writes")
        return ids

    def pack_like(self, ids: Whole, word: Whole) -> list[bytes]:
        """The bytes of each row when it is told just that word."""
        return self.written(ids, word)[0]

    def taken(self, decoder: Decoder, edges: Whole) -> tuple[int, int]:
        """The next symbol, and the letter it is."""
        symbol = int(np.searchsorted(edges, decoder.slot(), "right")) - 1
        decoder.take(int(edges[symbol]), int(edges[symbol + 1] - edges[symbol]))
        if symbol < self.letters:
            return symbol, symbol
        return symbol, self.letters + read_spelled(decoder)

    def steps(self, word: Whole) -> Generator[Whole, Whole, None]:
        """Yield the edges (B, V + 2) of the next letter; is sent the symbols (B,) that were there."""
        found = self.numbers
        state, symbol = found["start"][word], np.zeros(len(word), np.int64)
        for step in range(LONGEST):
            here = found["place"][word, min(step, found["place"].shape[1] - 1)]
            seen = found["letter"][symbol] + product(here, found["place_weight"])
            state = self.next_state(state, seen)
            both = np.concatenate([state, here], 1)
            symbol = yield self.edges(found["last_bias"] + product(both, found["last_weight"]))

    def next_state(self, state: Whole, seen: Whole) -> Whole:
        """A step of the GRU."""
        found = self.numbers
        inner = found["state_bias"] + product(state, found["state_weight"])
        (seen_r, seen_z, seen_n), (r, z, n) = (np.split(side, 3, 1) for side in (seen, inner))
        reset, keep = self.looked("sigmoid", seen_r + r), self.looked("sigmoid", seen_z + z)
        new = self.looked("tanh", seen_n + (reset * n >> UNIT_BITS))
        return new + (keep * (state - new) >> UNIT_BITS)

    def looked(self, table: str, x: Whole) -> Whole:
        """Sigmoid or tanh by its table."""
        at = (x.clip(-REACH, REACH - 1) + REACH) // FINE
        return np.asarray(self.numbers[table][at])

    def edges(self, logits: Whole) -> Whole:
        """Running sums of the frequencies of the end, the letters and the escape: each at least 1, 2^16 in all."""
        below = logits.max(1, keepdims=True) - logits
        weight = self.numbers["exp"][(below // FINE).clip(0, ENTRIES - 1)]
        free = TOTAL - self.letters - 1
        size = 1 + weight * free // weight.sum(1, keepdims=True)
        likeliest = logits.argmax(1)
        size[np.arange(len(size)), likeliest] += TOTAL - 1 - size.sum(1)
        ends = np.concatenate([size, np.ones((len(size), 1), np.int64)], 1).cumsum(1)
        return np.concatenate([np.zeros((len(size), 1), np.int64), ends], 1)


def beyond(x: Tensor) -> bool:
    """Whether some number is larger than may be."""
    return bool(x.numel()) and bool((x.long().abs() > LARGEST).any())


def product(x: Whole, weight: NDArray[np.float64]) -> Whole:
    """x W in units of 2^-12, rounded down; exact."""
    return (x.astype(np.float64) @ weight).astype(np.int64) >> UNIT_BITS


def spell(encoder: Encoder, point: int) -> None:
    """A code point in 21 bits."""
    low, high = SPELLED
    encoder.put(point & (1 << low) - 1, 1, low)
    encoder.put(point >> low, 1, high)


def read_spelled(decoder: Decoder) -> int:
    """The code point that ``spell`` wrote."""
    found = 0
    for shift, bits in zip((0, SPELLED[0]), SPELLED, strict=True):
        part = decoder.slot(bits)
        decoder.take(part, 1, bits)
        found |= part << shift
    if not 0 < found < MOST_POINT:
        raise BitstreamError("damaged: it holds a letter that there is not")
    return found
