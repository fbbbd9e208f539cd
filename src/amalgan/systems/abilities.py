"""What a model can do. Tasks ask for an ability, never for a system.

    Encodes    example ─► code          Decodes   code ─► example, faithful
    Samples    label ─► new code        Realizes  code, noise ─► example, realistic
    Generates  label ─► new example     Classifies  example ─► class logits
    Rates      code ─► bits         Quantizes  example ─► whole numbers, and back
    Restores   damaged example ─► sound one     Judges    example, label ─► logit, how real it looks

A system has an ability by having its method; nothing is declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.codec.context_model import Context
from amalgan.config.systems.restoration import RestoringTask
from amalgan.core.errors import AbilityError
from amalgan.core.randomness import Draws
from amalgan.data.transforms.damage import Damaged
from amalgan.systems import registry


@runtime_checkable
class Encodes(Protocol):
    """Has a code for every example."""

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        """The code of each example; deterministic."""


@runtime_checkable
class Decodes(Protocol):
    """Turns a code into the example it stands for, as near as it can."""

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        """The faithful decode x'; deterministic."""


@runtime_checkable
class Realizes(Protocol):
    """Turns a code into an example that looks real, drawing what the code does not say."""

    def realize(self, code: Float[Tensor, "B K"], draws: Draws) -> Float[Tensor, "B ..."]:
        """The realistic decode x''; the noise comes from ``draws``."""


@runtime_checkable
class Samples(Protocol):
    """Draws codes that stand for no picture yet."""

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        """One new code for each label; UNLABELED asks for any class."""


@runtime_checkable
class Generates(Protocol):
    """Makes new examples."""

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        """One new example for each label; UNLABELED asks for any class, as often as it occurs in the data."""


@runtime_checkable
class Rates(Protocol):
    """Has discrete codes, and knows how likely each of them is."""

    @property
    def levels(self) -> int:
        """How many values an entry has, evenly from -1 to 1."""

    @property
    def most_bits(self) -> float:
        """How long a code is for a coder that takes all codes to be as likely."""

    def bits(self, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"]:
        """How long each code is for an ideal coder that knows the prior: -log2 of its probability."""


@runtime_checkable
class Quantizes(Protocol):
    """Was trained to be written as whole numbers, and knows what each costs given those before it."""

    context: Context
    usual: int
    """The quality, from 0, that it was trained for most."""

    @property
    def own_size(self) -> tuple[int, ...]:
        """Height and width of its pictures and the side of a cell, in pixels; empty where no other size is read."""

    def quantize(self, x: Float[Tensor, "B ..."], level: int) -> Int[Tensor, "B K h w"]:
        """The whole numbers that are written for each example, at that quality."""

    def render(
        self, number: Int[Tensor, "B K h w"], level: int, shape: Sequence[int]
    ) -> Float[Tensor, "B ..."]:
        """What whole numbers stand for, of that shape."""


@runtime_checkable
class Classifies(Protocol):
    """Tells which class an example is of."""

    def classify(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B classes"]:
        """Raw logits, in the order of ``DataSpec.classes``; no columns for a model without classes. Deterministic."""


@runtime_checkable
class Restores(Protocol):
    """Mends damaged pictures of any size."""

    @property
    def tasks(self) -> tuple[RestoringTask, ...]:
        """What it was trained for."""

    @property
    def most_noise(self) -> float:
        """Deviation of noise at level 1, of the [-1, 1] range."""

    @property
    def reach(self) -> int:
        """Pixels beyond which nothing sways a pixel: parts of a picture that overlap by twice that have no seams."""

    def restore(self, hurt: Damaged) -> Float[Tensor, "B C H W"]:
        """Each picture as it may have been; known pixels around holes are kept. Deterministic."""


@runtime_checkable
class Judges(Protocol):
    """Says how real an example looks, as a critic of examples does; a critic of codes does not."""

    def judge(self, x: Float[Tensor, "B ..."], label: Int[Tensor, " B"] | None) -> Float[Tensor, " B"]:
        """One logit an example, higher for more real; without labels, that of the label that suits it best.

        Deterministic. Raises an AmalganError that says why where it cannot judge here, as for missing weights.
        """


ABILITIES: dict[str, type] = {
    "encode": Encodes,
    "decode": Decodes,
    "realize": Realizes,
    "sample_code": Samples,
    "generate": Generates,
    "bits": Rates,
    "quantize": Quantizes,
    "classify": Classifies,
    "restore": Restores,
    "judge": Judges,
}

SAID = {
    "realize": "decode realistically",
    "sample_code": "draw a code to decode",
    "bits": "say how many bits a code takes",
    "quantize": "say what its whole numbers cost",
    "judge": "say how real an example looks",
}
"""Methods whose names are no plain words."""

A = TypeVar("A")


def abilities(system: nn.Module | type) -> list[str]:
    """Names of what ``system`` (or a class of systems) can do."""
    return [name for name in ABILITIES if callable(getattr(system, name, None))]


def require(system: nn.Module, ability: type[A], name: str) -> A:
    """``system``, called ``name``, known to have ``ability``.

    Raises:
        AbilityError: it has not; names the systems that have.
    """
    if isinstance(system, ability):
        return system
    method = next(method for method, kind in ABILITIES.items() if kind is ability)
    able = [other for other in registry.names() if method in abilities(registry.system_class(other))]
    verb = SAID.get(method, method)
    raise AbilityError(
        f"a model of system {name!r} cannot {verb}; these can: {', '.join(able)}. Train one of them."
    )
