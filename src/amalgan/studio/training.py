"""Training from the browser: what is asked for, begun, paused, gone on with, and ended early.

form ─► amalgan train DATA --minutes M --out RUNS/NAME      pause: SIGTERM, the state is kept
go on: the same words and --resume                          end now: pause, then --resume with next to no minutes
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from amalgan.core.errors import UsageError
from amalgan.core.ownership import json_at
from amalgan.studio.commands import Field, Form, Values
from amalgan.studio.jobs import Job
from amalgan.studio.logs import Log, all_curves, planned
from amalgan.studio.refusals import Taken
from amalgan.studio.runs import LOG, MODEL, RUN, SAVED, changed_at, header_of, samples_of, state_of
from amalgan.studio.studio import Studio, safe
from amalgan.systems import registry

END_MINUTES = 0.02
"""What a run is given that is to end now: time for one more round, and for what comes after the last."""
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
        Taken: it does not run, or this studio has not started it.
    """
    studio.jobs.stop(running_job(studio, run).id)


def go_on(studio: Studio, run: Path) -> Job:
    """Go on with a run that was paused."""
    return added(studio, run, values_of(studio, run), "--resume")


def end_now(studio: Studio, run: Path) -> Job:
    """End a run early: its model is what was reached."""
    values = values_of(studio, run) | {"minutes": END_MINUTES}
    if state_of(run) == "running":
        pause(studio, run)
    return added(studio, run, values, "--resume")


def running_job(studio: Studio, run: Path) -> Job:
    """Return the job that trains into ``run`` now."""
    job = studio.run_job(run)
    if job is None or studio.jobs.state(job) not in ("running", "waiting"):
        raise Taken(f"{studio.name(run)} was not started here; stop it where it was started, by Ctrl-C.")
    return job


def values_of(studio: Studio, run: Path) -> Values:
    """Return what a run was begun with here, checked anew.

    Raises:
        Taken: it was begun elsewhere, or has ended.
    """
    job = studio.run_job(run)
    if (run / MODEL).exists():
        raise Taken(f"{studio.name(run)} has ended; its model is there.")
    if job is None or not isinstance(values := job.about.get("values"), dict):
        raise Taken(
            f"{studio.name(run)} was begun in a terminal; go on there by amalgan train --resume, with its flags."
        )
    checked = form().checked(values)
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
        "resumable": state == "paused" and job is not None and any((run / one).exists() for one in SAVED),
        "metrics": model.get("metrics", {}),
    }


def how(studio: Studio, run: Path) -> dict[str, Any]:
    """Return how a run is, what its process says, and what went wrong."""
    state: str = state_of(run)
    job = studio.run_job(run)
    if job is None:
        return {"state": state, "said": [], "error": None}
    at, said, error = studio.jobs.state(job), studio.jobs.said(job)[-MOST_SAID:], None
    if at in ("waiting", "stopping"):
        state = at
    elif at == "running":
        state = "running" if state == "running" and (run / LOG).exists() else "starting"
    elif at == "failed" and state != "ended":
        error = (studio.jobs.answer(job) or {}).get("error") or "its process was ended."
        state = "failed" if state == "broken" else state
    return {"state": state, "said": said, "error": error}


def coming(studio: Studio) -> list[Path]:
    """Return the folders of runs that were asked for and are not there yet, or failed before they were."""
    jobs = [job for job in studio.jobs.newest() if job.lane == "train" and job.id in studio.jobs.own]
    places = [studio.root / job.out for job in jobs if job.out]
    return [place for place in places if not (place / RUN).exists() and how(studio, place)["state"] in COMING]


def curves_of(run: Path) -> dict[str, Any]:
    """Return all points of a run's log, thinned, and how many images are planned."""
    log = Log(run / LOG)
    log.more()
    return {"curves": all_curves(run, log), "planned": planned(json_at(run / RUN), log)}


def refuse_unknown(action: str) -> None:
    """Refuse what cannot be done with a run."""
    raise UsageError(f"a run cannot be told to {action}; it can be paused, resumed, and stopped.")
