"""``card``: a model card in Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import Judged, check_out, load_judged, model_at
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer
from amalgan.cli.shared import Loading, Reading
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.config.flags import Inline, Switch

if TYPE_CHECKING:
    from amalgan.systems.model_file import Model


@dataclass(frozen=True, kw_only=True)
class Card:
    """Write a model card: what a model learned from, how good it is, its limits, and how to use it.

    README.md is Markdown with what the Hugging Face hub reads at its head; samples.png stands beside it. Without --out
    the text goes to stdout. A card that you have edited is never written over.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: str | None = None
    """Data to measure the model on; without it the card has what training measured."""
    out: Path | None = None
    """The folder of README.md and samples.png."""
    license: str | None = None
    """The license that you give the model, as apache-2.0; by default the card names none."""
    count: int = MOST_EVALUATED
    """With --data: at most so many test examples, and as many generated ones."""
    seed: int = 0
    """With --data: seed of what is generated and of which examples are taken."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Measure where there is data, and write."""
        from amalgan.studies.card.front_matter import check_license

        check_license(self.license)
        if self.data is None:
            return self.answer(model_at(self.model, self.loading))
        if self.out is not None:
            check_out(self.out, self.data)
        with load_judged(self.model, self.data, console, loading=self.loading, reading=self.reading) as by:
            return self.answer(by.model, by)

    def answer(self, model: Model, by: Judged | None = None) -> Answer:
        """What was written."""
        from amalgan.evaluation.evaluate import evaluate
        from amalgan.studies.card.card import card

        data = by.data if by else None
        found = by and evaluate(
            model, by.data, features=by.features, count=self.count, seed=self.seed, tell=by.tell
        )
        made = card(model, data=data, evaluation=found, license=self.license)
        place = made.write(self.out) if self.out else None
        facts = {
            "out": str(self.out) if self.out else None,
            "card": made.text,
            "system": model.name,
            "digest": model.digest,
        }
        return Answer(facts=facts, text=str(place or made.text), skipped=skipped_of(data) if data else [])
