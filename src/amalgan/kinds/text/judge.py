"""What strings are compared in: which letters, pairs and triples they have, as 128 numbers.

    string ─► its runs of one to four letters ─► hashed to 4,096 counts, their root ─► length 1 ─► 128 random directions

A fixed function, the same for every data set: a kernel on strings (Lodhi et al. 2002) through a random projection
(Johnson & Lindenstrauss 1984). Nothing is learned, so no model can have learned to please it.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

BUCKETS, FEATURES, LONGEST_RUN = 4096, 128, 4
PRIME, MODULUS = 1_000_003, 2**31 - 1
NAME = "letter-runs-128"


class LetterRuns(nn.Module):
    """From strings to features."""

    directions: Tensor

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        directions = torch.randn(BUCKETS, FEATURES, generator=generator) / FEATURES**0.5
        self.register_buffer("directions", directions)

    def forward(self, x: Float[Tensor, "B 128"]) -> Float[Tensor, "B 128"]:
        ids = x.round().long()
        counts = torch.zeros(len(ids), BUCKETS, device=x.device)
        run = torch.zeros_like(ids)
        for length in range(LONGEST_RUN):
            ahead = torch.zeros_like(ids)
            ahead[:, : ids.shape[1] - length] = ids[:, length:]
            run = (run * PRIME + ahead + 1) % MODULUS
            counts.scatter_add_(1, (run + length) % BUCKETS, (ahead > 0).float())
        root = counts.sqrt()
        return root / root.norm(dim=1, keepdim=True).clamp(min=1e-6) @ self.directions
