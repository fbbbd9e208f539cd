"""The ``explore`` command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_out, data_for, model_at, shown_to
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer, say
from amalgan.cli.shared import Loading, Reading
from amalgan.config.flags import Inline, Switch


@dataclass(frozen=True, kw_only=True)
class Explore:
    """Write a page about what a model's code means, possible copies, and what its networks react to.

    DIR gets explore.html, one file that fetches nothing, and explore.json, the same in numbers. What does not apply to
    the model is left out.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to explore it with: best the data it was trained on."""
    out: Path
    """The folder of the page."""
    count: int = 500
    """At most so many test examples to measure on, and as many generated ones."""
    seed: int = 0
    """Seed of the random numbers: which examples are used, and what is generated."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Look, show and write."""
        from amalgan.studies.explore import explore

        check_out(self.out, self.data)
        model = model_at(self.model, self.loading)
        data = shown_to(model, data_for(self.data, self.reading.config(), console, like=model.spec), console)
        with console.status("") as status:
            made = explore(
                model,
                data,
                count=self.count,
                seed=self.seed,
                named=(str(self.model), self.data),
                tell=lambda what: status.update(f"{what} ..."),
            )
        page, skipped = made.write(self.out), skipped_of(data)
        for note in made.facts["cautions"]:
            say(console, f"note: {note}")
        facts = made.facts | {"page": str(page), "skipped": skipped}
        return Answer(facts=facts, text="\n".join([*made.facts["sentences"], str(page)]), skipped=skipped)
