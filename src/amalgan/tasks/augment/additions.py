"""New examples made of the training examples of a model.

    training examples, counts a class ─► recipe: label, source, other of each ─► chunks of new examples

    noise         code of the source, and noise as codes vary within their class
    interpolate   between it and the code of another one of its class
    extrapolate   away from that one
    generate      from the prior, of the class asked for; no source

What is made depends on the seed and on its place alone: chunk ``i`` is the same whoever asks for it, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.errors import DataError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.networks.priors.perturbation import factor_of, noisy, toward
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import encode_all
from amalgan.tasks.generate import DecoderName, check_decoder, classes_heard, draw

PolicyName = Literal["noise", "interpolate", "extrapolate", "generate"]
STRENGTHS: dict[str, float] = {"noise": 0.5, "interpolate": 1.0, "extrapolate": 0.5}
"""Deviations of the codes; the others: at most this share of the way."""
FITTED = 4096
"""Codes that their covariance is taken from."""

Take = Callable[[NDArray[np.int64]], Tensor]
"""Training examples by their rows."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How new examples are made."""

    kind: PolicyName
    strength: float | None
    """None for ``generate``."""
    decoder: DecoderName | None
    """None: as the model generates."""

    @classmethod
    def of(
        cls,
        model: Model,
        kind: PolicyName | None = None,
        strength: float | None = None,
        decoder: DecoderName | None = None,
    ) -> Policy:
        """What was asked for, with what was left open filled in: a model with a code extrapolates, others generate.

        Raises:
            AbilityError: the model cannot do it.
            UsageError: there is no such policy or decoder, or the strength is none.
        """
        both = isinstance(model.system, Encodes) and isinstance(model.system, Decodes)
        kind = kind or ("extrapolate" if both else "generate")
        if kind not in get_args(PolicyName):
            raise UsageError(f"policy is {kind!r}; it is one of {', '.join(get_args(PolicyName))}")
        if decoder is not None:
            check_decoder(decoder)
        if kind == "generate":
            model.require(Generates)
            if strength is not None:
                raise UsageError(
                    "--strength changes codes of real examples; leave it out with --policy generate"
                )
            return cls(kind=kind, strength=None, decoder=decoder)
        model.require(Encodes)
        decoder = decoder or ("realistic" if isinstance(model.system, Realizes) else "faithful")
        model.require(Realizes if decoder == "realistic" else Decodes)
        strength = STRENGTHS[kind] if strength is None else strength
        if not 0 < strength <= 10:
            raise UsageError(f"--strength is {strength:g}; it must be above 0, and at most 10")
        return cls(kind=kind, strength=strength, decoder=decoder)


class Recipe(NamedTuple):
    """What each new example is made of; rows are those of the training examples, -1 where there is none."""

    label: NDArray[np.int64]
    source: NDArray[np.int64]
    other: NDArray[np.int64]

    def __len__(self) -> int:  # of examples, not of fields
        return len(self.label)

    def part(self, number: int) -> Recipe:
        """Chunk ``number``."""
        rows = slice(number * CHUNK, (number + 1) * CHUNK)
        return Recipe(self.label[rows], self.source[rows], self.other[rows])


def counts_of(labels: NDArray[np.int64], times: float | None, balance: bool) -> dict[int, int]:
    """How many new examples each class gets, UNLABELED if nothing has a class.

    Args:
        times: new ones for each real one, 1 by default.
        balance: fill every class to the size of the largest, and by ``times`` more, 0 by default.

    Raises:
        UsageError: a negative number is asked for, or there are no classes to balance.
    """
    values, sizes = np.unique(labels, return_counts=True)
    if times is not None and (times < 0 or not np.isfinite(times)):
        raise UsageError(f"--times is {times:g}; it cannot be negative")
    if balance and not (values != UNLABELED).any():
        raise UsageError("--balance fills classes, and nothing is labeled here; leave it out")
    if balance:
        goal = round(int(sizes.max()) * (1 + (times or 0)))
        found = {int(value): goal - int(size) for value, size in zip(values, sizes, strict=True)}
    else:
        share = 1.0 if times is None else times
        found = {int(value): round(share * int(size)) for value, size in zip(values, sizes, strict=True)}
    return found


def recipe_of(labels: NDArray[np.int64], counts: Mapping[int, int], kind: PolicyName, seed: int) -> Recipe:
    """Class by class; each training example of a class is a source as often as any other, but for one time."""
    parts = [
        of_class(np.flatnonzero(labels == label), label, count, kind, seed) for label, count in counts.items()
    ]
    return Recipe(*map(np.concatenate, zip(*parts, strict=True)))


