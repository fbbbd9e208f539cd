"""Every metric that applies to a model, on examples that it was not trained on.

    test split ─┬─ generated examples ─► generation             Generates
                ├─ reconstructions ────► reconstruction         Encodes, Decodes (and Realizes)
                ├─ of noisy pictures ──► denoising              Encodes, Decodes, or Restores
                ├─ codes ─┬────────────► codes                  Encodes, labels
                │         └────────────► rate                   Encodes, Rates
                ├─ bytes ──────────────► size                   Encodes, Decodes, tables in the model's file
                ├─ classes told ───────► classes                Classifies, labels
                ├─ logits ─────────────► critic                 Judges
                └─ spoiled examples ───► anomaly                Encodes and Decodes, or Judges

Every number comes with a name that states its n, split and feature network; one that cannot be computed is None
and its name says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.core.errors import DataError, UsageError
from amalgan.core.notebook import between, html_table, number
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import Dataset
from amalgan.evaluation.overlap import Overlap, overlap
from amalgan.evaluation.scores.anomaly import anomaly_scores
from amalgan.evaluation.scores.classes import class_scores
from amalgan.evaluation.scores.codes import code_scores
from amalgan.evaluation.scores.critic import critic_scores
from amalgan.evaluation.scores.denoising import denoising_scores
from amalgan.evaluation.scores.generation import generation_scores
from amalgan.evaluation.scores.outer import outer_scores
from amalgan.evaluation.scores.rate import rate_scores
from amalgan.evaluation.scores.reconstruction import reconstruction_scores
from amalgan.evaluation.scores.score import Score, Trial
from amalgan.evaluation.scores.sets import set_scores
from amalgan.evaluation.scores.size import size_scores
from amalgan.evaluation.scores.utility import real_utility, utility_scores
from amalgan.features import Features
from amalgan.kinds import kind_of, text_of
from amalgan.metrics.distribution import LEAST
from amalgan.systems.abilities import Classifies, Decodes, Encodes, Generates, Rates
from amalgan.systems.model_file import Model

SUSPICIOUS = 0.01
"""The p-value of ``copies`` below which a warning is given."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What was measured."""

    n: int
    """Test examples that the model was judged on, and examples generated."""
    split: str
    overlap: Overlap
    """How the test examples relate to what the model was trained on."""
    seed: int
    features: str | None
    """Name of the feature network."""
    judge: dict[str, float]
    """Shares of ``n`` held-out pictures that the feature network tells apart: whole from damaged ones; classes, or two
    views of one picture among those of others. Empty without a network."""
    metrics: dict[str, float | None]
    names: dict[str, str]
    """The full name of each metric."""
    intervals: dict[str, tuple[float, float]]
    """95 % intervals over examples, of the metrics that have one."""
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data without NaN or infinities."""
        intervals = {key: list(interval) for key, interval in self.intervals.items()}
        return asdict(self) | {"intervals": intervals, "warnings": list(self.warnings)}

    def _repr_html_(self) -> str:
        rows = [
            (key, number(value), between(self.intervals.get(key, ())), self.names.get(key, ""))
            for key, value in self.metrics.items()
        ]
        notes = [[warning] for warning in self.warnings]
        head = ("metric", "value", "95 % interval", "what it is")
        return html_table(rows, head) + (html_table(notes, ["warnings"]) if notes else "")


def evaluate(
    model: Model,
    data: Dataset,
    *,
    features: Features | None,
    count: int = MOST_EVALUATED,
    seed: int = 0,
    valid: Callable[[Sequence[str]], Sequence[bool]] | None = None,
    tell: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measure what ``model`` can do.

    Args:
        data: opened with ``like=model.spec``, so that classes and units are the model's.
        features: without them nothing that compares sets of examples is measured.
        count: at most so many test examples, and as many generated ones.
        valid: says which strings are valid.
        tell: is told what is being measured.

    Raises:
        DataError: there is no test split.
        UsageError: the data is not of the model's kind, or the count is below 2.
    """
    check(model, data, count)
    if valid is not None and not kind_of(data.spec).takes_command:
        raise UsageError(f"--valid is for strings, and the data is {kind_of(data.spec).nouns}; leave it out.")
    trial = Trial(data=data, features=features, count=count, seed=seed, valid=valid)
    scores = [*all_scores(model, trial, tell or untold), *lesson_scores(model, trial)]
    return Evaluation(
        n=trial.n,
        split="test",
        overlap=overlap(model, data, trial.held_out),
        seed=seed,
        features=features.name if features else None,
        judge=dict(features.accuracy) if features else {},
        metrics={score.key: score.value for score in scores},
        names={score.key: score.name for score in scores},
        intervals={score.key: score.interval for score in scores if score.interval is not None},
        warnings=(*model.doubts, *warnings(trial, scores)),
    )


