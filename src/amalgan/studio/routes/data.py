"""Data: folders to choose from, pictures that are sent, and what a data set is like."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.core.ownership import is_ours, json_at
from amalgan.data.readers.builtin import WORDS
from amalgan.studio.jobs import Job
from amalgan.studio.places import count_pictures, is_data_file
from amalgan.studio.refusals import Missing
from amalgan.studio.routes.requests import PICTURES, answer_get, answer_post, studio_of
from amalgan.studio.runs import RUN
from amalgan.studio.studio import Studio
from amalgan.systems import registry

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif"}


def folder(studio: Studio, path: dict[str, str]) -> Any:
    """Return what of a folder may be chosen; ``root`` is where it begins."""
    here = studio.root if path["id"] == "root" else studio.places.at(path["id"])
    if not here.is_dir():
        raise Missing(f"{studio.name(here)} is no folder.")
    places = list(studio.places.listed(here))
    above = [one for one in (here, *here.parents) if studio.root in (one, *one.parents)]
    return {
        "id": studio.places.id_of(here),
        "name": studio.places.name(here),
        "pictures": count_pictures(here),
        "way": [{"id": studio.places.id_of(one), "name": last_name(studio, one)} for one in reversed(above)],
        "folders": [entry(studio, one) for one in places if is_choosable(studio, one)],
        "files": [entry(studio, one) for one in places if is_data_file(one)],
        "words": sorted(WORDS),
    }


def last_name(studio: Studio, place: Path) -> str:
    """Return the last part of a place's name."""
    return studio.root.name if place == studio.root else studio.places.name(place).rpartition("/")[2]


def entry(studio: Studio, place: Path) -> dict[str, Any]:
    """Return a folder, or a file that may hold data."""
    found = {"id": studio.places.id_of(place), "name": last_name(studio, place)}
    return found | (
        {"pictures": count_pictures(place)} if place.is_dir() else {"bytes": place.stat().st_size}
    )


def is_choosable(studio: Studio, place: Path) -> bool:
    """Whether a folder may hold data: the runs do not."""
    return place.is_dir() and not is_ours(place / RUN)


def start_overview(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Begin to look over a data set."""
    data, system = studio.data_word(given.get("data")), str(given.get("system") or "fusion")
    minutes = given.get("minutes") or ""
    if system not in registry.names():
        raise UsageError(f"there is no system {system!r}.")
    if minutes != "" and not (isinstance(minutes, int | float) and 0 < minutes < 1e6):
        raise UsageError(f"minutes is {minutes!r}; give a number above 0.")
    words = [data, str(minutes), system]
    job = studio.jobs.add(
        "look",
        f"Look over {data}",
        words,
        module="amalgan.studio.looking",
        about={"data": data},
        targets=("look.json",),
    )
    return {"job": job.id}


def show_overview(studio: Studio, path: dict[str, str]) -> Any:
    """Return what has been seen so far of a data set."""
    job = studio.jobs.at(path["id"])
    return state_and(studio, job, "look.json")


def state_and(studio: Studio, job: Job, name: str) -> dict[str, Any]:
    """Return how a job is, what went wrong, and what it has written so far into its folder."""
    state = studio.jobs.state(job)
    answer = studio.jobs.answer(job) if state in ("done", "failed") else None
    error = (answer or {}).get("error") or (
        "its process was ended" if state in ("failed", "stopped") else None
    )
    said = studio.jobs.read_output(job)[-1:]
    return {
        "state": state,
        "error": error,
        "said": said,
        "facts": json_at(studio.jobs.place(job) / name) or None,
    }


async def sent(request: Request) -> Response:
    """Keep a picture that was sent, to be restored or searched by; return its id."""
    body = await request.body()
    kind = next((kind for mark, kind in PICTURES.items() if body.startswith(mark)), None)
    if kind is None:
        raise UsageError("this is no PNG, JPEG, WebP or GIF; choose a picture.")
    studio = studio_of(request)
    place = await run_in_threadpool(kept, studio, body, ENDINGS[kind])
    return JSONResponse({"id": studio.places.id_of(place), "name": "your picture"})


def kept(studio: Studio, body: bytes, ending: str) -> Path:
    """Write a picture below the studio's own folder, called by its content."""
    place = studio.own_folder / "sent" / f"{blake2b(body, digest_size=12).hexdigest()}.{ending}"
    if not place.exists():
        files.write_bytes(place, body)
    return place


ROUTES = [
    Route("/api/folders/{id}", answer_get(folder)),
    Route("/api/look", answer_post(start_overview), methods=["POST"]),
    Route("/api/looks/{id}", answer_get(show_overview)),
    Route("/api/pictures", sent, methods=["POST"]),
]
