"""Making a plan, or finding the one that is there and fits.

CompareOptions ─► data, features ─► asked ─┬─ a plan is there: refuse what differs, go on with the rest
                                    └─ none: time every system on one thread ─► images ─► plan.json
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan.config import fields
from amalgan.config.compare_options import DEFAULT_IMAGES, CompareOptions
from amalgan.core import files
from amalgan.core.errors import DataError, UsageError
from amalgan.core.ownership import is_ours
from amalgan.data import Dataset
from amalgan.data.dataset.subsets import hide_labels
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.evaluation.scores.score import Trial
from amalgan.kinds import text_of
from amalgan.studies.compare import commands, costs, outside_rows, timing
from amalgan.studies.compare.plan import (
    FORMAT,
    KIND,
    NAME,
    TUNING_SEED,
    TUNING_SHARE,
    Plan,
    asked_of,
    device_of,
    normalize_names,
)
from amalgan.studies.compare.plan_shape import Asked, SystemEntry
from amalgan.studies.compare.rows import Row
from amalgan.studies.compare.settings import build_system, trained_parameters
from amalgan.systems import registry
from amalgan.systems.abilities import abilities

OURS = ("plan.json", "tuning.json", "reference.json", "report.json", "report.html", "table.csv")
FOLDERS = ("runs", "tries")


@dataclass(frozen=True, eq=False)
class Draft:
    """A request with its data read and its settings filled in; nothing is written yet."""

    request: CompareOptions
    asked: Asked
    data: Dataset
    trial: Trial


def draft_plan(request: CompareOptions, console: Console) -> Draft:
    """Read what ``request`` names, and refuse what cannot be done.

    Raises:
        AmalganError: rows that cannot be told apart, data without a test split, examples of another size.
    """
    if request.plugin is not None:
        registry.load_plugin(request.plugin)
    request = normalize_names(request)
    facts = {"asked": {"reading": fields.to_json(request.reading)}, "where": where(request)}
    bare = Plan(request.out, facts)
    with (
        timing.one_thread(),
        console.status("reading the data, and its feature network (trained once a data set) ..."),
    ):
        data = bare.data
        check_data(request, data)
        outside_rows.check(bare)
        features = bare.features
        asked = asked_of(request, data, features)
    return Draft(
        request, asked, data, Trial(data=data, features=features, count=request.count, seed=request.seed)
    )


def load_or_make_plan(draft: Draft, console: Console) -> Plan:
    """The plan of ``draft``: the one in its folder, or a new one.

    Raises:
        UsageError: the plan that is there is of another request; names what differs.
    """
    out = draft.request.out
    refuse_inputs([out, *(out / name for name in FOLDERS)], draft.request.data)
    files.refuse_foreign(out / name for name in OURS)
    replaced = draft.request.overwrite and is_ours(out / NAME)
    if replaced:
        clear(out)
    if (out / NAME).exists():
        return continued(draft, console)
    if not replaced and (there := [name for name in (*OURS, *FOLDERS) if (out / name).exists()]):
        raise UsageError(f"{out} holds {there[0]} but no {NAME}: it is no comparison. Choose another --out.")
    with timing.one_thread():
        facts = facts_of(draft, console, {}, {})
    files.write_json(out / NAME, facts)
    return Plan(out, facts)


def where(request: CompareOptions) -> dict[str, Any]:
    """Where things lie on this machine."""

    def at(place: str) -> str:
        return str(Path(place).resolve()) if Path(place).exists() else place

    return {
        "data": at(request.data),
        "plugin": at(str(request.plugin)) if request.plugin else None,
        "samples": {name: [at(place) for place in places] for name, places in request.outside.items()},
        "cache": request.reading.cache,
    }


def said_here(request: CompareOptions) -> dict[str, Any]:
    """What a plan says of this machine and of the words it was asked in; may change between two sittings."""
    return {
        "where": where(request),
        "command": commands.of_comparison(request),
        "order": {"data": request.data, "flags": commands.train_flags(request)},
    }


def check_data(request: CompareOptions, data: Dataset) -> None:
    """Refuse data that a comparison cannot be made on."""
    if not len(data.test):
        raise DataError(
            f"{data.name} has no test split: too few different examples. Add some, or a test folder."
        )
    if request.reading.labeled is not None:
        hide_labels(data.train, request.reading.labeled, request.seed)
    if request.tries > 1 and len(data.validation) < 2:
        raise DataError(f"{data.name} has no validation examples to choose settings by. Use --tries 1.")


def continued(draft: Draft, console: Console) -> Plan:
    """The plan that is there, where it is of the same request; more rows and more seeds let it grow."""
    out, asked = draft.request.out, draft.asked
    plan = Plan.read(out)
    kept = {name: entry for name, entry in plan.systems.items() if name in asked.systems}
    before = fields.to_json(plan.asked)
    if changed := fields.list_differences(before, as_far_as(fields.to_json(asked), before)):
        raise UsageError(
            f"{out} holds another comparison; what differs:\n  " + "\n  ".join(changed[:8]) + "\n"
            "Give the same arguments to go on with it (more --systems, --samples or --seeds let it grow), "
            "--overwrite to replace it, or another --out."
        )
    if asked == plan.asked:
        facts = plan.facts | said_here(draft.request)
    else:
        with timing.one_thread():
            facts = facts_of(draft, console, kept, plan.facts["times"]["images_a_cpu_minute"])
    files.write_json(out / NAME, facts)
    return Plan(out, facts)


def as_far_as(asked: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """``asked`` without the systems, outside examples and seeds that it has beyond those of ``before``."""
    names = [name for name in asked["systems"] if name in before["systems"]]
    seeds = before["seeds"] if asked["seeds"][: len(before["seeds"])] == before["seeds"] else asked["seeds"]
    return asked | {
        "systems": sorted(names, key=before["systems"].index),
        "settings": {name: asked["settings"].get(name, kept) for name, kept in before["settings"].items()},
        "samples": {name: files for name, files in asked["samples"].items() if name in before["samples"]},
        "seeds": seeds,
    }


def clear(out: Path) -> None:
    """Remove an earlier comparison; what is none is left alone."""
    for name in FOLDERS:
        files.remove_within(out / name)
    for name in reversed(OURS):  # the plan goes last: it says that the rest is ours
        files.remove(out / name)


def facts_of(
    draft: Draft, console: Console, kept: dict[str, SystemEntry], known: dict[str, float | None]
) -> dict[str, Any]:
    """A new plan; systems that are ``kept`` from an earlier one have the images they had."""
    request, entries, rates = draft.request, list[SystemEntry](), dict[str, float | None]()
    pace = pace_of(draft, kept, known, console)
    for name in request.systems:
        if name in kept:
            entries.append(kept[name])
            rates[name] = known[name]
            continue
        with console.status(f"timing {name} on one thread ..."):
            made, rates[name] = entry(draft, name, pace)
        entries.append(made)
    assert draft.trial.features is not None
    return {
        "amalgan": KIND,
        "format": FORMAT,
        "asked": fields.to_json(draft.asked),
        **said_here(request),
        "data": described(draft.data),
        "budget": budget_of(request),
        "systems": fields.plain(entries),
        "tuning": {"seed": request.seed + TUNING_SEED, "share": 1 / TUNING_SHARE},
        "times": {
            "images_a_cpu_minute": rates,
            "training_seconds": training_seconds(request, entries, rates),
            "measuring_seconds": timing.measuring_seconds(draft.trial, draft.trial.features),
        },
    }


def pace_of(
    draft: Draft, kept: dict[str, SystemEntry], known: dict[str, float | None], console: Console
) -> float:
    """How fast this machine is now, over how fast the one was that the ``kept`` systems were timed on.

    A minute of the plan is a minute of that machine, so that systems which join later, on another machine or
    beside other work, get what those before them got.
    """
    timed = next(((name, rate) for name in kept if (rate := known.get(name))), None)
    if timed is None or draft.request.minutes is None or kept.keys() >= set(draft.request.systems):
        return 1.0
    name, before = timed
    with console.status(f"timing {name} again, to know what a minute of the plan is here ..."):
        _, now = entry(draft, name, 1.0)
    return now / before if now else 1.0


def entry(draft: Draft, name: str, pace: float) -> tuple[SystemEntry, float | None]:
    """What the plan says of one row, and its images a minute; ``pace``: minutes of the plan in one of this machine."""
    request, data, row = draft.request, draft.data, Row.of(name)
    settings = draft.asked.settings[name]
    config = fields.from_json(registry.config_class(row.system), settings)
    run = timing.trial_run(request, row.system, config, data)
    try:
        rate, work = timing.images_a_minute(request, run, data) / pace, costs.work_of_training(run, data)
    except Exception:  # it fails at once: its cells will fail too, and say why
        rate, work = None, None
    images = request.images or DEFAULT_IMAGES
    if request.minutes is not None:
        images = max(request.batch, round((rate or 0) * request.minutes / request.batch) * request.batch)
    system = registry.system_for(row.system, data.spec)
    made = SystemEntry(
        name=name,
        system=row.system,
        changed=dict(row.changes),
        source="built in" if system.__module__.startswith("amalgan.") else "plugin",
        summary=(inspect.getdoc(system) or "").split("\n")[0],
        abilities=tuple(abilities(system)),
        settings=settings,
        images=images,
        parameters=trained_parameters(build_system(row.system, config, data.spec)),
        flops_train=work,
    )
    return made, rate


def training_seconds(
    request: CompareOptions, entries: list[SystemEntry], rates: dict[str, float | None]
) -> float:
    """CPU-seconds of all training."""
    tries = request.tries / TUNING_SHARE if request.tries > 1 else 0
    times = [60 * one.images / rate for one in entries if (rate := rates[one.name])]
    return sum(times) * (request.seeds + tries)


def described(data: Dataset) -> dict[str, Any]:
    """The data for a report."""
    return {
        "name": data.name,
        "text": text_of(data.spec),
        "train": len(data.train),
        "validation": len(data.validation),
        "test": len(data.test),
        "classes": list(data.spec.classes),
        "fingerprint": data.fingerprint,
    }


def budget_of(request: CompareOptions) -> dict[str, Any]:
    """The budget in one sentence."""
    size = f" and about {request.parameters:,} trained parameters" if request.parameters else ""
    if request.minutes is not None:
        unit = "CPU-minute" if request.minutes == 1 else "CPU-minutes"
        where = "on one thread"
        if (device := device_of(request)) != "cpu":
            unit, where = unit.removeprefix("CPU-"), f"alone on {device}"
        text = (
            f"{request.minutes:g} {unit} of training{size} for every cell, {where}, "
            "converted into images once a system"
        )
        return {"kind": "cpu_minutes", "value": request.minutes, "text": text}
    images = request.images or DEFAULT_IMAGES
    kind, value = ("images", images) if request.images else ("parameters", request.parameters)
    spent = "CPU time" if device_of(request) == "cpu" else "time"
    open_ends = f"{spent} is not fixed" if request.parameters else f"{spent} and parameters are not fixed"
    text = f"{images:,} training images{size} for every cell; {open_ends} but reported"
    return {"kind": kind, "value": value, "text": text}
