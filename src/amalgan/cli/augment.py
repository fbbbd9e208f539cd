"""``augment``: more training examples from a model, and whether they help."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_data, check_out, model_at
from amalgan.cli.model_outputs import noun, skipped_of
from amalgan.cli.output import Answer, say
from amalgan.cli.shared import DecoderName, Loading, Reading
from amalgan.config.data import DataConfig
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.config.flags import Inline, Switch
from amalgan.core.words import counted, first_of

if TYPE_CHECKING:
    from amalgan.studies.augment.augment import Asked

MOST_CLASSES = 12


@dataclass(frozen=True, kw_only=True)
class Trained:
    """As in the training of MODEL."""

    keep: float | None = None
    """Take a part of the training pictures only, as amalgan train --keep does."""
    labeled: float | None = None
    """Use a part of their labels only, as amalgan train --labeled does."""


@dataclass(frozen=True, kw_only=True)
class Verifying:
    """With --verify."""

    verify: Switch = False
    """Also train small classifiers with and without them, and say whether they help (DIR/verdict.html)."""
    seeds: int = 5
    """Classifiers with and without them; a verdict is drawn from the first 5, 10, 20, 40 or 80."""
    margin: float = 0.5
    """Points of accuracy; a smaller effect is called none."""
    steps: int | None = None
    """Steps of each classifier, of 64 pictures each; by default 300 to 1000, by how much data there is."""
    count: int = MOST_EVALUATED
    """At most so many test pictures."""
    unseen: Switch = False
    """You know that the model has not been trained on the test pictures of DATA, though DATA is not its own."""


@dataclass(frozen=True, kw_only=True)
class Augment:
    """Make new, labeled training images (or vectors), and test whether they help a classifier.

    They are made from the training split of DATA alone. DIR gets a sub-folder a class (vectors: examples.csv) and
    manifest.csv, which says what each was made of. The same command goes on where it was stopped.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """The data that the model was trained on."""
    out: Path
    """The folder to write to."""
    times: float | None = None
    """New pictures for each real one; by default 1, with --balance 0."""
    policy: Literal["noise", "interpolate", "extrapolate", "generate"] | None = None
    """Noise on the codes of real pictures, between two of a class, away from another, or new codes; by default
    extrapolate for a model with a code, else generate."""
    balance: Switch = False
    """Fill every class to the size of the largest, and by --times more."""
    strength: float | None = None
    """noise: deviations of the codes [0.5]; interpolate [1] and extrapolate [0.5]: at most this share of the way."""
    decoder: DecoderName | None = None
    """For models with two decoders; by default the realistic one where there is one."""
    seed: int = 0
    """Seed of the random numbers."""
    verifying: Annotated[Verifying, Inline] = field(default_factory=Verifying)
    trained: Annotated[Trained, Inline] = field(default_factory=Trained)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Make, write and verify."""
        from amalgan.studies.augment.augment import augment

        check_data(self.data)
        check_out(self.out, self.data)
        model = model_at(self.model, self.loading)
        with console.status("reading the data ...") as status:
            found = augment(model, self.data, self.asked(), self.out, tell=status.update)
        for caution in found.cautions:
            say(console, f"note: {caution}")
        skipped = skipped_of(found.data)
        facts = found.facts | {"skipped": skipped}
        return Answer(facts=facts, text="\n".join(summarize(facts, noun(model))), skipped=skipped)

    def asked(self) -> Asked:
        """All flags but the places."""
        from amalgan.studies.augment.augment import Asked

        to_read = self.reading.config()
        return Asked(
            policy=self.policy,
            strength=self.strength,
            decoder=self.decoder,
            times=self.times,
            balance=self.balance,
            seed=self.seed,
            verify=self.verifying.verify,
            seeds=self.verifying.seeds,
            margin=self.verifying.margin,
            steps=self.verifying.steps,
            count=self.verifying.count,
            unseen=self.verifying.unseen,
            named=(str(self.model), self.data),
            reading=DataConfig(
                keep=self.trained.keep,
                labeled=self.trained.labeled,
                max_bad=to_read.max_bad,
                cache=to_read.cache,
            ),
        )


def summarize(facts: dict[str, Any], what: str) -> list[str]:
    """What was done and found, for people."""
    classes = [f"{name} {count:,}" for name, count in facts["classes"].items() if name]
    of = f" ({first_of(classes, MOST_CLASSES)})" if classes else ""
    again = "" if facts["written"] else "; nothing was written: all of it was there already"
    lines = [f"{counted(facts['n'], what)} in {facts['out']}{of}{again}"]
    return lines + ([*facts["sentences"], facts["page"]] if "verdict" in facts else [])
