"""One configuration a system. The first lines of ``--help`` for ``train --system NAME``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from amalgan.config.fields import check
from amalgan.config.parts import (
    Adam,
    Critic,
    Networks,
    Perturbation,
    Prior,
    Reconstruction,
    Views,
    natural_code_size,
)

if TYPE_CHECKING:
    from amalgan.types import DataSpec

Preset = Literal["quick", "base"]
SLIM_NETWORKS = Networks(width=16, widest=64)
BASE_SLIM = Networks(width=32, widest=128, blocks=2, hidden=512, layers=3)
BASE_NETWORKS = Networks(width=64, widest=256, blocks=2, hidden=512, layers=3)


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig:
    """Encoder and decoder; new pictures come from a prior fitted to the codes."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    variational: bool = False
    """Make the code a distribution and add its divergence from N(0, 1) (Kingma & Welling 2013)."""
    beta: float = 1.0
    """Weight of that divergence (Higgins et al. 2017)."""
    denoise: float = 0.0
    """Give the encoder pictures with noise of this deviation (of the [-1, 1] range); ask for the clean ones."""
    mask: float = 0.0
    """Hide this share of the encoder's input, in squares; ask for the whole picture."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture. Variational: a Gaussian likelihood with a learned deviation."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)
    prior: Prior = field(default_factory=Prior)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (self.beta >= 0, f"beta is {self.beta}; it cannot be negative"),
            (self.denoise >= 0, f"denoise is {self.denoise}; it cannot be negative"),
            (0 <= self.mask < 1, f"mask is {self.mask}; it is a share, in [0, 1)"),
        )

    def resolved(self, spec: DataSpec) -> AutoencoderConfig:
        """The same with every default that depends on the data filled in."""
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> AutoencoderConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else replace(self, network=BASE_NETWORKS)


@dataclass(frozen=True, kw_only=True)
class QuantizedConfig:
    """Autoencoder whose code has finitely many values; new ones come from a prior fitted to the codes."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    levels: int = 8
    """Values that an entry of the code can have, evenly over [-1, 1]: log2 of it is its bits."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    parts: int = 256
    """Gaussians of the mixture that the prior rounds, shared out among the classes."""
    codes: int = 60_000
    """At most so many training codes are used for its fit."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (2 <= self.levels <= 256, f"levels is {self.levels}; it lies within 2 to 256"),
            (self.parts >= 1, f"parts is {self.parts}; at least 1 is needed"),
            (self.codes >= 16, f"codes is {self.codes}; at least 16 are needed"),
        )

    def resolved(self, spec: DataSpec) -> QuantizedConfig:
        """The same with every default that depends on the data filled in."""
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> QuantizedConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else replace(self, network=BASE_NETWORKS)


@dataclass(frozen=True, kw_only=True)
class GanConfig:
    """Generator against critic: the plain comparison partner, with today's small recipe (R3GAN)."""

    noise_size: int = 64
    """Entries of the noise that becomes a picture."""
    critic: Critic = field(default_factory=Critic)
    network: Networks = field(default_factory=Networks)
    """The generator's size."""
    optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, betas=(0.0, 0.99), final=0.1))

    def __post_init__(self) -> None:
        check((self.noise_size >= 1, f"noise_size is {self.noise_size}; the least is 1"))

    def resolved(self, spec: DataSpec) -> GanConfig:
        """The same: nothing here depends on the data."""
        self.critic.check_data(spec)
        return self

    def preset(self, name: Preset) -> GanConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        return replace(self, network=BASE_NETWORKS, critic=replace(self.critic, network=BASE_NETWORKS))


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """An autoencoder and a GAN on one code: a faithful decode x' and a realistic one x''."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    noise_size: int = 16
    """Entries of the noise joined to the code."""
    join: Literal["concatenate", "modulate"] = "concatenate"
    """How code and noise enter the generator: side by side (the article), or the noise scaling its channels."""
    schedule: Literal["staged", "joint"] = "staged"
    """Autoencoder, then GAN, then all together (the article); or all together from the start."""
    stages: tuple[float, float] = (0.85, 0.95)
    """Staged: the shares of training at which the GAN, and then the joint stage, begin."""
    start: Literal["faithful", "nothing"] = "faithful"
    """What the generator begins from: the faithful decode, to which it adds a residual, or nothing."""
    encoder: Literal["reconstructions", "all", "frozen"] = "reconstructions"
    """Joint stage: the losses that move the encoder: both reconstructions, the GAN's too, or none (the ablation)."""
    closeness: float = 2.0
    """Weight of L_rec(x, x''): how near the realistic decode stays to the picture."""
    adversarial: float = 1.0
    """Weight of L_GAN for the generator (and the encoder, with --encoder all)."""
    from_prior: float = 0.5
    """Share of the generator's codes in training that come from the prior instead of a picture."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    every: int = 3
    """Generator and critic take part in every so many rounds."""
    listen_every: int = 4
    """Joint stage: the encoder hears of the realistic decode in every so many rounds."""
    critic: Critic = field(default_factory=lambda: Critic(r1=0.1, r2=0.1, network=SLIM_NETWORKS))
    network: Networks = field(default_factory=Networks)
    """Size of encoder and decoder."""
    generator_network: Networks = field(default_factory=lambda: SLIM_NETWORKS)
    optimizer: Adam = field(default_factory=Adam)
    """What moves encoder and decoder."""
    generator_optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, betas=(0.0, 0.99), final=0.1))
    """What moves the generator."""
    prior: Prior = field(default_factory=Prior)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (self.noise_size >= 1, f"noise_size is {self.noise_size}; the least is 1"),
            (
                0 < self.stages[0] <= self.stages[1] < 1,
                f"stages are {self.stages}; they must rise within (0, 1)",
            ),
            (
                self.join != "modulate" or self.network.layers > 0,
                "join is modulate, but with network.layers 0 there is no layer that noise could modulate",
            ),
            (min(self.every, self.listen_every) >= 1, "every and listen_every must be at least 1"),
            (0 <= self.from_prior <= 1, f"from_prior is {self.from_prior}; it is a share, in [0, 1]"),
            (min(self.closeness, self.adversarial) >= 0, "closeness and adversarial cannot be negative"),
        )

    def resolved(self, spec: DataSpec) -> FusionConfig:
        """The same with every default that depends on the data filled in."""
        self.critic.check_data(spec)
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> FusionConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        critic = replace(self.critic, network=BASE_SLIM)
        return replace(self, network=BASE_NETWORKS, generator_network=BASE_SLIM, critic=critic)


@dataclass(frozen=True, kw_only=True)
class RegularizedConfig:
    """A GAN held by an autoencoder of real examples: a faithful reconstruction is part of the game."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    noise_size: int = 64
    """Entries of the noise that becomes a picture."""
    hold: Literal["fakes", "reals", "noise"] = "fakes"
    """What must be reconstructed: generated pictures by the autoencoder (the article), real ones from the critic's
    features (as FastGAN does), or the noise from the code of the generated picture (as VEEGAN does)."""
    weight: float = 1.0
    """Weight of that reconstruction."""
    start: float = 0.2
    """Share of training in which the autoencoder learns alone, before the GAN begins."""
    critic: Critic = field(default_factory=Critic)
    network: Networks = field(default_factory=Networks)
    """Size of encoder, decoder and generator."""
    reader_network: Networks = field(default_factory=lambda: SLIM_NETWORKS)
    """Size of what reconstructs real pictures from the critic's features."""
    optimizer: Adam = field(default_factory=Adam)
    """What moves encoder and decoder."""
    generator_optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, betas=(0.0, 0.99), final=0.1))
    """What moves the generator."""

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (self.noise_size >= 1, f"noise_size is {self.noise_size}; the least is 1"),
            (self.weight >= 0, f"weight is {self.weight}; it cannot be negative"),
            (0 < self.start < 1, f"start is {self.start}; it must lie within (0, 1)"),
        )

    def resolved(self, spec: DataSpec) -> RegularizedConfig:
        """The same with every default that depends on the data filled in."""
        self.critic.check_data(spec)
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> RegularizedConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        critic = replace(self.critic, network=BASE_NETWORKS)
        return replace(self, network=BASE_NETWORKS, reader_network=BASE_SLIM, critic=critic)


