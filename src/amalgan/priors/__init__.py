"""What a code is drawn from when there is no picture to encode.

    codes of the training pictures ─► standardize ─► fit, one group a class ─► sample(label) ─► codes

``MixturePrior``   some Gaussians a class
``NeighborPrior``  a shell around every code, shaped by its neighbors: for few pictures
``FlowPrior``      a learned transport of normal numbers

Unlabeled codes form a group of their own. UNLABELED asks for any group, as often as it occurs.
"""

from __future__ import annotations

from amalgan.config import parts
from amalgan.priors.base import Groups, Prior, Scale, pick, spread_picks
from amalgan.priors.flow import FlowPrior
from amalgan.priors.mixture import MixturePrior
from amalgan.priors.neighbors import NeighborPrior


def build(config: parts.Prior, code_size: int, classes: int) -> Prior:
    """The prior that ``config`` describes, not fitted yet: standard normal."""
    if config.kind == "learned":
        return FlowPrior(code_size, classes, steps=config.steps, codes=config.codes)
    if config.kind == "neighbors":
        return NeighborPrior(code_size, classes, reach=config.reach, codes=config.codes)
    count = config.parts if config.kind == "mixture" else 1
    return MixturePrior(code_size, classes, parts=-(-count // max(1, classes)), codes=config.codes)


__all__ = [
    "FlowPrior",
    "Groups",
    "MixturePrior",
    "NeighborPrior",
    "Prior",
    "Scale",
    "build",
    "pick",
    "spread_picks",
]
