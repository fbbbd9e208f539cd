"""``supervised`` for strings: the autoencoder with a class head on its code, from few labels or all.

    labeled string ─► letters hidden ─► encoder ─► code ─► head ─► logits ◄─ cross-entropy ── label
    any string ─┬─► encoder ─► code ─┬─► Writer ─► -log p(string)
                │                    └─► head ─► the label, or what it is sure of ──► cross-entropy
                └─► letters hidden ─► encoder ─► code ─► head ──────────────────────┘

As ``systems.supervised`` (FixMatch, Sohn et al. 2020, arXiv:2001.07685); a view of a string has some letters hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import priors
from amalgan.config.code import natural_code_size
from amalgan.config.systems import SupervisedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED, Batch, DataSpec, Step, Tick
from amalgan.kinds import kind_of
from amalgan.kinds.text.networks import StringEncoder, Writer
from amalgan.kinds.text.spelling import refuse_settings, spelling_loss, unit
from amalgan.objectives import classification
from amalgan.systems.base import Phase, System, collect


class StringSupervised(System):
    """Classifies strings, also from few labels; encodes, decodes and generates."""

    Config = SupervisedConfig
    paper = "FixMatch, Sohn 2020, on an autoencoder of strings"

    def __init__(self, config: SupervisedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        refuse_settings(config)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder = StringEncoder(config.network, spec, self.code_size, unit=True)
        self.decoder = Writer(config.network, spec, self.code_size)
        self.head = nn.Linear(self.code_size, len(spec.classes)) if spec.classes else None
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes))

    def phases(self) -> Sequence[Phase]:
        adam, head = self.config.optimizer, ("head",) if self.spec.classes else ()
        labels = Phase(
            name="labels", updates=("encoder", *head), loss=self.label_loss, optimizer=adam, labeled=True
        )
        owned = ("encoder", "decoder", *head)
        examples = Phase(name="examples", updates=owned, loss=self.example_loss, optimizer=adam)
        return (labels, examples) if head else (examples,)

    def view(self, batch: Batch, tick: Tick) -> Tensor:
        """The strings with letters hidden."""
        return kind_of(self.spec).masked(batch.x, self.config.views.hide, tick.draws)

    def label_loss(self, batch: Batch, tick: Tick) -> Step:
        logits = self.classify(self.view(batch, tick))
        return Step({"labels": classification.cross_entropy(logits, batch.label).mean()})

    def example_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        spelled = spelling_loss(self.decoder, code, batch.x, tick.draws, self.spec).mean()
        if self.head is None:
            return Step({"spelling": spelled})
        logits = self.logits(code)
        sure = classification.confident(logits, self.config.trust)
        label = torch.where(batch.label == UNLABELED, sure, batch.label)
        same = classification.cross_entropy(self.classify(self.view(batch, tick)), label).mean()
        known = classification.cross_entropy(logits, batch.label).mean()
        terms = {"spelling": spelled, "known": known, "consistency": self.config.consistency * same}
        return Step(terms, {"sure": (label != UNLABELED).float().mean()})

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        code, label = collect(self.encode, batches)
        if (label != UNLABELED).any():
            told = self.logits(code.to(next(self.parameters()).device)).argmax(1).cpu()
            label = torch.where(label == UNLABELED, told, label)
        self.prior.fit(code, label, draws)

    def ready(self) -> bool:
        return self.prior.fitted

    def encode(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
        return self.encoder(x)

    def decode(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B ..."]:
        return self.decoder(code)

    def classify(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B classes"]:
        return self.logits(self.encoder(x))

    def logits(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B classes"]:
        """What the head says of a code; no columns where there are no classes."""
        return code[:, :0] if self.head is None else self.head(code).float()

    def sample_code(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B K"]:
        return unit(self.prior.sample(label, draws))

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
