"""What every decoder is that gives whole examples."""

from __future__ import annotations

from abc import abstractmethod

from jaxtyping import Float
from torch import Tensor, nn


class Paints(nn.Module):
    """A network from features, and a style if there is one, to an example; ``last`` is its last layer."""

    residual = False
    """Whether what it gives is added to an example."""

    @abstractmethod
    def begin_at(self, mean: Float[Tensor, ...]) -> None:
        """Give ``mean``, more or less, before anything is learned."""
