"""Systems in which a generator plays against a critic, but for the fused one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from amalgan.config.code import Layout, resolved_code
from amalgan.config.fields import check
from amalgan.config.parts import Adam, Critic, Networks, Perturbation
from amalgan.config.sizes import BASE_NETWORKS, BASE_SLIM, SLIM_NETWORKS, Preset, widen

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec


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
        """The same with every default that depends on the data filled in."""
        return replace(self, critic=self.critic.resolved(spec))

    def preset(self, name: Preset) -> GanConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        return widen(self, network=BASE_NETWORKS, critic=replace(self.critic, network=BASE_NETWORKS))


@dataclass(frozen=True, kw_only=True)
class RegularizedConfig:
    """A GAN with an autoencoder of real examples that regularizes the generator."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
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
        critic = self.critic.resolved(spec)
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        return replace(self, code_size=size, code=layout, critic=critic)

    def preset(self, name: Preset) -> RegularizedConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        critic = replace(self.critic, network=BASE_NETWORKS)
        return widen(self, network=BASE_NETWORKS, reader_network=BASE_SLIM, critic=critic)


@dataclass(frozen=True, kw_only=True)
class AugmentedConfig:
    """A GAN whose critic also sees images that an autoencoder decoded from perturbed codes."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
    noise_size: int = 64
    """Entries of the noise that becomes a picture."""
    policy: Literal["reals", "both", "decay"] = "reals"
    """Real pictures alone are perturbed (the article), generated ones too before the critic sees them, or real ones
    in a share that falls to nothing by the end."""
    share: float = 0.5
    """Share of the pictures that are perturbed."""
    perturbation: Perturbation = field(default_factory=Perturbation)
    start: float = 0.2
    """Share of training in which the autoencoder learns alone; then the GAN begins."""
    freeze: bool = False
    """Hold the autoencoder still once the GAN begins (the article); by default it goes on learning."""
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
        critic = self.critic.resolved(spec)
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        return replace(self, code_size=size, code=layout, critic=critic)

    def preset(self, name: Preset) -> AugmentedConfig:
        """The same at the size of the preset."""
        critic = replace(self.critic, network=BASE_NETWORKS)
        return self if name == "quick" else widen(self, network=BASE_NETWORKS, critic=critic)
