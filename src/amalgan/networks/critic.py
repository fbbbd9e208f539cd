"""A critic: an encoder whose features become one logit, told the label by projection.

    example ─► encoder ─► features ─┬─► linear ──────────────────┐
                                    └─► < features, class row > ─┴─► logit          unlabeled: the first alone

Projection of the label: Miyato & Koyama 2018, arXiv:1802.05637.
"""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.networks.blocks import RECTIFIED, one_hot, rectify, scale_weights


def as_it_is(x: Tensor) -> Tensor:
    """Return ``x``, which has no range."""
    return x


class Critic(nn.Module):
    """From an example and its label to a logit: higher means more real."""

    FEATURES = 128

    def __init__(
        self,
        encoder: nn.Module,
        classes: int,
        *,
        features: int = FEATURES,
        shown: Callable[[Tensor], Tensor] = as_it_is,
    ) -> None:
        """``shown`` makes of a generated example what users get of it, with gradients: within its range."""
        super().__init__()
        self.encoder, self.size, self.shown = encoder, features, shown
        self.last = scale_weights(nn.Linear(features, 1), RECTIFIED)
        self.rows = nn.Linear(classes, features, bias=False) if classes else None
        if self.rows is not None:
            nn.init.zeros_(self.rows.weight)

    def features(self, x: Tensor) -> Float[Tensor, "B F"]:
        """What the logit is computed from; a space to compare pictures in."""
        return rectify(self.encoder(x))

    def likeliest(self, x: Tensor) -> Float[Tensor, " B"]:
        """The logit with the label that makes an example look most real, where its own is not to be used."""
        features = self.features(x)
        logit = self.last(features).squeeze(1).float()
        if self.rows is None:
            return logit
        return logit + (features @ self.rows.weight).max(1).values.float() / self.size**0.5

    def forward(self, x: Tensor, label: Int[Tensor, " B"] | None = None) -> Float[Tensor, " B"]:
        features = self.features(x)
        logit = self.last(features).squeeze(1).float()
        if self.rows is None or label is None:
            return logit
        return logit + (self.rows(one_hot(label, self.rows.in_features)) * features).sum(1) / self.size**0.5
