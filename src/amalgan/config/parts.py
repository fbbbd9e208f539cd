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
    """Adam (Kingma & Ba 2014, arXiv:1412.6980) with a warm-up and a cosine decay over the phase."""

    rate: float = 2e-3
    """Learning rate after the warm-up."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay rates of the running mean and the running square of the gradient."""
    warmup: float = 0.02
    """Fraction of the phase in which the rate rises linearly from zero."""
    warmup_rounds: int = 20
    """Minimum number of warm-up steps, however short the phase is."""
    final: float = 0.05
    """Fraction of the rate that remains at the end."""

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
    """Size of the networks. Images get convolutions, vectors get dense layers."""

    width: int = 32
    """Channels of the finest stage (images); doubled each time the image is halved."""
    widest: int = 128
    """Maximum number of channels."""
    blocks: int = 1
    """Residual blocks per stage."""
    hidden: int = 256
    """Units per dense hidden layer (vectors)."""
    layers: int = 2
    """Number of dense hidden layers (vectors)."""
    dense: bool = False
    """Use dense layers for images, too."""

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
    """The distribution of new codes, fitted to the codes of the training images, one per class."""

    kind: Literal["mixture", "gaussian", "neighbors", "learned", "flow"] | None = None
    """mixture: several Gaussians per class; gaussian: one; neighbors: a density around the code of each training image
    (for few images; the model stores their codes); learned: a flow that is fitted at the end; flow: a flow that is
    trained with the networks. By default flow if the code is a map, or images are few for its
    dimensions, and the system trains it; else mixture."""
    parts: int = 256
    """Gaussians of the mixture, divided among the classes."""
    reach: float = 1.1
    """Neighbors: at 1, new codes are as far from the nearest training code as these are from one another; a smaller
    value gives images closer to training images, and better ones if codes are long."""
    steps: int = 3000
    """Optimizer steps that fit the learned flow."""
    codes: int = 60_000
    """Maximum number of training codes for the fit."""
    start: float = 0.4
    """Flow: fraction of training at which it starts to learn."""
    guidance: float = 0.5
    """Flow: strength of classifier-free guidance toward the class; 0 turns it off."""
    solver_steps: int = 5
    """Flow: steps to sample a code."""
    optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, final=0.02))
    """Flow: its optimizer."""

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
    """Random changes of an example that keep its class."""

    stretch: float = 0.25
    """Images: rotate, shear and scale, by up to this fraction of the side."""
    shift: float = 0.1
    """Images: shift by up to this fraction of the side."""
    bend: float = 0.1
    """Images: distort smoothly, by up to this fraction of half the side."""
    flip: bool = False
    """Images: mirror left-right, half of the time; only if a mirrored image has the same class."""
    hide: float = 0.2
    """Hide this fraction, in squares (vectors: entries)."""
    noise: float = 0.1
    """Add noise of this standard deviation (images: in [-1, 1]; vectors: standardized)."""

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
    """own: the critic is trained from scratch; imagenet: it uses features of a frozen network trained on ImageNet,
    without penalties (Projected GAN; needs the imagenet extra). By default own, but imagenet for a fusion of color
    images of 16 to 48 pixels if the extra is installed, where it was measured to be better."""
    loss: Adversarial = "relativistic"
    """Loss: relativistic (R3GAN), nonsaturating, hinge, wasserstein, or minimax (saturating)."""
    r1: float = 1.0
    """Weight of R1: half the critic's squared gradient at real images."""
    r2: float = 1.0
    """Weight of R2: half the critic's squared gradient at generated images."""
    gradient_penalty: float = 0.0
    """Weight of (gradient norm - 1)^2 between real and generated images (WGAN-GP)."""
    penalty_every: int = 4
    """Apply the penalties in every N rounds, N times as strong (lazy regularization)."""
    augment: Changes = "none"
    """Random changes of every image that the critic receives, real or generated (DiffAugment)."""
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
