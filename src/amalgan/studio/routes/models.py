"""Models and reports: listed, and opened in place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.routing import Route

from amalgan.core.ownership import is_ours, json_at
from amalgan.data.readers.builtin import WORDS
from amalgan.studio.pages import title_of
from amalgan.studio.routes.requests import answer_get, answer_post
from amalgan.studio.runs import MODEL, RUN, changed_at, header_of, samples_of
from amalgan.studio.studio import Studio


def listed(studio: Studio, path: dict[str, str]) -> Any:
    """Return all models, the newest first."""
    return {"models": [facts_of(studio, file) for file in studio.found().models]}


def facts_of(studio: Studio, file: Path) -> dict[str, Any]:
    """Return what the list shows of a model."""
    told_of, place = header_of(file), named(file)
    training, spec = told_of.get("training") or {}, told_of.get("spec") or {}
    sheets = samples_of(file.parent) if place != file else []
    return {
        "id": studio.places.id_of(place),
        "name": studio.name(place),
        "system": str(told_of.get("system", "")),
        "abilities": [str(one) for one in told_of.get("abilities", [])],
        "kind": str(spec.get("kind", "")),
        "shape": spec.get("shape", []),
        "classes": len(spec.get("classes", [])),
        "data": str((told_of.get("data") or {}).get("name", "")),
        "images": training.get("images"),
        "metrics": told_of.get("metrics") or {},
        "doubts": [str(one) for one in told_of.get("doubts", [])],
        "digest": str(told_of.get("digest", "")),
        "bytes": file.stat().st_size,
        "changed_at": changed_at(place),
        "sheet": next(
            (name for name in reversed(sheets) if name.startswith("generated")), next(iter(sheets[-1:]), None)
        ),
        "measurable": data_of(studio, place) is not None,
    }


def named(file: Path) -> Path:
    """Return what a model is called by: the folder of its run, where it is in one."""
    return file.parent if file.name == MODEL and is_ours(file.parent / RUN) else file


def data_of(studio: Studio, place: Path) -> str | None:
    """Return the data that a run was trained on, where it is still there."""
    data = json_at(place / RUN).get("data") if place.is_dir() else None
    if isinstance(data, str) and (data in WORDS or (studio.root / data).exists()):
        return studio.known_word(data)
    return None


def page(studio: Studio, path: dict[str, str], given: dict[str, Any]) -> Any:
    """Return the page of a model; where there is none yet, the job that makes it."""
    place = studio.model_at(path["id"])
    file = place / MODEL if place.is_dir() else place
    data = data_of(studio, place) if given.get("measured") else None
    target = (
        studio.own_folder / "pages" / f"{header_of(file).get('digest', '')}{'-measured' if data else ''}.html"
    )
    if is_ours(target) and target.stat().st_size:
        return {"page": studio.places.id_of(target)}
    target.parent.mkdir(parents=True, exist_ok=True)
    words = ["export", studio.word(place), "--to", "page", "--out", studio.word(target)]
    words += ["--data", data] if data else []
    job = studio.jobs.add(
        "look", f"Page of {studio.name(place)}", [*words, "--json"], out=studio.word(target)
    )
    return {"page": None, "job": job.id}


def reports(studio: Studio, path: dict[str, str]) -> Any:
    """Return all pages that amalgan wrote, the newest first."""
    return {
        "reports": [
            {
                "id": studio.places.id_of(place),
                "name": studio.name(place),
                "title": title_of(place),
                "changed_at": changed_at(place),
            }
            for place in studio.found().pages
        ]
    }


ROUTES = [
    Route("/api/models", answer_get(listed)),
    Route("/api/models/{id}/page", answer_post(page), methods=["POST"]),
    Route("/api/reports", answer_get(reports)),
]
