"""Jobs: the forms that there are, what was asked for, how it went, and what it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from amalgan.core.errors import UsageError
from amalgan.core.ownership import is_ours
from amalgan.studio import training, wording
from amalgan.studio.commands import FORMS
from amalgan.studio.jobs import Job
from amalgan.studio.pages import shown_page
from amalgan.studio.refusals import Missing
from amalgan.studio.routes.requests import answer_get, answer_post, kind_of, picture, studio_of
from amalgan.studio.studio import OWN, Studio, safe

MOST_FILES = 66
SHOWN_LINES = 12


def forms(studio: Studio, path: dict[str, str]) -> Any:
    """Return every form."""
    return {"train": training.form().to_json(), "jobs": [form.to_json() for form in FORMS.values()]}


def listed(studio: Studio, path: dict[str, str]) -> Any:
    """Return the jobs, the newest first; what only the page asks for by itself is left out."""
    return {"jobs": [brief(studio, job) for job in studio.jobs.newest() if job.lane != "look"]}


def brief(studio: Studio, job: Job) -> dict[str, Any]:
    """Return what a list shows of a job."""
    state = studio.jobs.state(job)
    said = studio.jobs.read_output(job)[-1:] if state in ("running", "stopping") else []
    times = {"created_at": job.created_at, "started_at": job.started_at}
    return {"id": job.id, "title": job.title, "lane": job.lane, "state": state, "said": said, **times}


def one(studio: Studio, path: dict[str, str]) -> Any:
    """Return all there is to know of a job."""
    job = studio.jobs.at(path["id"])
    facts = brief(studio, job)
    answer = studio.jobs.answer(job) if facts["state"] not in ("waiting", "running") else None
    return facts | {
        "said": studio.jobs.read_output(job)[-SHOWN_LINES:],
        "answer": answer,
        "results": wording.results(answer or {}),
        "line": wording.command_line(job.arguments) if job.module == "amalgan" else "",
        "python": job.python,
        "files": written(studio, job) if facts["state"] == "done" else [],
    }


def written(studio: Studio, job: Job) -> list[dict[str, Any]]:
    """Return the files that a job has written, the pages first; of many pictures some, evenly."""
    place = studio.root / (job.out or "")
    if job.out is None or studio.runs not in place.resolve().parents:
        return []
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    plain = [one for one in found[:2000] if one.is_file() and not one.is_symlink() and one.name[0] != "."]
    plain.sort(key=lambda one: (one.suffix != ".html", kind_of(one) is None))
    step = max(1, -(-len(plain) // MOST_FILES))  # pictures stand class by class
    kinds = [(one, shown_as(one)) for one in plain]
    kept = [pair for at, pair in enumerate(kinds) if pair[1] != "picture" or at % step == 0][:MOST_FILES]
    return [{"id": studio.places.id_of(one), "name": studio.name(one), "kind": kind} for one, kind in kept]


def shown_as(place: Path) -> str:
    """Return how a file is shown: a page, a picture, or to be saved."""
    if place.suffix == ".html" and is_ours(place):
        return "page"
    return "picture" if kind_of(place) else "file"


def begun(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Ask for a job."""
    form = FORMS.get(str(given.get("name")))
    if form is None:
        raise UsageError(f"there is no such job; there are {', '.join(FORMS)}.")
    values = form.checked(studio.values(given.get("values") or {}))
    about = [called(values[name]) for name in ("model", "data") if name in values]
    place = studio.fresh(safe("-".join([form.name, *about])), form.ending)
    out = studio.word(place)
    words = form.words(values, out)
    title = f"{form.title}: {' · '.join(about)}"
    job = studio.jobs.add(
        "work",
        title,
        [*words, "--json"],
        python=form.python(words, values),
        out=out,
        about={"values": values},
    )
    return brief(studio, job)


def called(word: str) -> str:
    """Return what a model or data is called in a title; a picture that was sent has no name of its own."""
    place = Path(word)
    return "picture" if OWN in place.parts else place.stem


def stopped(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Ask a job to stop."""
    return brief(studio, studio.jobs.stop(path["id"]))


async def file(request: Request) -> Response:
    """Return a file below the folder of runs: pages and pictures to be shown, all else to be saved."""
    studio = studio_of(request)
    place = await run_in_threadpool(studio.places.at, request.path_params["id"])
    if studio.runs not in place.parents or not place.is_file():
        raise Missing(f"{studio.name(place)} is nothing that a job has written.")
    if place.suffix == ".html" and is_ours(place):
        return await run_in_threadpool(shown_page, place)
    if kind_of(place):
        return picture(place)
    return FileResponse(place, media_type="application/octet-stream", filename=place.name)


ROUTES = [
    Route("/api/forms", answer_get(forms)),
    Route("/api/jobs", answer_get(listed)),
    Route("/api/jobs", answer_post(begun), methods=["POST"]),
    Route("/api/jobs/{id}", answer_get(one)),
    Route("/api/jobs/{id}/stop", answer_post(stopped), methods=["POST"]),
    Route("/files/{id}", file),
]
