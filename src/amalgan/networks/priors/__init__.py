"""What a code is drawn from when there is no picture to encode.

    codes of the training pictures ─► standardize ─► fit, one group a class ─► sample(label) ─► codes

``MixturePrior``   some Gaussians a class
``NeighborPrior``  a shell around every code, shaped by its neighbors: for few pictures
``FlowPrior``      a learned transport of normal numbers
``GaussianFlowPrior``  a learned flow over Gaussians, trained beside the networks

Unlabeled codes form a group of their own. UNLABELED asks for any group, as often as it occurs.
"""

from __future__ import annotations

from amalgan.config import parts
from amalgan.networks.priors.base import Groups, Prior, Scale, pick, spread_picks
from amalgan.networks.priors.flow import FlowPrior
from amalgan.networks.priors.gaussian_flow import GaussianFlowPrior
from amalgan.networks.priors.mixture import MixturePrior
from amalgan.networks.priors.neighbors import NeighborPrior


def build(
    config: parts.Prior, code_size: int, classes: int, *, shape: tuple[int, int, int] | None = None
) -> Prior:
    """Return the prior that ``config`` describes, not fitted yet: standard normal.

    Args:
        shape: channels, height and width of codes that lie on a map.
    """
    if config.kind == "flow":
        return GaussianFlowPrior(
            code_size,
            classes,
            codes=config.codes,
            guidance=config.guidance,
            solver_steps=config.solver_steps,
            shape=shape,
        )
    if config.kind == "learned":
        return FlowPrior(code_size, classes, steps=config.steps, codes=config.codes)
    if config.kind == "neighbors":
        return NeighborPrior(code_size, classes, reach=config.reach, codes=config.codes)
    count = 1 if config.kind == "gaussian" else config.parts
    return MixturePrior(code_size, classes, parts=-(-count // max(1, classes)), codes=config.codes)


__all__ = [
    "FlowPrior",
    "GaussianFlowPrior",
    "Groups",
    "MixturePrior",
    "NeighborPrior",
    "Prior",
    "Scale",
    "build",
    "pick",
    "spread_picks",
]
