"""``report``: one page on one model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_out, load_judged
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer, say
from amalgan.cli.shared import Loading, Reading
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.config.flags import Inline, Switch


@dataclass(frozen=True, kw_only=True)
class Report:
    """Write a page about a model: what it can do, how well, and its weaknesses.

    DIR gets report.html, one file that fetches nothing, and report.json, the same in numbers.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to judge it on: best the data it was trained on, whose test split it never saw."""
    out: Path
    """The folder of the page."""
    count: int = MOST_EVALUATED
    """At most so many test examples, and as many generated ones."""
    seed: int = 0
    """Seed of the random numbers: which examples are used, and what is generated."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Measure, show and write."""
        from amalgan.studies.report.report import report

        check_out(self.out, self.data)
        named = str(self.model), self.data
        with load_judged(self.model, self.data, console, loading=self.loading, reading=self.reading) as by:
            model, data = by.model, by.data
            made = report(
                model,
                data,
                features=by.features,
                count=self.count,
                seed=self.seed,
                named=named,
                tell=by.tell,
            )
        page, skipped = made.write(self.out), skipped_of(data)
        notes = [*made.facts["cautions"], *made.facts["evaluation"]["warnings"]]
        for note in notes:
            say(console, f"note: {note}")
        facts = made.facts["evaluation"] | {
            "page": str(page),
            "sentences": made.facts["sentences"],
            "system": model.name,
            "digest": model.digest,
            "skipped": skipped,
        }
        return Answer(facts=facts, text="\n".join([*made.facts["sentences"], str(page)]), skipped=skipped)
