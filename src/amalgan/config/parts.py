"""What several systems are made of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from amalgan.config.fields import check
from amalgan.config.imagenet_weights import EXTRA, imagenet_weights
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec

Reconstruction = Literal["l2", "l1", "charbonnier", "ssim"]
Adversarial = Literal["relativistic", "nonsaturating", "hinge", "wasserstein", "minimax"]
Backbone = Literal["own", "imagenet"]
Changes = Literal["none", "color", "translation", "cutout", "translation+cutout", "color+translation+cutout"]


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam (Kingma & Ba 2014, arXiv:1412.6980) with a warm-up and a cosine decay over the phase's own time."""

    rate: float = 2e-3
    """Learning rate after the warm-up."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay of the running mean and the running square of the gradient."""
    warmup: float = 0.02
    """Fraction of the phase's time in which the rate climbs linearly from zero."""
    warmup_rounds: int = 20
    """Steps in which it climbs at the least, however short the phase is."""
    final: float = 0.05
    """Share of the rate that is left at the end."""

    def __post_init__(self) -> None:
        check(
            (self.rate > 0, f"rate is {self.rate}; it must be above 0"),
            (all(0 <= beta < 1 for beta in self.betas), f"betas are {self.betas}; both must lie in [0, 1)"),
            (
                0 <= self.warmup < 1,
                f"warmup is {self.warmup}; it is a fraction of the phase's time, in [0, 1)",
            ),
            (
                self.warmup_rounds >= 0,
                f"warmup_rounds is {self.warmup_rounds}; it is a number of steps, at least 0",
            ),
            (0 <= self.final <= 1, f"final is {self.final}; it is a share of the rate, in [0, 1]"),
        )


LEAST_SIDE, LARGEST_SIDE = 16, 48
"""Shorter sides are too small for a network taught on photographs; of longer ones it sees too little of the grain."""
DEEPEST = 256
"""Blocks of a stage, or layers; deeper ones take longer to build than a reader of foreign files should wait."""


