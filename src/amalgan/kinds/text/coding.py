"""The coder of strings that a model is published with: its decoder in whole numbers, and a few codes to tell it.

codes of training strings ─► k means ─► words ─► first states and places of each
weights ─► whole numbers of 2^-12                sigmoid, tanh, exp ─► tables
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from sklearn.cluster import KMeans
from torch import Tensor

from amalgan.codec.frequency_tables import TOTAL, frequencies
from amalgan.codec.letter_coder import ENTRIES, FINE, REACH, UNIT, LetterCoder
from amalgan.core.types import Batch
from amalgan.kinds.text.networks import PLACE, Writer
from amalgan.systems.abilities import Encodes
from amalgan.systems.base import System

WORDS = 32
"""Codes that the decoder can be told, that of nothing among them."""
MOST, COUNTED = 4096, 512
"""Strings that words are learned from, and that say how often each is used."""
LIKELY = 1 << 20
"""What the likeliest letter weighs in the table of exp."""
SMALL = 32767


@torch.no_grad()
def coder_of(system: System, batches: Iterable[Batch], seed: int) -> LetterCoder | None:
    """The coder of a system whose ``decoder`` writes letters; None where it has none, or nothing to learn from."""
    writer = getattr(system, "decoder", None)
    if not isinstance(writer, Writer) or not isinstance(system, Encodes):
        return None
    x = torch.cat([batch.x.cpu() for batch in batches])[:MOST]
    if not len(x):
        return None
    device = next(writer.parameters()).device
    code = system.encode(x.to(device)).cpu()
    coder = of_writer(writer, words_of(code, seed).to(device))
    used = usage(coder, x[:COUNTED], code[:COUNTED])
    whole = frequencies(np.append(used, 0.0))
    return replace(coder, frequency=torch.from_numpy(whole).int(), length=torch.tensor([len(whole)]).int())


def words_of(code: Tensor, seed: int) -> Tensor:
    """Codes that stand for the others, (C - 1, K)."""
    count = min(WORDS - 1, len(code) // 8)
    if count < 1:
        return code[:0]
    found = KMeans(count, n_init=1, max_iter=20, random_state=seed % 2**31).fit(code.numpy())
    return torch.from_numpy(found.cluster_centers_).float()


def of_writer(writer: Writer, word: Tensor) -> LetterCoder:
    """The coder of ``writer`` when all words are as likely."""
    conditions = torch.cat([word.new_zeros(1, writer.begin.in_features), word])
    cell, words = writer.cell, len(conditions)
    weight, bias = (cast(Tensor, getattr(cell, f"{name}_ih_l0")) for name in ("weight", "bias"))
    state_weight, state_bias = (cast(Tensor, getattr(cell, f"{name}_hh_l0")) for name in ("weight", "bias"))
    seen, place = weight.split([writer.table.embedding_dim, PLACE], 1)
    size = np.full(words, TOTAL // (words + 1))
    size[0] += TOTAL - 1 - size.sum()
    return LetterCoder(
        usual=torch.tensor(0),
        frequency=torch.tensor([*size.tolist(), 1]).int(),
        length=torch.tensor([words + 1]).int(),
        lowest=torch.tensor([0]).int(),
        word=word.cpu().contiguous(),
        start=quantize(writer.start(conditions)),
        place=quantize(writer.place_features(conditions)),
        letter=quantize(writer.table.weight @ seen.T + bias),
        place_weight=quantize(place.T),
        state_weight=quantize(state_weight.T),
        state_bias=quantize(state_bias),
        last_weight=quantize(writer.last.weight.T),
        last_bias=quantize(writer.last.bias),
        sigmoid=table(lambda x: 1 / (1 + math.exp(-x))),
        tanh=table(math.tanh),
        exp=torch.tensor(
            [round(LIKELY * math.exp(-(at + 0.5) * FINE / UNIT)) for at in range(ENTRIES)]
        ).int(),
    )


def usage(coder: LetterCoder, x: Tensor, code: Tensor) -> np.ndarray:
    """How often each word makes strings shorter, and once more."""
    ids = x.long().numpy()
    word = coder.nearest(code)
    bits = [coder.written(ids, one)[1] for one in (np.zeros_like(word), word)]
    best = np.where(bits[0] <= bits[1], 0, word)
    return 1.0 + np.bincount(best, minlength=len(coder.start))


def quantize(x: Tensor) -> Tensor:
    """Numbers in units of 2^-12, those of a network that has gone astray held within 16 bits of units."""
    found = (x.detach().cpu().double() * UNIT).round().clamp(-SMALL * 8, SMALL * 8)
    return found.to(torch.int32).contiguous()


def table(function: Callable[[float], float]) -> Tensor:
    """A function in units of 2^-12, over [-8, 8)."""
    return torch.tensor(
        [round(UNIT * function((at * FINE - REACH + FINE / 2) / UNIT)) for at in range(ENTRIES)]
    ).int()
