"""An adversarial autoencoder: a critic that looks at codes makes them as normal numbers are.

    x ─► encoder ─► code ─► decoder ─► x'        normal numbers ─► decoder ─► new example
                     └─► critic ◄── normal numbers

min |x - D(E(x))|^2 - log critic(E(x)): Makhzani et al. 2015, arXiv:1511.05644, figure 1.
New codes are N(0, 1), whatever the class: this system makes examples of no class in particular.

    amalgan train digits --system aae --plugin examples/adversarial_autoencoder.py --out runs/aae
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.fields import check
from amalgan.config.parts import Adam, Networks
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.networks import Critic
from amalgan.objectives import adversarial, reconstruction
from amalgan.systems.base import Phase, System
from amalgan.systems.registry import register

LOSS = adversarial.LOSSES["nonsaturating"]


@dataclass(frozen=True, kw_only=True)
class AaeConfig:
    """Autoencoder whose codes a critic takes for normal numbers."""

    code_size: int = 16
    """Entries of the code."""
    pull: float = 0.02
    """Weight of what the encoder does to fool the critic."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)

    def __post_init__(self) -> None:
        check((self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"))

    def resolved(self, spec: DataSpec) -> "AaeConfig":
        """Return the same: nothing depends on the data."""
        return self

    def preset(self, name: str) -> "AaeConfig":
        """Return the same: there is one size."""
        return self


@register("aae")
class Aae(System):
    """Encodes, decodes, and generates from normal codes."""

    Config = AaeConfig
    paper = "Makhzani 2015"

    def __init__(self, config: AaeConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.encoder = networks.encoder(config.network, spec, config.code_size)
        self.decoder = networks.decoder(config.network, spec, config.code_size)
        hidden = nn.Sequential(nn.Linear(config.code_size, Critic.FEATURES), nn.LeakyReLU(0.2))
        self.critic = Critic(nn.Sequential(hidden, nn.Linear(Critic.FEATURES, Critic.FEATURES)), classes=0)

    def phases(self) -> Sequence[Phase]:
        owned, adam = ("encoder", "decoder"), self.config.optimizer
        return (
            Phase(name="autoencoder", updates=owned, loss=self.autoencoder_loss, optimizer=adam),
            Phase(name="critic", updates=("critic",), loss=self.critic_loss, optimizer=adam),
        )

    def autoencoder_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        tick.once("code", code.detach)
        fooled = LOSS.generator(None, self.critic(code)).mean()
        faithful = reconstruction.l2(self.decoder(code), batch.x).mean()
        return Step({"reconstruction": faithful, "fooled": self.config.pull * fooled})

    def critic_loss(self, batch: Batch, tick: Tick) -> Step:
        with torch.no_grad():
            code = tick.once("code", lambda: self.encoder(batch.x))
        normal = tick.draws.normal("normal codes", self.config.code_size)
        return Step({"told apart": LOSS.critic(self.critic(normal), self.critic(code)).mean()})

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return draws.normal("new codes", self.config.code_size)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
