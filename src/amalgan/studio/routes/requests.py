"""Requests and answers of all routes: bodies read with their bounds, functions called beside the event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from amalgan.core.errors import UsageError
from amalgan.core.json_schema import fitting
from amalgan.studio.refusals import Missing
from amalgan.studio.studio import Studio

Endpoint = Callable[[Request], Awaitable[Response]]
PICTURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
    b"GIF8": "image/gif",
}
"""By how a file begins: what is shown as a picture."""


def studio_of(request: Request) -> Studio:
    """Return the studio that answers."""
    found: Studio = request.app.state.studio
    return found


def answer_get(answer: Callable[[Studio, dict[str, str]], Any]) -> Endpoint:
    """Return the endpoint of what is only looked up: path parameters in, JSON out."""

    async def endpoint(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(answer, studio_of(request), request.path_params))

    return endpoint


def answer_post(answer: Callable[[Studio, dict[str, str], dict[str, Any]], Any]) -> Endpoint:
    """Return the endpoint of what is asked for with JSON."""

    async def endpoint(request: Request) -> Response:
        given = await json_of(request)
        return JSONResponse(await run_in_threadpool(answer, studio_of(request), request.path_params, given))

    return endpoint


async def json_of(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request's body.

    Raises:
        UsageError: it is none.
    """
    body = await request.body()
    found: dict[str, Any] | None = fitting(body or b"{}", {str: Any})
    if found is None:
        raise UsageError("the request is no JSON object; load the page again.")
    return found


def picture(place: Path) -> FileResponse:
    """Return a picture, of a kind that browsers draw and cannot run.

    Raises:
        Missing: it is none.
    """
    kind = kind_of(place)
    if kind is None:
        raise Missing(f"{place.name} is no picture.")
    return FileResponse(place, media_type=kind, headers={"cache-control": "private, max-age=60"})


def kind_of(place: Path) -> str | None:
    """Return the media type of a picture by its first bytes; None where it is none."""
    try:
        with place.open("rb") as file:
            start = file.read(8)
    except OSError:
        return None
    return next((kind for mark, kind in PICTURES.items() if start.startswith(mark)), None)