def check(model: Model, data: Dataset, count: int) -> None:
    """Refuse what cannot be measured."""
    if count < 2:
        raise UsageError(f"--count is {count}; at least 2 examples are needed")
    if not len(data.test):
        raise DataError(
            f"{data.name} has no test split: too few different examples. Add some, or a test folder."
        )
    if form(data.spec) != form(model.spec):
        raise UsageError(
            f"{data.name} was opened as {text_of(data.spec)}, the model reads {text_of(model.spec)}, "
            "or they differ in units. Open the data as the model expects it: open_data(..., like=model.spec)."
        )


def form(spec: DataSpec) -> tuple[Any, ...]:
    """All of a spec but the class names."""
    return (spec.kind, tuple(spec.shape), tuple(spec.center), tuple(spec.spread))


def untold(what: str) -> None:
    """For those who need not know how far it is."""


def all_scores(model: Model, trial: Trial, tell: Callable[[str], None] = untold) -> Iterator[Score]:
    """What applies to the model's abilities."""
    system = model.system
    if isinstance(system, Generates) and trial.features is not None:
        tell(f"generating {trial.n} examples")
        yield from generation_scores(model, trial)
        yield from set_scores(trial.new(model, trial.n), trial)
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        tell(f"reconstructing {trial.n} examples")
        yield from reconstruction_scores(model, trial)
    tell("looking from outside")
    yield from outer_scores(model, trial)
    yield from denoising_scores(model, trial)
    if isinstance(system, Encodes) and (trial.data.train.labels != UNLABELED).any():
        tell("probing the codes")
        yield from code_scores(model, trial)
    if isinstance(system, Classifies) and system.classes_shown:
        tell("classifying")
        yield from class_scores(model, trial)
    if isinstance(system, Encodes) and isinstance(system, Rates):
        yield from rate_scores(model, trial)
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        tell("weighing compressed pictures")
        yield from size_scores(model, trial)
    yield from critic_scores(model, trial)
    tell("telling spoiled examples")
    yield from anomaly_scores(model, trial)


def lesson_scores(model: Model, trial: Trial) -> Iterator[Score]:
    """Train on synthetic, test on real, for the kinds that are judged so."""
    if trial.kind.tests_on_real:
        yield from utility_scores(model, trial)
        yield from real_utility(trial)


def warnings(trial: Trial, scores: list[Score]) -> Iterator[str]:
    """What the reader of the numbers must know."""
    if trial.features is None:
        yield "no feature network was given: generated examples were not compared with real ones"
    few = [score.key for score in scores if ", below " in score.name]
    if few:
        yield (
            f"n={trial.n} is small (Fréchet distances need {LEAST['frechet_distance']}): {', '.join(few)} are "
            "biased or scatter; compare them only with numbers of the same n, and with frechet_floor"
        )
    yield from (f"{score.key}: {score.name}" for score in scores if score.value is None)
    copied = {score.key: score.value for score in scores}
    p_value = copied.get("copies_p_value")
    if p_value is not None and p_value < SUSPICIOUS:
        yield (
            f"the model repeats training examples: {copied['copies']:.1%} of the generated are as near to one "
            f"as only {copied['copies_baseline']:.1%} of new examples are (p = {p_value:.1g})"
        )
