"""Runs: listed, watched, begun, paused, gone on with, ended; their sheets of pictures."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from amalgan.core.ownership import is_ours, json_at
from amalgan.studio import training, wording
from amalgan.studio.refusals import Missing
from amalgan.studio.routes.requests import answer_get, answer_post, picture, studio_of
from amalgan.studio.runs import RUN, SAMPLES, is_sheet
from amalgan.studio.studio import Studio
from amalgan.studio.watching import Watch

ACTIONS = {"pause": training.pause, "resume": training.go_on, "stop": training.end_now}


def listed(studio: Studio, path: dict[str, str]) -> Any:
    """Return all runs, the newest first."""
    runs = [*training.list_coming(studio), *studio.found().runs]
    return {"runs": [training.summary(studio, run) for run in dict.fromkeys(runs)]}


def one(studio: Studio, path: dict[str, str]) -> Any:
    """Return a run: its plan, its curves, the command that began it."""
    run = studio.run_at(path["id"])
    job = next((job for job in studio.run_jobs(run) if job.module == "amalgan"), None)
    line, python = (wording.command_line(job.arguments), job.python) if job is not None else ("", [])
    facts = {"settings": [*wording.settings(json_at(run / RUN))], "line": line, "python": python}
    return training.summary(studio, run) | training.curves_of(run) | facts


def begun(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Begin to train."""
    job, run = training.begin(studio, given)
    return {"job": job.id, "run": studio.places.id_of(run), "name": studio.name(run)}


def acted(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Pause a run, go on with it, or end it."""
    run, action = studio.run_at(path["id"]), ACTIONS.get(path["action"])
    if action is None:
        training.refuse_unknown(path["action"])
    else:
        action(studio, run)
    return training.summary(studio, run)


async def watched(request: Request) -> Response:
    """Stream what happens in a run."""
    studio = studio_of(request)
    studio.watchers.check()
    run = await run_in_threadpool(studio.run_at, request.path_params["id"])

    watch = Watch(run, lambda: training.how(studio, run))
    return StreamingResponse(studio.watchers.stream(watch), media_type="text/event-stream")


async def sheet(request: Request) -> Response:
    """Return a sheet of pictures that a run has drawn."""
    studio, name = studio_of(request), request.path_params["name"]
    place = await run_in_threadpool(studio.run_at, request.path_params["id"]) / SAMPLES / name
    if not is_sheet(name) or not is_ours(studio.places.within(place)):
        raise Missing("there is no such sheet of pictures.")
    return picture(place)


ROUTES = [
    Route("/api/runs", answer_get(listed)),
    Route("/api/runs/{id}", answer_get(one)),
    Route("/api/runs/{id}/watch", watched),
    Route("/api/runs/{id}/samples/{name}", sheet),
    Route("/api/runs/{id}/{action}", answer_post(acted), methods=["POST"]),
    Route("/api/train", answer_post(begun), methods=["POST"]),
]
