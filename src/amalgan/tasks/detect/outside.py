"""How unlike normal pictures one looks to a network that has seen the outside world.

    known normals ─► network taught on ImageNet ─► maps at 1/8, 1/16, 1/32, averaged over places (N, 472) ─► Gaussian
    picture ───────► the same ─► squared Mahalanobis distance

A model that was trained on flowers alone has no word for what is no flower. A network that knows a thousand kinds of
things has, and a Gaussian of its features tells them: Rippel, Mertens & Merhof 2020, arXiv:2005.14140. The covariance
is shrunk as Ledoit & Wolf (2004) do, so that a hundred pictures suffice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from sklearn.covariance import ledoit_wolf
from torch import Tensor

from amalgan.config.imagenet_weights import EXTRA
from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.data import Records
from amalgan.features.outside_network import applies, depths
from amalgan.kinds import text_of
from amalgan.systems.model_file import Model

MOST_KNOWN, FEWEST_KNOWN = 4_000, 100
"""Pictures that the Gaussian is fitted to."""


@dataclass(frozen=True, eq=False)
class Outside:
    """What normal pictures look like to the outside network."""

    mean: Float[Tensor, " F"]
    precision: Float[Tensor, "F F"]

    @classmethod
    def fit(cls, chunks: Iterable[Float[Tensor, "B C H W"]]) -> Outside:
        """Learn it from normal pictures in [-1, 1].

        Raises:
            UsageError: there are fewer than 100.
        """
        parts = [depths(x) for x in chunks]
        found = torch.cat(parts) if parts else torch.zeros(0, 1)
        if len(found) < FEWEST_KNOWN:
            raise UsageError(
                f"the outside network needs at least {FEWEST_KNOWN} known normal pictures to learn from, and there are "
                f"{len(found)}. Give more, or leave it out."
            )
        scale = found.std(0).clamp(min=1e-6)
        covariance = torch.from_numpy(ledoit_wolf((found / scale).numpy())[0])
        return cls(found.mean(0), torch.linalg.inv(covariance) / scale / scale[:, None])

    @classmethod
    def learned(cls, model: Model, chunks: Iterable[Float[Tensor, "B C H W"]] | None) -> Outside:
        """The same for ``model``, from normal pictures; None where nobody has any.

        Raises:
            UsageError: there are none or too few, they are no pictures, or the network is not installed.
        """
        refuse_missing(model)
        if chunks is None:
            raise UsageError(
                "the outside network learns from known normal pictures what is normal, and there are none. "
                "Give the model's training data as --normals (in Python, normal pictures as known)."
            )
        return cls.fit(chunks)

    @classmethod
    def of(cls, model: Model, known: Records | None) -> Outside:
        """The same from at most 4,000 of ``known``, spread evenly."""
        chosen = None if known is None else known.select(known.spaced(MOST_KNOWN))
        return cls.learned(model, None if chosen is None else (batch.x for batch in chosen.batches(CHUNK)))

    def distance(self, x: Float[Tensor, "B C H W"]) -> Float[Tensor, " B"]:
        """Squared Mahalanobis distance of each picture."""
        away = depths(x) - self.mean
        return (away @ self.precision * away).sum(1)


def refuse_missing(model: Model) -> None:
    """Refuse what the outside network cannot look at.

    Raises:
        UsageError: it is not installed, or the model reads no pictures, or too small ones.
    """
    if not applies(model.spec):
        raise UsageError(
            f"the outside network looks at pictures of 16 pixels a side or more, and its weights must be installed "
            f"({EXTRA}); this model reads {text_of(model.spec)}. Leave it out."
        )
