"""``supervised`` for strings: the autoencoder with a class head on its code, from few labels or all.

    labeled string ─► letters hidden ─► encoder ─► code ─► head ─► logits ◄─ cross-entropy ── label
    any string ─┬─► encoder ─► code ─┬─► Writer ─► -log p(string)
                │                    └─► head ─► the label, or what it is sure of ──► cross-entropy
                └─► letters hidden ─► encoder ─► code ─► head ──────────────────────┘

As ``systems.supervised`` (FixMatch, Sohn et al. 2020, arXiv:2001.07685); a view of a string has some letters hidden.
"""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.config.systems import SupervisedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, DataSpec, Step, Tick
from amalgan.kinds import kind_of
from amalgan.kinds.text.networks import StringEncoder, Writer
from amalgan.kinds.text.spelling import refuse_settings, spelling_loss, unit
from amalgan.systems.supervised import Supervised


class StringSupervised(Supervised):
    """Classifies strings, also from few labels; encodes, decodes and generates."""

    paper = "FixMatch, Sohn 2020, on an autoencoder of strings"
    decoder: Writer

    def build_networks(self, config: SupervisedConfig, spec: DataSpec) -> tuple[nn.Module, nn.Module]:
        """Return the encoder, and the decoder that writes letter by letter."""
        refuse_settings(config)
        encoder = StringEncoder(config.network, spec, self.code_size, unit=True)
        return encoder, Writer(config.network, spec, self.code_size)

    def view(self, batch: Batch, tick: Tick) -> Tensor:
        """Return the strings with letters hidden."""
        return kind_of(self.spec).masked(batch.x, self.config.views.hide, tick.draws)

    def rebuilding(self, code: Float[Tensor, "B K"], batch: Batch, tick: Tick) -> Step:
        """Return how unlikely the strings are, told their codes."""
        return Step({"spelling": spelling_loss(self.decoder, code, batch.x, tick.draws, self.spec).mean()})

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return unit(super().sample_code(label, draws))
