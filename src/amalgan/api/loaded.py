"""What a model file holds, and how what a user holds gets to its system and back.

arrays, pictures ─► _in ─► float32 (N, *spec.shape) ─► _chunks ─► the system ─► _out ─► arrays
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from amalgan.api import description
from amalgan.api.modules import Decoder, Encoder
from amalgan.config.run import DeviceName
from amalgan.core.arguments import check_arguments, quote
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, generators_kept, key
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data, to_pixels
from amalgan.data.dataset.in_memory import Examples, examples, named, reading_of, rows_of
from amalgan.features import Features, features_of
from amalgan.networks import Critic
from amalgan.systems import model_file
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.base import System
from amalgan.training.processes import resolve


@dataclass(frozen=True, repr=False)
class Loaded:
    """What was read from a model file; ``Model`` adds what is done with it."""

    model: model_file.Model
    """The system and what its file says of it."""

    @property
    def module(self) -> System:
        """The averaged system as an ``nn.Module``, in evaluation mode and without gradients for its weights.

        Its methods take and give tensors and pass gradients on: ``encode``, ``decode``, ``realize``, ``generate``,
        ``classify``, as far as the model has them. ``tensor`` and ``array`` are the doors to such tensors.
        """
        return self.model.system

    @property
    def encoder(self) -> nn.Module:
        """A module from examples (N, *spec.shape) to codes (N, K), whose parameters are the encoder's.

        Raises:
            AbilityError: the model has no code.
        """
        self.model.require(Encodes)
        return Encoder(self.model.system)

    @property
    def decoder(self) -> nn.Module:
        """A module from codes (N, K) to faithful decodes (N, *spec.shape), whose parameters are the decoder's.

        Raises:
            AbilityError: the model does not decode.
        """
        self.model.require(Decodes)
        return Decoder(self.model.system)

    @property
    def critic(self) -> Critic:
        """What judged the examples in training: from examples to logits, and by ``features`` to (N, F).

        Raises:
            AbilityError: the model has no critic.
        """
        if (critic := self.model.part(Critic)) is None:
            raise AbilityError(
                f"a model of system {self.model.name!r} has no critic. Train a system that plays against one, as gan "
                "or fusion."
            )
        return critic

    @check_arguments
    def to(self, device: Any) -> Self:
        """Move the model to a device, as ``cuda``, ``cuda:1`` or ``auto``, and return it.

        Raises:
            UsageError: torch cannot use it here.
        """
        self.model.system.to(place_of(device))
        return self

    @check_arguments
    def eval(self) -> Self:
        """Set the model to evaluation mode, as it is after loading, and return it."""
        self.model.system.eval()
        return self

    @check_arguments
    def tensor(self, x: Examples) -> torch.Tensor:
        """Arrays or pictures as the networks read them, on the model's device: float32 (N, *spec.shape).

        Pictures are fitted to the model's size, and v of 0..255 becomes v / 127.5 - 1, within [-1, 1]; vectors are
        standardized by the center and the spread of ``spec``.
        """
        return self._in(x).to(self.model.device)

    @check_arguments
    def array(self, t: Any) -> NDArray[Any]:
        """What ``tensor`` takes, of a tensor: uint8 (N, H, W) or (N, H, W, 3), or float32 (N, D)."""
        return self._out(batch_of(t, self.spec))

    def __repr__(self) -> str:
        return description.text_of(self.model)

    def _repr_html_(self) -> str:
        return description.html_of(self.model)

    @property
    def spec(self) -> DataSpec:
        """What the model reads and makes."""
        return self.model.spec

    @property
    def info(self) -> dict[str, Any]:
        """What its file says of it: system, config, abilities, training, data, metrics, versions; and its digest."""
        return self.model.header | {"digest": self.model.digest}

    def _codes(self, code: NDArray[Any]) -> torch.Tensor:
        """Codes, where the model can encode of the shape of its own; a warning says that some are not finite."""
        system, shape = self.model.system, np.shape(code)[1:] if np.ndim(code) > 1 else np.shape(code)
        if isinstance(system, Encodes):
            one = torch.zeros(1, *self.spec.shape, device=self.model.device)
            shape = tuple(system.encode(one).shape[1:])
        codes = rows_of(code, shape, "this model's code")
        if wrong := int((~np.isfinite(codes)).any(axis=tuple(range(1, codes.ndim))).sum()):
            warnings.warn(
                f"{wrong:,} of {len(codes):,} codes hold numbers that are not finite; what is decoded of them means "
                "nothing, and is black where it is a picture. Replace them.",
                RuntimeWarning,
                stacklevel=4,
            )
        return torch.from_numpy(codes)

    def _opened(self, data: str | Path | NDArray[Any], scratch: Path) -> tuple[Dataset, Features | None]:
        """What the model is judged on, and the feature network where there is anything to learn it from."""
        found = self._shown(data, scratch)
        device = self.model.device
        return found, features_of(found, device=device) if len(found.train) else None

    def _shown(self, data: Any, scratch: Path) -> Dataset:
        """Data as the model reads it, with the training examples that it was shown."""
        found = open_data(named(data, scratch), reading_of(data, scratch), like=self.spec, at_least=1)
        return found.as_shown(self.model.header.get("data"))

    def _in(self, x: Examples) -> torch.Tensor:
        return examples(x, self.spec)

    def _out(self, x: torch.Tensor) -> NDArray[Any]:
        return to_pixels(x, self.spec)

    def _chunks(self, x: torch.Tensor, purpose: str, seed: int = 0) -> Iterator[tuple[torch.Tensor, Draws]]:
        device = self.model.device
        for number, part in enumerate(x.split(CHUNK)):
            draws = Draws(seed=key(seed, purpose), round=number, total=CHUNK, count=len(part), device=device)
            yield part.to(device), draws

    @generators_kept()
    @check_arguments
    def save(self, path: str | Path) -> None:
        """Write the model as one file."""
        model_file.republish(Path(path), self.model)


def place_of(device: Any) -> torch.device:
    """Return the device that a word or a ``torch.device`` names.

    Raises:
        UsageError: it names none, or one that torch cannot use here.
    """
    name = device if isinstance(device, str | torch.device) else repr(device)
    try:
        place = torch.device(resolve(device) if device in get_args(DeviceName) else name)
        if place.type == "meta":
            raise UsageError(
                "device 'meta' holds no numbers, so the weights would be lost. Use cpu, cuda or mps."
            )
        torch.empty(0, device=place)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        first = str(error).partition("\n")[0]
        raise UsageError(
            f"device is {quote(device)}, which torch cannot use here ({first}). Use auto, cpu, cuda, cuda:1 or mps."
        ) from None
    return place


def batch_of(t: Any, spec: DataSpec) -> torch.Tensor:
    """Return a tensor of one example or many as many; pictures may have any size.

    Raises:
        UsageError: it is no tensor, or not of the model's kind.
    """
    expected = f"a float tensor of shape (N, {', '.join(map(str, spec.shape))})"
    if not isinstance(t, torch.Tensor):
        raise UsageError(f"array: found {type(t).__name__}; expected {expected}.")
    many = t[None] if t.ndim == len(spec.shape) else t
    if many.ndim != len(spec.shape) + 1 or many.shape[1] != spec.shape[0] or not many.is_floating_point():
        raise UsageError(f"array: found a {t.dtype} tensor of shape {tuple(t.shape)}; expected {expected}.")
    return many
