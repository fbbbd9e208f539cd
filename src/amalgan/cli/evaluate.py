"""``evaluate``: every metric of a model on DATA that applies."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.inputs import load_judged
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer, harmless, say, shown_number
from amalgan.cli.shared import Loading, Reading
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.config.flags import Inline, Switch

if TYPE_CHECKING:
    from amalgan.evaluation.evaluate import Evaluation


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a model on DATA: every metric that applies.

    The test split is taken: the data's own, or the tenth that its contents decide.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to measure on: best the data it was trained on, whose test split it never saw."""
    count: int = MOST_EVALUATED
    """At most so many test examples, and as many generated ones."""
    seed: int = 0
    """Seed of the random numbers: which examples are used, and what is generated."""
    valid: str | None = None
    """Text: a command that reads strings, one per line, and writes 1 (valid) or 0 for each, as 'python check.py'."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Measure."""
        from amalgan.evaluation.evaluate import evaluate
        from amalgan.evaluation.user_command import valid_by

        valid = None if self.valid is None else valid_by(self.valid)
        with load_judged(self.model, self.data, console, loading=self.loading, reading=self.reading) as by:
            model, data = by.model, by.data
            found = evaluate(
                model, data, features=by.features, count=self.count, seed=self.seed, valid=valid, tell=by.tell
            )
        for warning in filter(None, (found.overlap.note, *found.warnings)):
            say(console, f"note: {warning}")
        skipped = skipped_of(data)
        facts = found.to_json() | {"system": model.name, "digest": model.digest, "skipped": skipped}
        return Answer(facts=facts, text=measured(found), skipped=skipped)


def measured(found: Evaluation) -> Table:
    """Every number with its full name."""
    listed = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    listed.add_column("metric", no_wrap=True)
    listed.add_column("value", justify="right", no_wrap=True)
    listed.add_column("what it is", overflow="fold")
    for key, value in found.metrics.items():
        listed.add_row(key, shown_number(value), harmless(found.names[key]))
    return listed
