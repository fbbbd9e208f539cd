"""The fused system."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from amalgan.config.code import Layout, resolved_code
from amalgan.config.fields import check
from amalgan.config.parts import Adam, Critic, Networks, Prior, Reconstruction
from amalgan.config.systems.sizes import BASE_NETWORKS, BASE_SLIM, SLIM_NETWORKS, Preset, widened

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec


@dataclass(frozen=True, kw_only=True)
class FusionConfig:
    """An autoencoder and a GAN on one code: a faithful decode x' and a realistic one x''."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
    noise_size: int = 16
    """Entries of the noise joined to the code."""
    join: Literal["concatenate", "modulate"] = "concatenate"
    """How code and noise enter the generator: side by side (the article), or the noise scaling its channels."""
    schedule: Literal["staged", "joint"] = "staged"
    """Autoencoder, then GAN, then all together (the article); or all together from the start."""
    stages: tuple[float, float] = (0.7, 0.9)
    """Staged: the shares of training at which the GAN, and then the joint stage, begin."""
    start: Literal["decoder", "faithful", "nothing"] = "decoder"
    """What the generator begins from. decoder: its weights are the decoder's plus a difference that it learns;
    faithful: a smaller network adds a residual to the faithful decode; nothing."""
    encoder: Literal["reconstructions", "all", "frozen"] = "reconstructions"
    """Joint stage: the losses that move the encoder: both reconstructions, the GAN's too, or none (the ablation)."""
    closeness: float = 2.0
    """Weight of L_rec(x, x''): how near the realistic decode stays to the picture."""
    perceptual: float = 2.0
    """Weight of their distance in what the critic's backbone sees; without a backbone there is none."""
    adversarial: float = 0.3
    """Weight of L_GAN for the generator (and the encoder, with --encoder all)."""
    from_prior: float = 0.5
    """Share of the generator's codes in training that come from the prior instead of a picture."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    every: int = 2
    """Generator and critic take part in every so many rounds."""
    listen_every: int = 4
    """Joint stage: the encoder hears of the realistic decode in every so many rounds."""
    critic: Critic = field(default_factory=lambda: Critic(r1=0.1, r2=0.1, network=SLIM_NETWORKS))
    network: Networks = field(default_factory=Networks)
    """Size of encoder and decoder."""
    generator_network: Networks = field(default_factory=lambda: SLIM_NETWORKS)
    """The generator's size, unless it starts from the decoder."""
    optimizer: Adam = field(default_factory=Adam)
    """What moves encoder and decoder."""
    generator_optimizer: Adam = field(
        default_factory=lambda: Adam(rate=5e-4, betas=(0.0, 0.99), final=0.1, warmup_rounds=60)
    )
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
            (
                min(self.closeness, self.perceptual, self.adversarial) >= 0,
                "closeness, perceptual and adversarial cannot be negative",
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
        return widened(self, network=BASE_NETWORKS, generator_network=BASE_SLIM, critic=critic)
