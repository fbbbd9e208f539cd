"""Training from the browser: what is asked for, begun, paused, gone on with, and ended early.

form ─► amalgan train DATA --minutes M --out RUNS/NAME      pause: SIGTERM, the state is kept
go on: the same words and --resume                          end now: pause, then --resume with next to no minutes

A run from a terminal is paused by the signal that Ctrl-C sends there (``elsewhere``), and goes on from its own plan
(``resuming``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amalgan.core.errors import AmalganError, UsageError
from amalgan.core.ownership import json_at
from amalgan.studio import elsewhere
from amalgan.studio.commands import Field, Form, Values
from amalgan.studio.jobs import Job
from amalgan.studio.logs import Log, all_curves, read_planned_images
from amalgan.studio.refusals import Taken
from amalgan.studio.runs import LOG, MODEL, RUN, SAVED, changed_at, header_of, samples_of, state_of
from amalgan.studio.studio import Studio, safe
from amalgan.systems import registry

END_MINUTES = 0.02
"""What a run is given that is to end now: time for one more round, and for what comes after the last."""
GO_ON, END = "go on", "end"
"""What a run from a terminal is told."""
MOST_SAID = 12
COMING = ("waiting", "starting", "stopping", "failed")


def by_train(words: list[str], values: Values) -> list[str]:
    """Return Python that trains the same."""
    out, system, data = words[words.index("--out") + 1], values["system"], values["data"]
    more = f", seed={values['seed']}" if values.get("seed") else ""
    imports, settings = ["import amalgan as ag"], ""
    if values.get("preset") == "base":
        imports.append("from amalgan.systems.registry import config_class")
        settings = f", settings=config_class({system!r})().preset('base')"
    if "size" in values:
        imports.append("from amalgan.config.data import DataConfig")
        more += f", reading=DataConfig(size={values['size']!r})"
    call = f"ag.train({system!r}, {data!r}, minutes={values['minutes']}, out={out!r}{settings}{more})"
    return [*imports, "", f"model = {call}"]


def form() -> Form:
    """Return what is asked of a training."""
    systems = tuple((name, name) for name in registry.names())
    presets = (("quick", "small and quick"), ("base", "larger, for patience or a GPU"))
    return Form(
        name="train",
        title="Train",
        about="Train a model on pictures; it is one file, and does everything that its system can.",
        fields=(
            Field(name="data", title="Pictures", kind="data"),
            Field(name="minutes", title="Minutes", kind="number", default=5, least=0.05, most=100_000),
            Field(name="system", title="System", kind="choice", default="fusion", choices=systems),
            Field(name="size", title="Size", kind="size"),
            Field(name="preset", title="Networks", kind="choice", default="quick", choices=presets),
            Field(name="seed", title="Seed", kind="number", default=0, most=2**31, whole=True),
        ),
        python=by_train,
    )


def begin(studio: Studio, given: Mapping[str, Any]) -> tuple[Job, Path]:
    """Begin to train; return the job and the folder of the run.

    Raises:
        AmalganError: the form is wrong, or enough is waiting.
    """
    asked = form()
    values: Values = {"minutes": 5, "system": "fusion"} | asked.checked(studio.values(given))
    name = str(given.get("name") or "") or f"{Path(values['data']).stem or 'data'}-{values['system']}"
    run = studio.fresh(safe(name))
    return added(studio, run, values), run


def added(studio: Studio, run: Path, values: Values, *more: str) -> Job:
    """Note the job that trains into ``run``."""
    asked, out = form(), studio.word(run)
    words = asked.words(values, out)
    return studio.jobs.add(
        "train",
        f"Train {studio.name(run)}",
        [*words, *more, "--json"],
        python=asked.python(words, values),
        out=out,
        about={"values": values},
    )


def pause(studio: Studio, run: Path) -> None:
    """Stop a run and keep its state.

    Raises:
        Taken: it does not run, or its process cannot be asked.
    """
    job = studio.run_job(run)
    if job is not None and studio.jobs.state(job) in ("running", "waiting"):
        studio.jobs.stop(job.id)
    elif state_of(run) == "running":
        elsewhere.pause(run, studio.name(run))
    else:
        raise Taken(f"{studio.name(run)} does not run now.")


def go_on(studio: Studio, run: Path) -> Job:
    """Go on with a run that was paused."""
    refuse_ended(studio, run)
    values = values_of(studio, run)
    return added(studio, run, values, "--resume") if values else resumed(studio, run, GO_ON)


def end_now(studio: Studio, run: Path) -> Job:
    """End a run early: its model is what was reached."""
    refuse_ended(studio, run)
    values = values_of(studio, run)
    if not values:
        known_data(studio, run)
    if state_of(run) == "running":
        pause(studio, run)
    if values:
        return added(studio, run, values | {"minutes": END_MINUTES}, "--resume")
    return resumed(studio, run, END)


def resumed(studio: Studio, run: Path, how: str) -> Job:
    """Note the job that goes on with a run from its own plan: it was begun in a terminal."""
    out = studio.word(run)
    return studio.jobs.add(
        "train",
        f"Train {studio.name(run)}",
        [out, known_data(studio, run), how],
        module="amalgan.studio.resuming",
        out=out,
    )


def known_data(studio: Studio, run: Path) -> str:
    """Return what a run's plan calls its data, known to be a built-in word or a place below the root.

    Raises:
        Taken: it is neither.
    """
    word = json_at(run / RUN).get("data")
    try:
        if not isinstance(word, str):
            raise UsageError("its plan names none.")
        inside = Path(word).relative_to(studio.root) if Path(word).is_absolute() else word
        return studio.known_word(str(inside))
    except (AmalganError, ValueError):
        raise Taken(
            f"{studio.name(run)} was begun in a terminal, and its data does not lie below the studio's root; "
            "go on there by amalgan train --resume, with its flags."
        ) from None


def refuse_ended(studio: Studio, run: Path) -> None:
    """Refuse a run that has ended."""
    if (run / MODEL).exists():
        raise Taken(f"{studio.name(run)} has ended; its model is there.")


def values_of(studio: Studio, run: Path) -> Values | None:
    """Return what a run was begun with here, checked anew; None where it was begun in a terminal."""
    jobs = [job for job in studio.run_jobs(run) if isinstance(job.about.get("values"), dict)]
    if not jobs:
        return None
    checked = form().checked(jobs[0].about["values"])
    return checked | {"data": studio.known_word(checked["data"])}


def summary(studio: Studio, run: Path) -> dict[str, Any]:
    """Return what a list of runs shows of one."""
    plan, job = json_at(run / RUN), studio.run_job(run)
    state = how(studio, run)["state"]
    model = header_of(run / MODEL) if state == "ended" else {}
    return {
        "id": studio.places.id_of(run),
        "name": studio.name(run),
        "state": state,
        "system": str(plan.get("system", "")),
        "data": str(plan.get("data", "")),
        "images": (model.get("training") or {}).get("images", plan.get("images")),
        "batch": plan.get("batch"),
        "seed": plan.get("seed"),
        "changed_at": changed_at(run),
        "samples": samples_of(run)[-1:],
        "here": job is not None,
        "job": job.id if job is not None else None,
        "resumable": state == "paused" and any((run / one).exists() for one in SAVED),
        "metrics": model.get("metrics", {}),
    }


def how(studio: Studio, run: Path) -> dict[str, Any]:
    """Return how a run is, what its process says, and what went wrong."""
    state: str = state_of(run)
    job = studio.run_job(run)
    if job is None:
        return {"state": state, "said": [], "error": None}
    at, said, error = studio.jobs.state(job), studio.jobs.read_output(job)[-MOST_SAID:], None
    if at in ("waiting", "stopping"):
        state = at
    elif at == "running":
        state = "running" if state == "running" and (run / LOG).exists() else "starting"
    elif at == "failed" and state != "ended":
        error = (studio.jobs.answer(job) or {}).get("error") or "its process was ended."
        state = "failed" if state == "broken" else state
    return {"state": state, "said": said, "error": error}


def list_coming(studio: Studio) -> list[Path]:
    """Return the folders of runs that were asked for and are not there yet, or failed before they were."""
    jobs = [job for job in studio.jobs.newest() if job.lane == "train" and job.id in studio.jobs.started_here]
    places = [studio.root / job.out for job in jobs if job.out]
    return [place for place in places if not (place / RUN).exists() and how(studio, place)["state"] in COMING]


def curves_of(run: Path) -> dict[str, Any]:
    """Return all points of a run's log, thinned, and how many images are planned."""
    log = Log(run / LOG)
    log.more()
    return {"curves": all_curves(run, log), "planned": read_planned_images(json_at(run / RUN), log)}


def refuse_unknown(action: str) -> None:
    """Refuse what cannot be done with a run."""
    raise UsageError(f"a run cannot be told to {action}; it can be paused, resumed, and stopped.")
