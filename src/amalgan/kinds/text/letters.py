"""Strings as numbers: what a store holds, what networks see, and the vocabulary between the two.

    "CCO" ◄─► code points of Unicode (128,), zeros behind the last letter ◄─► x (128,): 0 the end, 1 to V a letter

A letter that the vocabulary lacks is V + 1 + its code point: networks take all of those for one unknown letter, and
nothing is lost on the way back. x is float32, which holds these whole numbers exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.types import DataSpec

LONGEST = 128
"""Letters of the longest string; longer ones are cut."""
MOST_LETTERS = 2000
"""Letters of a vocabulary: the most frequent ones."""
STORED = "<i4"
BLOCK = 65_536


def points_of(texts: Sequence[str]) -> NDArray[np.int32]:
    """Code points of strings, int32 (N, 128); what is longer is cut."""
    whole = np.array(texts, f"<U{LONGEST}").reshape(len(texts))
    return whole.view("<u4").reshape(len(texts), LONGEST).astype(STORED)


def texts_of(points: NDArray[Any]) -> NDArray[np.str_]:
    """The strings that code points (N, 128) stand for, (N,)."""
    whole = np.ascontiguousarray(points, "<u4")
    return whole.view(f"<U{LONGEST}").reshape(len(points))


def length_of(x: Tensor) -> Tensor:
    """Letters of each string before its first end, int64 (B,)."""
    ended = torch.cat([x.round() == 0, torch.ones_like(x[:, :1], dtype=torch.bool)], 1)
    return ended.int().argmax(1)


def until_the_end(x: Tensor) -> Tensor:
    """``x`` as whole numbers with zeros behind the first end."""
    places = torch.arange(x.shape[1], device=x.device)
    return x.round().clamp(min=0) * (places < length_of(x)[:, None])


def facts_of(blocks: Iterable[NDArray[Any]]) -> dict[str, Any]:
    """The vocabulary of strings that come as blocks of code points, and how long they are."""
    counted: Counter[int] = Counter()
    longest, letters, strings = 1, 0, 0
    for block in blocks:
        value, count = np.unique(block, return_counts=True)
        counted.update(dict(zip(value.tolist(), count.tolist(), strict=True)))
        lengths = (block != 0).sum(1)
        longest, letters = max(longest, int(lengths.max(initial=0))), letters + int(lengths.sum())
        strings += len(block)
    counted.pop(0, None)
    common = sorted(point for point, _ in counted.most_common(MOST_LETTERS))
    return {
        "letters": "".join(map(chr, common)),
        "longest": longest,
        "mean_length": round(letters / max(1, strings), 2),
    }


def vocabulary(spec: DataSpec) -> str:
    """The letters that networks tell apart, by code point."""
    return str(spec.facts["letters"])


def steps_of(spec: DataSpec) -> int:
    """Letters, and the end, of the longest training string: how much a decoder writes."""
    return min(int(spec.facts["longest"]) + 1, LONGEST)


def to_ids(points: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
    """Code points (B, 128) as networks see them, float32."""
    found = torch.as_tensor(points).long()
    known = torch.tensor([0, *map(ord, vocabulary(spec))], device=found.device)
    at = torch.searchsorted(known, found).clamp(max=len(known) - 1)
    return torch.where(known[at] == found, at, len(known) + found).float()


def to_points(x: Tensor, spec: DataSpec) -> NDArray[np.int32]:
    """What networks see, or make, as code points (B, 128), zeros behind the first end."""
    found = until_the_end(x.detach().cpu()).long()
    known = torch.tensor([0, *map(ord, vocabulary(spec))])
    own = known[found.clamp(max=len(known) - 1)]
    points = torch.where(found < len(known), own, found - len(known))
    return np.asarray(points.numpy().astype(STORED))
