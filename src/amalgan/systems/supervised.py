"""An autoencoder with a class head on its code, that learns from few labels and many pictures.

    labeled x ─► view ─► encoder ─► code ─► head ─► logits ◄─ cross-entropy ── label

    any x ─┬─────────► encoder ─► code ─┬─► decoder ─► x'   reconstruction
           │                            └─► head ─► what it is sure of: a label, where none is known
           └─► view ─► encoder ─► code ─► head ─► logits ◄─ cross-entropy ──┘

A view is the example, moved, bent and partly hidden. What the model says of an unlabeled example with a probability
of at least ``trust`` must also be said of its view: FixMatch (Sohn et al. 2020, arXiv:2001.07685, eq. 3 and 4), whose
weak view is here the example as it was drawn. Without classes it is a plain autoencoder; where labels are known, the
example and its view are asked for them. The prior is fitted a class, known or told by the head, after training.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import natural_code_size
from amalgan.config.systems import SupervisedConfig
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED, Batch, DataSpec, Step, Tick
from amalgan.data.transforms.views import view
from amalgan.networks import priors
from amalgan.objectives import classification, reconstruction
from amalgan.systems.base import Phase, System, collect
from amalgan.systems.registry import register


@register("supervised")
class Supervised(System):
    """Classifies, also from few labels; encodes, decodes and generates."""

    Config = SupervisedConfig
    paper = "FixMatch, Sohn 2020, on an autoencoder"

    def __init__(self, config: SupervisedConfig, spec: DataSpec) -> None:
        super().__init__(config, spec)
        self.code_size = config.code_size or natural_code_size(spec)
        self.encoder, self.decoder = self.build_networks(config, spec)
        self.head = nn.Linear(self.code_size, len(spec.classes)) if spec.classes else None
        self.prior = priors.build(config.prior, self.code_size, len(spec.classes))

    def build_networks(self, config: SupervisedConfig, spec: DataSpec) -> tuple[nn.Module, nn.Module]:
        """Return encoder and decoder."""
        encoder = networks.encoder(config.network, spec, self.code_size, layout=config.code)
        return encoder, networks.decoder(config.network, spec, self.code_size, layout=config.code)

    def phases(self) -> Sequence[Phase]:
        adam, head = self.config.optimizer, ("head",) if self.spec.classes else ()
        labels = Phase(
            name="labels", updates=("encoder", *head), loss=self.label_loss, optimizer=adam, labeled=True
        )
        everything = ("encoder", "decoder", *head)
        examples = Phase(name="examples", updates=everything, loss=self.example_loss, optimizer=adam)
        return (labels, examples) if head else (examples,)

    def label_loss(self, batch: Batch, tick: Tick) -> Step:
        logits = self.classify(self.view(batch, tick))
        return Step({"labels": classification.cross_entropy(logits, batch.label).mean()})

    def view(self, batch: Batch, tick: Tick) -> Tensor:
        """Return the examples, each changed to another that shows the same."""
        return view(batch.x, self.config.views, tick.draws, self.spec)

    def rebuilding(self, code: Float[Tensor, "B K"], batch: Batch, tick: Tick) -> Step:
        """Return how far the examples are from the decodes of their codes."""
        faithful = reconstruction.RECONSTRUCTIONS[self.config.reconstruction](self.decoder(code), batch.x)
        return Step({"reconstruction": faithful.mean()})

    def example_loss(self, batch: Batch, tick: Tick) -> Step:
        code = self.encoder(batch.x)
        step = self.rebuilding(code, batch, tick)
        return self.consistent(step, code, batch, tick) if self.spec.classes else step

    def consistent(self, step: Step, code: Float[Tensor, "B K"], batch: Batch, tick: Tick) -> Step:
        """``step``, and that an example gets the label it has, and a view of it the one it has or surely gets."""
        logits, label = self.logits(code), self.labels(code, batch.label)
        seen = self.classify(self.view(batch, tick))
        terms = {
            "known": classification.cross_entropy(logits, batch.label).mean(),
            "consistency": self.config.consistency * classification.cross_entropy(seen, label).mean(),
        }
        return Step(step.terms | terms, {"sure": (label != UNLABELED).float().mean()})

    def labels(self, code: Float[Tensor, "B K"], label: Int[Tensor, " B"]) -> Int[Tensor, " B"]:
        """The known labels, and where there is none what the head is sure of."""
        predicted = classification.pick_confident(self.logits(code), self.config.trust)
        return torch.where(label == UNLABELED, predicted, label)

    def settle(self, batches: Iterable[Batch], draws: Draws) -> None:
        code, label = collect(self.encode, batches)
        if (label != UNLABELED).any():  # else nothing was learned to tell classes by
            predicted = self.logits(code.to(next(self.parameters()).device)).argmax(1).cpu()
            label = torch.where(label == UNLABELED, predicted, label)
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
        return self.prior.sample(label, draws)

    def generate(self, label: Int[Tensor, " B"], draws: Draws) -> Float[Tensor, "B ..."]:
        return self.decode(self.sample_code(label, draws))
