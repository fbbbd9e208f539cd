"""The fused system."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from amalgan.config.code import Layout, resolved_code
from amalgan.config.fields import check
from amalgan.config.parts import Adam, Critic, Networks, Prior, Reconstruction
from amalgan.config.sizes import BASE_NETWORKS, BASE_SLIM, SLIM_NETWORKS, Preset, widen

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """An autoencoder and a GAN with one code: a faithful reconstruction x' and a realistic one x''."""

    trains_prior: ClassVar[bool] = True
    """It has a phase for a prior that is trained."""

    code_size: int | None = None
    """Dimensions of the code; by default about one per 24 values of an image, from 16 to about 256."""
    code: Layout | None = None
    """map: the code is a grid over the image with a few numbers per cell; flat: every number describes the whole
    image. By default a map if each cell gets two numbers or more."""
    noise_size: int = 16
    """Dimensions of the noise that is joined to the code."""
    join: Literal["concatenate", "modulate"] = "concatenate"
    """How code and noise enter the generator: concatenated, or with the noise scaling its channels."""
    schedule: Literal["staged", "joint"] = "staged"
    """staged: autoencoder, then GAN, then all together; joint: all together from the start."""
    stages: tuple[float, float] = (0.7, 0.9)
    """Staged: the fractions of training at which the GAN stage and the joint stage begin."""
    start: Literal["decoder", "faithful", "nothing"] = "decoder"
    """Initial generator. decoder: the weights of the decoder plus a learned difference;
    faithful: a smaller network adds a residual to the faithful reconstruction; nothing: random weights."""
    encoder: Literal["reconstructions", "all", "frozen"] = "reconstructions"
    """Joint stage: losses that train the encoder: both reconstructions, all (also the GAN's), or none (frozen)."""
    closeness: float = 2.0
    """Weight of L_rec(x, x''): how close the realistic reconstruction stays to the image."""
    perceptual: float = 2.0
    """Weight of their distance in features of the critic's backbone; unused without a backbone."""
    lattice: float = 1000.0
    """Weight of the penalty on a pattern of four pixels' period that lies on every realistic reconstruction alike, as
    transposed convolutions paint it; only with --code map."""
    adversarial: float = 0.3
    """Weight of L_GAN for the generator (and the encoder, with --encoder all)."""
    from_prior: float = 0.5
    """Fraction of the generator's training codes that come from the prior instead of an image."""
    reconstruction: Reconstruction = "l2"
    """Loss between a reconstruction and its image."""
    every: int = 2
    """Train generator and critic in every N rounds."""
    listen_every: int = 4
    """Joint stage: the encoder learns from the realistic reconstruction in every N rounds."""
    critic: Critic = field(default_factory=lambda: Critic(r1=0.1, r2=0.1, network=SLIM_NETWORKS))
    network: Networks = field(default_factory=Networks)
    """Size of encoder and decoder."""
    generator_network: Networks = field(default_factory=lambda: SLIM_NETWORKS)
    """The generator's size, unless it starts from the decoder."""
    optimizer: Adam = field(default_factory=Adam)
    """Optimizer of encoder and decoder."""
    generator_optimizer: Adam = field(
        default_factory=lambda: Adam(rate=5e-4, betas=(0.0, 0.99), final=0.1, warmup_rounds=60)
    )
    """Optimizer of the generator."""
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
            (
                min(self.closeness, self.perceptual, self.lattice, self.adversarial) >= 0,
                "closeness, perceptual, lattice and adversarial cannot be negative",
            ),
        )

    def resolved(self, spec: DataSpec) -> FusionConfig:
        """The same with every default that depends on the data filled in."""
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        critic = self.critic.resolved(spec, preferred="own" if self.network.dense else "imagenet")
        prior = self.prior.resolved(layout, trains=True)
        return replace(self, code_size=size, code=layout, critic=critic, prior=prior)

    def preset(self, name: Preset) -> FusionConfig:
        """The same at the size of the preset."""
        if name == "quick":
            return self
        critic = replace(self.critic, network=BASE_SLIM)
        return widen(self, network=BASE_NETWORKS, generator_network=BASE_SLIM, critic=critic)
