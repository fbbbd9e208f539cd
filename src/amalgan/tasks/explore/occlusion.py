"""What a network looks at: parts are hidden one after the other, and the change of its answer is painted over them.

x ─► hidden part by part (the training mean instead) ─► network ─► change of its answer ─► mean over the parts that
                                                                                           hold an entry ─► map

Zeiler & Fergus 2014, arXiv:1311.2901, section 4.2. Parts of a picture are overlapping squares, of a vector its entries.
A map is no proof of a cause: parts that only matter together, or that stand for each other, stay dark.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.kinds import Kind

Example = Float[Tensor, "..."]
Map = Float[Tensor, "..."]
Change = Callable[[Tensor], Tensor]
"""From examples (B, ...) to how much the answer to each differs from that to the whole example, (B,)."""


@torch.no_grad()
def occlusion(change: Change, x: Example, fill: Example, kind: Kind) -> tuple[Map, int]:
    """The map of one example: for each pixel (H, W) or entry (D,), the mean change over the parts that hold it.

    Args:
        fill: what stands where something is hidden, an example.

    Returns:
        The map, and how many parts were hidden.
    """
    total = torch.zeros(kind.parts_map(tuple(x.shape)))
    cover, count = torch.zeros_like(total), 0
    for mask in kind.parts(tuple(x.shape)):
        amount = change(torch.where(mask.to(x.device), fill, x)).cpu()
        held = mask.flatten(1).float()
        total += (amount[:, None] * held).sum(0).reshape(total.shape)
        cover += held.sum(0).reshape(total.shape)
        count += len(mask)
    return total / cover, count