@dataclass(frozen=True, kw_only=True)
class Networks:
    """Size of the networks. Pictures get convolutions, vectors get dense layers."""

    width: int = 32
    """Channels (pictures) of the finest stage; each halving of the picture doubles them."""
    widest: int = 128
    """Channels are not doubled beyond this."""
    blocks: int = 1
    """Residual blocks a stage."""
    hidden: int = 256
    """Units of each dense hidden layer (vectors)."""
    layers: int = 2
    """Dense hidden layers (vectors)."""
    dense: bool = False
    """Give pictures dense layers too, as the articles do."""

    def __post_init__(self) -> None:
        check(
            (self.width >= 4, f"width is {self.width}; the least is 4"),
            (self.widest >= self.width, f"widest is {self.widest}, below width {self.width}"),
            (
                self.blocks >= 1,
                f"blocks is {self.blocks}; without one nothing bends between the convolutions",
            ),
            (self.hidden >= 1 and self.layers >= 0, "hidden must be at least 1 and layers at least 0"),
            (max(self.blocks, self.layers) <= DEEPEST, f"blocks and layers are at most {DEEPEST} each"),
        )


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What new codes are drawn from. Fitted to the codes of the training pictures, one for each class."""

    kind: Literal["mixture", "gaussian", "neighbors", "learned", "flow"] | None = None
    """A mixture of Gaussians for each class, or one for each; neighbors: around every code of a training picture, as
    its neighbors lie (for few pictures; the model keeps their codes); learned: a flow that is fitted at the end;
    flow: one that begins as a Gaussian for each class and learns beside the networks. By default flow where the code is
    a map and the system trains it, else mixture."""
    parts: int = 256
    """Gaussians of the mixture, shared out among the classes."""
    reach: float = 1.1
    """Neighbors: at 1, drawn codes are as far from the nearest training code as these are from one another; with less
    they are nearer to training pictures, and better ones where codes are long."""
    steps: int = 3000
    """Optimizer steps that fit the learned flow."""
    codes: int = 60_000
    """At most so many training codes are used for the fit."""
    start: float = 0.4
    """Flow: the fraction of training at which it begins to learn."""
    guidance: float = 0.5
    """Flow: how much further than to its class a code is led away from what any class has; 0 does not."""
    solver_steps: int = 4
    """Flow: steps in which a code is drawn."""
    optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, final=0.02))
    """Flow: what trains it."""

    def __post_init__(self) -> None:
        check(
            (self.parts >= 1, f"parts is {self.parts}; at least 1 Gaussian is needed"),
            (self.reach > 0, f"reach is {self.reach}; it must be above 0"),
            (self.steps >= 1, f"steps is {self.steps}; at least 1 is needed"),
            (self.codes >= 16, f"codes is {self.codes}; at least 16 are needed"),
            (0 < self.start < 1, f"start is {self.start}; it must lie within (0, 1)"),
            (self.guidance >= 0, f"guidance is {self.guidance}; it cannot be negative"),
            (self.solver_steps >= 1, f"solver_steps is {self.solver_steps}; the least is 1"),
        )

    def resolved(self, layout: str, *, trains: bool) -> Prior:
        """Return the same with the default kind filled in.

        Args:
            layout: of the code, map or flat.
            trains: whether the system has a phase for the prior.
        """
        return replace(self, kind=self.kind or ("flow" if trains and layout == "map" else "mixture"))


@dataclass(frozen=True, kw_only=True)
class Views:
    """How far a view of an example may differ from it and still be of its class."""

    stretch: float = 0.25
    """Pictures: turn, slant and scale, by up to this much of the side."""
    shift: float = 0.1
    """Pictures: move by up to this share of the side."""
    bend: float = 0.1
    """Pictures: smoothly distort, by up to this much of half the side."""
    flip: bool = False
    """Pictures: mirror left-right, half of the time; only where a mirrored one is of the same class."""
    hide: float = 0.2
    """Hide this share, in squares (vectors: entries)."""
    noise: float = 0.1
    """Add noise of this deviation (of the [-1, 1] range; vectors: of standardized entries)."""

    def __post_init__(self) -> None:
        sizes = {"stretch": self.stretch, "shift": self.shift, "bend": self.bend, "noise": self.noise}
        check(
            *((size >= 0, f"views.{name} is {size}; it cannot be negative") for name, size in sizes.items()),
            (0 <= self.hide < 1, f"views.hide is {self.hide}; it is a share, in [0, 1)"),
        )


@dataclass(frozen=True, kw_only=True)
class Critic:
    """The game between generator and critic."""

    backbone: Backbone | None = None
    """own: the critic learns to see from the pictures alone; imagenet: it judges what a frozen network taught on
    ImageNet sees in them, without penalties (Projected GAN; needs the imagenet extra). By default own, but imagenet in
    a fusion of color pictures of 16 to 48 pixels where the extra is installed: there it was measured to be better."""
    loss: Adversarial = "relativistic"
    """relativistic (R3GAN), nonsaturating, hinge, wasserstein, or minimax (saturating, as the articles have it)."""
    r1: float = 1.0
    """Weight of half the critic's squared slope at real pictures."""
    r2: float = 1.0
    """Weight of half the critic's squared slope at generated pictures."""
    gradient_penalty: float = 0.0
    """Weight of (slope - 1)^2 between real and generated pictures (WGAN-GP)."""
    penalty_every: int = 4
    """Apply the penalties every so many rounds, that many times as strong (lazy regularization)."""
    augment: Changes = "none"
    """What is changed at random in every picture that the critic sees, real or generated (DiffAugment)."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, betas=(0.0, 0.99), final=0.1))

    def __post_init__(self) -> None:
        check(
            (min(self.r1, self.r2, self.gradient_penalty) >= 0, "penalty weights cannot be negative"),
            (self.penalty_every >= 1, f"penalty_every is {self.penalty_every}; the least is 1"),
        )

    @property
    def projected(self) -> bool:
        """Whether a network taught on ImageNet looks at the pictures first."""
        return self.backbone == "imagenet"

    def resolved(self, spec: DataSpec, *, preferred: Backbone = "own") -> Critic:
        """Return the same with the default backbone filled in: the ``preferred`` one where it can be used.

        Raises:
            ConfigError: pictures are to be changed or looked at, and there are none; or the weights are missing.
        """
        built = replace(self, backbone=self.backbone or (preferred if suits_backbone(spec) else "own"))
        built.check_data(spec)
        return built

    def check_data(self, spec: DataSpec) -> None:
        """Refuse what such data cannot have."""
        kind = kind_of(spec)
        check(
            (
                not self.projected or not kind.refuses("backbone"),
                f"critic.backbone is imagenet, which looks at pictures, and the data is {kind.nouns}; leave it out",
            ),
            (
                not self.projected or imagenet_weights() is not None,
                f"critic.backbone is imagenet, whose weights are not installed: {EXTRA}",
            ),
            (
                self.augment == "none" or not kind.refuses("change"),
                f"critic.augment is {self.augment}, which changes pictures, and the data is {kind.nouns}; leave it out",
            ),
        )


def suits_backbone(spec: DataSpec) -> bool:
    """Return whether a critic with a backbone is possible, and better for such pictures as far as that was measured."""
    if kind_of(spec).refuses("backbone") or spec.shape[0] != 3 or imagenet_weights() is None:
        return False
    return min(spec.shape[1:]) >= LEAST_SIDE and max(spec.shape[1:]) <= LARGEST_SIDE


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """How a code becomes another one that could be a picture's."""

    kind: Literal["noise", "interpolate", "extrapolate"] = "noise"
    """Noise as the codes vary, toward another code of the same class, or away from it."""
    strength: float = 0.3
    """Noise: in deviations of the codes. The others: at most this share of the way."""

    def __post_init__(self) -> None:
        check((self.strength >= 0, f"strength is {self.strength}; it cannot be negative"))
