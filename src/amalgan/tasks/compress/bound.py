"""A model's coder together with its networks: examples to bytes, and bytes to examples.

BoundVectors   x ─► encoder ─► code ─► whole numbers ─► bytes       TransformCoder: codes of any model
BoundMaps      x ─► quantize ─► map of whole numbers ─► bytes       MapCoder: a codec, of any size by tiles
BoundLetters   x, told the word nearest to its code ─► bytes        LetterCoder: strings, without loss
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.context_coder import Map, MapCoder
from amalgan.codec.letter_coder import LetterCoder
from amalgan.codec.transform_coder import TransformCoder
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.randomness import Draws
from amalgan.systems.abilities import Decodes, Encodes, Quantizes, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import mosaic
from amalgan.tasks.generate import DecoderName

C = TypeVar("C", bound=Coder)


class Numbers(NamedTuple):
    """What the bytes of one example say."""

    level: int
    row: Any


class Bound(ABC, Generic[C]):
    """A coder and the model that it is of."""

    def __init__(self, model: Model, coder: C) -> None:
        self.model, self.coder = model, coder

    @property
    def any_size(self) -> bool:
        """Whether pictures keep the size they have."""
        return False

    @abstractmethod
    def write(self, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
        """Return the bytes of each example of one chunk."""

    @abstractmethod
    def rebuild(
        self, found: Sequence[Numbers], decoder: DecoderName, draws: Callable[[int], Draws]
    ) -> Float[Tensor, "B ..."]:
        """Return the examples of one chunk, on the CPU.

        Args:
            draws: random numbers for so many examples, of which the realistic decoder makes use.

        Raises:
            AbilityError: the model has no such decoder.
            UsageError: there is nothing to choose.
        """


class BoundVectors(Bound[TransformCoder]):
    """Codes of any model that encodes and decodes."""

    def write(self, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
        code = self.model.require(Encodes).encode(x.to(self.model.device)).cpu()
        return [self.coder.pack(row, level) for row in self.coder.numbers(code, level).tolist()]

    def rebuild(
        self, found: Sequence[Numbers], decoder: DecoderName, draws: Callable[[int], Draws]
    ) -> Float[Tensor, "B ..."]:
        rows = [self.coder.values(torch.tensor([one.row]), one.level) for one in found]
        code = torch.cat([torch.empty(0, self.coder.center.shape[1]), *rows]).to(self.model.device)
        if decoder == "faithful":
            return self.model.require(Decodes).decode(code).cpu()
        return self.model.require(Realizes).realize(code, draws(len(code))).cpu()


class BoundMaps(Bound[MapCoder]):
    """Maps of whole numbers of a codec."""

    @property
    def any_size(self) -> bool:
        return len(self.coder.size) > 0

    def write(self, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
        system, device = self.model.require(Quantizes), self.model.device
        if not self.any_size:
            numbers = system.quantize(x.to(device), level).cpu().numpy()
            return [self.coder.pack(Map(one, None), level) for one in numbers]
        tiled = [mosaic.quantize(system, one[None], level, device)[0].numpy() for one in x]
        return [self.coder.pack(Map(one, (x.shape[2], x.shape[3])), level) for one in tiled]

    def rebuild(
        self, found: Sequence[Numbers], decoder: DecoderName, draws: Callable[[int], Draws]
    ) -> Float[Tensor, "B ..."]:
        if decoder == "realistic":
            self.model.require(Realizes)
        shape = self.model.spec.shape
        return torch.cat([self.render(one) for one in found] or [torch.empty(0, *shape)])

    def render(self, one: Numbers) -> Float[Tensor, "1 ..."]:
        """Return the example that a map stands for."""
        system, shape, device = self.model.require(Quantizes), self.model.spec.shape, self.model.device
        number = torch.from_numpy(one.row.number)[None]
        if one.row.size is None:
            return system.render(number.to(device), one.level, shape).cpu()
        return mosaic.render(system, number, one.level, (shape[0], *one.row.size), device)


class BoundLetters(Bound[LetterCoder]):
    """Strings: the code only chooses what the letters are told."""

    def write(self, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
        code = self.model.require(Encodes).encode(x.to(self.model.device)).cpu()
        return self.coder.pack_all(x.round().long().numpy(), self.coder.nearest(code))

    def rebuild(
        self, found: Sequence[Numbers], decoder: DecoderName, draws: Callable[[int], Draws]
    ) -> Float[Tensor, "B ..."]:
        if decoder == "realistic":
            raise UsageError("strings come back exactly; leave out --decoder realistic")
        return torch.from_numpy(self.coder.read_all([one.row for one in found])).float()


BOUND: dict[type[Coder], type[Bound[Any]]] = {
    TransformCoder: BoundVectors,
    MapCoder: BoundMaps,
    LetterCoder: BoundLetters,
}


def bind(model: Model) -> Bound[Any]:
    """Return what ``model`` compresses with.

    Raises:
        AbilityError: it has no code, or its file holds no tables.
    """
    model.require(Encodes)
    model.require(Decodes)
    if model.coder is None:
        raise AbilityError(
            "this model's file holds no tables to compress with: it is of an earlier version, or its codes are too "
            "large. Train again, or go on from it: amalgan train DATA --init MODEL."
        )
    return BOUND[type(model.coder)](model, model.coder)