@dataclass(frozen=True, kw_only=True)
class AugmentedConfig:
    """A GAN whose critic sees, beside the pictures, what an autoencoder makes of their perturbed codes."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    noise_size: int = 64
    """Entries of the noise that becomes a picture."""
    policy: Literal["reals", "both", "decay"] = "reals"
    """Real pictures alone are perturbed (the article), generated ones too before the critic sees them, or real ones
    in a share that falls to nothing by the end."""
    share: float = 0.5
    """Share of the pictures that are perturbed."""
    perturbation: Perturbation = field(default_factory=Perturbation)
    start: float = 0.2
    """Share of training in which the autoencoder learns; then it is held still and the GAN begins."""
    critic: Critic = field(default_factory=Critic)
    network: Networks = field(default_factory=Networks)
    """Size of encoder, decoder and generator."""
    optimizer: Adam = field(default_factory=Adam)
    """What moves encoder and decoder."""
    generator_optimizer: Adam = field(default_factory=lambda: Adam(rate=1e-3, betas=(0.0, 0.99), final=0.1))
    """What moves the generator."""

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (self.noise_size >= 1, f"noise_size is {self.noise_size}; the least is 1"),
            (0 <= self.share <= 1, f"share is {self.share}; it is a share, in [0, 1]"),
            (0 < self.start < 1, f"start is {self.start}; it must lie within (0, 1)"),
        )

    def resolved(self, spec: DataSpec) -> AugmentedConfig:
        """The same with every default that depends on the data filled in."""
        self.critic.check_data(spec)
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> AugmentedConfig:
        """The same at the size of the preset."""
        critic = replace(self.critic, network=BASE_NETWORKS)
        return self if name == "quick" else replace(self, network=BASE_NETWORKS, critic=critic)


@dataclass(frozen=True, kw_only=True)
class SupervisedConfig:
    """An autoencoder that also tells classes, from all labels, from some (--labeled), or none."""

    code_size: int | None = None
    """Entries of the code; by default one for 24 numbers of a picture, between 16 and 256."""
    trust: float = 0.95
    """The probability from which on what the model says of an unlabeled example counts as its label."""
    consistency: float = 1.0
    """Weight of telling the class of an example's view, beside its reconstruction."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    views: Views = field(default_factory=Views)
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)
    prior: Prior = field(default_factory=Prior)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (0 <= self.trust <= 1, f"trust is {self.trust}; it is a probability, in [0, 1]"),
            (self.consistency >= 0, f"consistency is {self.consistency}; it cannot be negative"),
        )

    def resolved(self, spec: DataSpec) -> SupervisedConfig:
        """The same with every default that depends on the data filled in."""
        return replace(self, code_size=self.code_size or natural_code_size(spec))

    def preset(self, name: Preset) -> SupervisedConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else replace(self, network=BASE_NETWORKS)
