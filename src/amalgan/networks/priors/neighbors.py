"""A shell around the code of every training picture, as wide as its neighbors lie, and in their directions.

    z + width * r * direction of sum n_j (z_j - z)        z_j: the k nearest codes of its class, n_j standard normal,
                                                          r: how far they are, root mean square

Manifold Parzen windows (Vincent & Bengio 2003, NIPS 15), on a shell instead of in a Gaussian: the smallest steps would
be copies. Where there are too few codes for more than some Gaussians a class, these follow what the codes do; the price
is that the prior keeps codes of training pictures.

The width is what makes new codes new: at a reach of 1, drawn codes lie as far from the nearest code of their class, in
the median, as these lie from one another. Below a temperature of 1 the shell is narrower, so they are nearer to copies.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.randomness import Draws
from amalgan.networks.priors.base import Prior, spread_picks

MOST = 8192
"""Codes that are kept."""
NEIGHBORS = 32
PROBES = 512
"""Codes of a group at which the width is judged."""
WIDEST, HALVINGS = 2.0, 12


class NeighborPrior(Prior):
    """Shells around codes, shaped by their neighbors."""

    code: Tensor
    neighbor: Tensor
    start: Tensor
    kept: Tensor
    width: Tensor

    def __init__(self, code_size: int, classes: int, *, reach: float, codes: int) -> None:
        super().__init__(code_size, classes, min(codes, MOST))
        self.reach = reach
        groups = classes + 1
        self.register_buffer("code", torch.zeros(MOST, code_size))
        self.register_buffer("neighbor", torch.zeros(MOST, NEIGHBORS, dtype=torch.int16))
        self.register_buffer("start", torch.zeros(groups, dtype=torch.int64))
        self.register_buffer("kept", torch.zeros(groups, dtype=torch.int64))
        self.register_buffer("width", torch.ones(groups))

    def stored(self) -> dict[str, Tensor]:
        """Codes and neighbors of the rows that are in use."""
        tensors = self.state_dict()
        rows = int(self.kept.sum())
        return tensors | {name: tensors[name][:rows] for name in ("code", "neighbor")}

    def restored(self, kept: dict[str, Tensor]) -> dict[str, Tensor]:
        rows, size = int(kept["kept"].sum()), self.code_size
        if kept["code"].shape != (rows, size) or kept["neighbor"].shape != (rows, NEIGHBORS) or rows > MOST:
            return kept
        code = torch.zeros(MOST, size)
        neighbor = torch.zeros(MOST, NEIGHBORS, dtype=kept["neighbor"].dtype)
        code[:rows], neighbor[:rows] = kept["code"], kept["neighbor"]
        return kept | {"code": code, "neighbor": neighbor}

    def fit_standard(self, code: Tensor, group: Tensor, draws: Draws) -> None:
        self.code.zero_()
        self.neighbor.zero_()
        order = group.argsort(stable=True)
        self.kept.copy_(torch.bincount(group, minlength=len(self.groups)))
        self.start.copy_(self.kept.cumsum(0) - self.kept)
        self.code[: len(code)] = code[order]
        for number in self.kept.nonzero()[:, 0].tolist():
            first, size = int(self.start[number]), int(self.kept[number])
            own = self.code[first : first + size]
            self.neighbor[first : first + size] = (first + neighbors(own)).to(torch.int16)
            self.width[number] = self.width_for(number, draws)

    def sample_standard(self, group: Tensor, draws: Draws, purpose: str) -> Tensor:
        if not self.fitted:
            return draws.normal(purpose, self.code.shape[1])
        place = (draws.uniform(f"{purpose} code") * self.kept[group]).long()
        row = self.start[group] + place.minimum(self.kept[group] - 1).clamp(min=0)
        return self.around(row, draws.normal(purpose, NEIGHBORS), draws.temperature * self.width[group])

    def around(
        self, row: Int[Tensor, " B"], normal: Float[Tensor, "B k"], width: Float[Tensor, " B"]
    ) -> Float[Tensor, "B K"]:
        """Codes near those of the given rows."""
        code = self.code[row]
        others = self.neighbor[row].long()
        count = (others != row[:, None]).sum(1).clamp(min=1)
        toward = self.code[others] - code[:, None]
        offset = torch.einsum("bk,bkd->bd", normal, toward)
        reach = toward.square().sum((1, 2)).div(count).sqrt()
        return code + (width * reach / offset.norm(dim=1).clamp(min=1e-12))[:, None] * offset

    def width_for(self, number: int, draws: Draws) -> float:
        """``reach`` times that at which drawn codes are as far from a group's codes as these from one another."""
        first, size = int(self.start[number]), int(self.kept[number])
        own = self.code[first : first + size]
        row = first + spread_picks(torch.zeros(size), PROBES, draws.generator("neighbor probes"))
        normal = torch.randn(len(row), NEIGHBORS, generator=draws.generator("neighbor width"))
        apart = nearest(self.code[row], own, besides=row - first).median()
        low, high = 0.0, WIDEST
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            drawn = self.around(row, normal, torch.full((len(row),), middle))
            low, high = (middle, high) if nearest(drawn, own).median() < apart else (low, middle)
        return self.reach * low


def neighbors(code: Float[Tensor, "N K"]) -> Int[Tensor, "N k"]:
    """Of each code the nearest others; its own row where there are not so many."""
    own = torch.arange(len(code))
    found = own[:, None].repeat(1, NEIGHBORS)
    count = min(NEIGHBORS, len(code) - 1)
    for rows in own.split(1024):
        distance = torch.cdist(code[rows], code)
        distance[torch.arange(len(rows)), rows] = torch.inf
        found[rows, :count] = distance.topk(count, largest=False).indices
    return found


def nearest(
    code: Float[Tensor, "B K"], among: Float[Tensor, "N K"], besides: Int[Tensor, " B"] | None = None
) -> Float[Tensor, " B"]:
    """The distance to the nearest of ``among``, not counting the row ``besides``."""
    distance = torch.cdist(code, among)
    if besides is not None and len(among) > 1:
        distance[torch.arange(len(code)), besides] = torch.inf
    return distance.amin(1)