def of_class(rows: NDArray[np.int64], label: int, count: int, kind: PolicyName, seed: int) -> Recipe:
    """The part of one class, whose training examples are ``rows``."""
    labels, nothing = np.full(count, label), np.full(count, -1)
    if kind == "generate":
        return Recipe(labels, nothing, nothing)
    generator = torch.Generator().manual_seed(key(seed, "augment sources", label))
    place = torch.randperm(len(rows), generator=generator).numpy()[np.arange(count) % len(rows)]
    if kind == "noise":
        return Recipe(labels, rows[place], nothing)
    step = torch.randint(1, max(2, len(rows)), (count,), generator=generator).numpy()
    return Recipe(labels, rows[place], rows[(place + step) % len(rows)])


@dataclass(frozen=True, eq=False, kw_only=True)
class Augmenter:
    """Makes new examples of some training examples."""

    model: Model
    policy: Policy
    take: Take
    labels: NDArray[np.int64]
    """Of the training examples."""
    seed: int = 0

    def recipe(self, counts: Mapping[int, int]) -> Recipe:
        """What so many new examples a class are made of.

        Raises:
            DataError: there are no training examples.
            UsageError: nothing is to be made, or new examples of a class that the model was never shown.
        """
        if not len(self.labels):
            raise DataError(
                "there are no training examples to make new ones of; give a data set that has some"
            )
        if not sum(counts.values()):
            raise UsageError(
                "nothing is to be made: --times is too small, or every class is as large as the largest. "
                "Give a larger --times."
            )
        if self.policy.kind == "generate" and (unheard := self.unheard(counts)):
            raise UsageError(
                f"--policy generate asks for new examples of {', '.join(unheard)}, which this model was never shown. "
                "Take a policy that starts from real examples, or train on data with these labels."
            )
        return recipe_of(self.labels, counts, self.policy.kind, self.seed)

    def unheard(self, counts: Mapping[int, int]) -> list[str]:
        """Classes that are wanted and that make no difference to the model."""
        shown = {UNLABELED, *classes_heard(self.model)}
        return [
            self.model.spec.classes[label] for label, count in counts.items() if count and label not in shown
        ]

    def chunks(self, recipe: Recipe) -> Iterator[Float[Tensor, "B ..."]]:
        """All of them, in order, on the CPU."""
        for number in range(-(-len(recipe) // CHUNK)):
            yield self.chunk(recipe, number)

    @torch.no_grad()
    def chunk(self, recipe: Recipe, number: int) -> Float[Tensor, "B ..."]:
        """At most 256 of them, on the CPU."""
        part = recipe.part(number)
        purpose = key(self.seed, "augment")
        draws = Draws(seed=purpose, round=number, total=CHUNK, count=len(part), device=self.model.device)
        if self.policy.kind == "generate":
            whole = Draws(seed=purpose, round=number, total=len(part), device=self.model.device)
            return draw(
                self.model, torch.from_numpy(part.label).to(self.model.device), whole, self.policy.decoder
            ).cpu()
        code = self.perturbed(part, draws)
        if self.policy.decoder == "realistic":
            return self.model.require(Realizes).realize(code, draws).cpu()
        return self.model.require(Decodes).decode(code).cpu()

    def perturbed(self, part: Recipe, draws: Draws) -> Float[Tensor, "B K"]:
        """The new codes."""
        assert self.policy.strength is not None
        code = self.code(part.source)
        if self.policy.kind == "noise":
            return noisy(code, self.factor, self.policy.strength, draws, "augment")
        share = self.policy.strength if self.policy.kind == "interpolate" else -self.policy.strength
        return toward(code, self.code(part.other), share, draws, "augment")

    def code(self, rows: NDArray[np.int64]) -> Float[Tensor, "B K"]:
        """Codes of training examples."""
        return encode_all(self.model, self.take(rows)).to(self.model.device)

    @cached_property
    def factor(self) -> Float[Tensor, "K K"]:
        """Of the covariance of codes within their classes: between them, noise would change the class."""
        order = torch.randperm(
            len(self.labels), generator=Draws(seed=0, round=0, total=1).generator("factor")
        )
        rows = order[:FITTED].sort().values.numpy()
        code, label = self.code(rows), torch.from_numpy(self.labels[rows]).to(self.model.device)
        for value in label.unique():
            code[label == value] -= code[label == value].mean(0)
        return factor_of(code)
