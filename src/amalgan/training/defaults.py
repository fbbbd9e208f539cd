"""Settings with every default filled in that depends on the data: what its examples are, and how many there are.

settings ─► resolved(spec): code, layout, critic, prior ─► few pictures: the flow in place of the mixture
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from amalgan.data import Dataset
from amalgan.kinds import kind_of

CODES_AN_ENTRY = 4
"""With fewer codes of a class for each entry of one, a covariance is mostly chance."""


def settle(settings: Any, data: Dataset) -> Any:
    """Return ``settings`` as a run on ``data`` has them.

    A mixture of Gaussians that nobody asked for becomes a flow where there are few pictures of a class and the system
    trains its prior: with 57 digits a class its Fréchet distance is less than half, and it copies no more.
    """
    settled = settings.resolved(data.spec)
    if not chooses_prior(settings) or settled.prior.kind != "mixture" or not is_few(data, settled.code_size):
        return settled
    return replace(settled, prior=replace(settled.prior, kind="flow"))


def chooses_prior(settings: Any) -> bool:
    """Return whether the prior is left open, and one that must be trained is possible."""
    return getattr(settings, "trains_prior", False) and settings.prior.kind is None


def is_few(data: Dataset, code_size: int) -> bool:
    """Return whether a class has too few pictures for a covariance of its codes; other kinds were not measured."""
    return not kind_of(data.spec).refuses("code_map") and each(data) < CODES_AN_ENTRY * code_size


def each(data: Dataset) -> int:
    """Return the number of training examples of a class, all where there are no classes."""
    return len(data.train) // max(1, len(data.spec.classes))
