"""Maps: a collection by its codes, searched by a picture, labeled, exported as a list or as a folder of copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.core.json_schema import find_misfit
from amalgan.core.ownership import json_at
from amalgan.data.writing.sheets import sheet
from amalgan.studio.jobs import Job
from amalgan.studio.refusals import Missing
from amalgan.studio.routes.data import state_and
from amalgan.studio.routes.requests import answer_get, answer_post, json_of, studio_of
from amalgan.studio.studio import Studio, safe

MAPPING, COPYING = "amalgan.studio.mapping", "amalgan.studio.copying"
CODES, MAP, LABELS = "codes.npz", "map.json", "labels.json"
CHOICE: dict[str, Any] = {"names": [str], "labels": {str: str}}
NEIGHBORS = 24
MOST_NAMES = 200_000


def listed(studio: Studio, path: dict[str, str]) -> Any:
    """Return the maps that were drawn, the newest first."""
    found = [job for job in studio.jobs.newest() if job.module == MAPPING]
    return {
        "maps": [
            {"id": job.id, "title": job.title, "state": studio.jobs.state(job), "created_at": job.created_at}
            for job in found
        ]
    }


def drawn(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Begin to draw a map."""
    values = studio.values(given)
    if not values.get("model") or not values.get("data"):
        raise UsageError("a map needs a model and pictures; choose both.")
    model, data = values["model"], values["data"]
    title = f"Map of {Path(data).name} by {Path(model).name}"
    job = studio.jobs.add(
        "look",
        title,
        [model, data],
        module=MAPPING,
        about={"model": model, "data": data},
        targets=(CODES, MAP),
    )
    return {"job": job.id}


def map_job(studio: Studio, id: str) -> Job:
    """Return the job of a map by its id."""
    job = studio.jobs.at(id)
    if job.module != MAPPING:
        raise Missing("there is no such map.")
    return job


def show_map(studio: Studio, path: dict[str, str]) -> Any:
    """Return a map, and the labels that were given."""
    job = map_job(studio, path["id"])
    labels = json_at(studio.jobs.place(job) / LABELS).get("labels", {})
    return state_and(studio, job, MAP) | {"labels": labels, "title": job.title}


def labeled(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Keep labels."""
    job = map_job(studio, path["id"])
    labels = choice_of({"names": [], **given})["labels"]
    files.write_json(studio.jobs.place(job) / LABELS, {"amalgan": "studio labels", "labels": labels})
    return {"labels": len(labels)}


def choice_of(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was chosen, checked."""
    found: dict[str, Any] = {"names": given.get("names"), "labels": given.get("labels") or {}}
    wrong = find_misfit(found, CHOICE, "")
    if wrong is not None or len(found["names"]) > MOST_NAMES:
        raise UsageError(f"the choice cannot be read: {wrong or 'it is too long'}; load the page again.")
    return found


def searched(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Begin to search by a picture."""
    job, place = map_job(studio, path["id"]), studio.places.at(str(given.get("picture")))
    model, data = (studio.known_word(job.about[name]) for name in ("model", "data"))
    codes = studio.word(studio.jobs.place(job) / CODES)
    words = ["embed", model, data, "--out", codes, "--query", studio.word(place)]
    words += ["--neighbors", str(NEIGHBORS), "--json"]
    return {"job": studio.jobs.add("look", "Search by a picture", words, about={"kind": "search"}).id}


def found(studio: Studio, path: dict[str, str]) -> Any:
    """Return what a search has found."""
    job = studio.jobs.at(path["id"])
    facts = state_and(studio, job, "none")
    answer = studio.jobs.answer(job) or {}
    query: Any = next(iter(answer.get("query") or []), {})
    return facts | {"neighbors": query.get("neighbors", []) if isinstance(query, dict) else []}


def copied(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Begin to copy what was chosen into a new folder."""
    job, choice = map_job(studio, path["id"]), choice_of(given)
    if not choice["names"]:
        raise UsageError("nothing is chosen; choose some pictures first.")
    data = studio.known_word(job.about["data"])
    out = studio.word(studio.fresh(safe(str(given.get("name") or f"cleaned-{Path(data).stem}"))))
    count = sum(one.name.startswith("choice-") for one in studio.jobs.place(job).iterdir())
    place = studio.jobs.place(job) / f"choice-{count + 1}.json"
    files.write_json(place, {"amalgan": "studio choice", **choice})
    title = f"Copy {len(choice['names']):,} files to {out}"
    words = [data, studio.word(place), out]
    return {"job": studio.jobs.add("work", title, words, module=COPYING, out=out).id, "out": out}


async def as_list(request: Request) -> Response:
    """Return what was chosen as a table: name and label."""
    studio, given = studio_of(request), await json_of(request)
    await run_in_threadpool(map_job, studio, request.path_params["id"])
    choice = choice_of(given)
    rows = [["name", "label"], *([name, choice["labels"].get(name, "")] for name in choice["names"])]
    headers = {"content-disposition": 'attachment; filename="chosen.csv"'}
    return Response(sheet(rows), media_type="text/csv; charset=utf-8", headers=headers)


ROUTES = [
    Route("/api/maps", answer_get(listed)),
    Route("/api/maps", answer_post(drawn), methods=["POST"]),
    Route("/api/maps/{id}", answer_get(show_map)),
    Route("/api/maps/{id}/labels", answer_post(labeled), methods=["POST"]),
    Route("/api/maps/{id}/search", answer_post(searched), methods=["POST"]),
    Route("/api/maps/{id}/folder", answer_post(copied), methods=["POST"]),
    Route("/api/maps/{id}/list", as_list, methods=["POST"]),
    Route("/api/searches/{id}", answer_get(found)),
]
