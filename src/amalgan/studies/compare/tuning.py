"""Settings tried before those that count, equally often for every system.

    factor 1, 0.5, 2, 0.25, 4 … ─► all learning rates times it ─► a quarter of the images, a seed of its own
                                ─► judged on the validation split ─► the best one is used for all seeds

Tuning budget decides rankings more than ideas do (Lucic et al. 2018, arXiv:1711.10337), so every system gets the same,
and with one try each the report says that nobody was tuned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from amalgan.config import fields
from amalgan.core import files
from amalgan.core.errors import DataError
from amalgan.core.json_schema import read_json
from amalgan.evaluation.scores.score import Trial
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.settings import at_rate
from amalgan.systems.abilities import Decodes, Encodes, Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from amalgan.tasks.reconstruct import reconstruct_pairs

NAME = "tuning.json"
TRY = {
    "measure?": (str, None),
    "score?": (float, None),
    "state?": (str, None),
    "reason?": (str, None),
}
"""What the file of a try must look like."""


@dataclass(frozen=True)
class Judgement:
    """How good a try was on the validation split; lower is better."""

    measure: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Try:
    """What one try came to."""

    settings: str
    factor: float
    measure: str | None = None
    score: float | None = None
    state: str | None = None
    reason: str | None = None
    chosen: bool = False


def factors(tries: int) -> list[float]:
    """1, 0.5, 2, 0.25, 4, …: so many."""
    return [2.0 ** ((number + 1) // 2 * (-1 if number % 2 else 1)) for number in range(tries)]


def settings(plan: Plan, system: str, factor: float) -> Any:
    """The system's settings with its learning rates times ``factor``."""
    return at_rate(plan.settings(system), factor)


def judgement(plan: Plan, model: Model) -> Judgement:
    """The Fréchet distance of a model that generates, else the error of its reconstructions."""
    data = replace(plan.data, test=plan.data.validation)
    trial = Trial(data=data, features=plan.features, count=plan.asked.count, seed=plan.asked.seed)
    if isinstance(model.system, Generates):
        made = trial.extract_features(generate(model, trial.n, seed=trial.seed))
        return Judgement("Fréchet distance", frechet_distance(Moments.of(made), Moments.of(trial.real)))
    if not (isinstance(model.system, Encodes) and isinstance(model.system, Decodes)):
        raise DataError(f"nothing of {model.name} can be judged on validation examples. Use --tries 1.")
    kind, pairs = trial.kind, reconstruct_pairs(model, trial.held_out)
    errors = [float(kind.apart(kind.delivered(decoded), x).square().sum()) for x, decoded in pairs]
    return Judgement("squared error", sum(errors) / (trial.n * data.spec.size))


def decide(plan: Plan) -> dict[str, list[Try]]:
    """Take the best try of each system, and write down all of them. Failed tries are never the best."""
    found = {}
    for system in plan.systems:
        tries = [outcome(plan, system, factor) for factor in factors(plan.asked.tries)]
        scores = {one.factor: one.score for one in tries if one.score is not None}
        best = min(scores, key=lambda factor: scores[factor], default=1.0)
        found[system] = [replace(one, chosen=one.factor == best) for one in tries]
    files.write_json(plan.folder / NAME, fields.plain(found))
    return found


def outcome(plan: Plan, system: str, factor: float) -> Try:
    """What one try came to."""
    facts = read_json(plan.try_of(system, factor) / "try.json", TRY, "amalgan compare")
    kept = {name: facts.get(name) for name in ("measure", "score", "state", "reason")}
    return Try(settings=f"learning rates x {factor:g}", factor=factor, **kept)


def choose_factor(plan: Plan, system: str) -> float:
    """The factor that the system's cells are trained with."""
    return next((one.factor for one in outcomes(plan, system) if one.chosen), 1.0)


def outcomes(plan: Plan, system: str) -> list[Try]:
    """Every try of a system; none where each has its own defaults."""
    place = plan.folder / NAME
    found = read_json(place, {str: [Try]}, "amalgan compare") if place.exists() else {}
    return [fields.from_json(Try, one) for one in found.get(system, [])]
