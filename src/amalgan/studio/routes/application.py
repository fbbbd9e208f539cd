"""The application: all routes, one guard before them, and a beat that begins what waits.

Guard ─► routes ─► Studio          every error that a user can meet ─► {"error": a sentence}, with its status
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from amalgan.core.errors import AmalganError
from amalgan.studio.access import Access, Guard
from amalgan.studio.refusals import Missing, status_of
from amalgan.studio.routes import data, jobs, maps, models, runs
from amalgan.studio.routes.requests import studio_of
from amalgan.studio.studio import Studio

BEAT_SECONDS = 0.4
COOKIE_SECONDS = 30 * 86_400
KINDS = {".js": "text/javascript", ".css": "text/css"}
LOGGER = logging.getLogger("amalgan.studio")


def application(studio: Studio, access: Access) -> ASGIApp:
    """Return the application of a studio."""
    routes = [
        Route("/", partial(first, access=access)),
        Route("/web/{name}", web),
        Route("/api/studio", about),
        *runs.ROUTES,
        *jobs.ROUTES,
        *models.ROUTES,
        *data.ROUTES,
        *maps.ROUTES,
    ]
    handlers = {AmalganError: refused, HTTPException: unknown, OSError: failed, Exception: failed}
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=beating)
    app.state.studio = studio
    return Guard(app, access)


@asynccontextmanager
async def beating(app: Starlette) -> AsyncIterator[None]:
    """Within the block begin what waits; what runs when it ends goes on."""
    task = asyncio.create_task(beat(app.state.studio))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def beat(studio: Studio) -> None:
    """Begin what waits, again and again."""
    while True:
        try:
            await run_in_threadpool(studio.jobs.tick)
        except AmalganError as error:
            LOGGER.warning("%s", error)
        await asyncio.sleep(BEAT_SECONDS)


async def first(request: Request, access: Access) -> Response:
    """Return the page. Its address held the token, which a cookie keeps from now on; no script can read it."""
    response = Response(file_of("index.html").read_bytes(), media_type="text/html; charset=utf-8")
    response.set_cookie(
        access.cookie, access.token, max_age=COOKIE_SECONDS, httponly=True, samesite="strict", path="/"
    )
    return response


async def web(request: Request) -> Response:
    """Return a module or a style: the studio's own, or one that it shares with the page of a model."""
    name = request.path_params["name"]
    kind = next((kind for ending, kind in KINDS.items() if name.endswith(ending)), None)
    if kind is None:
        raise Missing(f"this server has no {name!r}.")
    return Response(file_of(name).read_bytes(), media_type=kind)


def file_of(name: str) -> Traversable:
    """Return a file of the page.

    Raises:
        Missing: there is none of that name.
    """
    for package in ("amalgan.studio", "amalgan.studies.page"):
        for file in (resources.files(package) / "web").iterdir():
            if file.name == name:
                return file
    raise Missing(f"this server has no {name!r}.")


async def about(request: Request) -> Response:
    """Return what the page says of the studio."""
    studio = studio_of(request)
    return JSONResponse({"root": studio.root.name, "runs": studio.places.name(studio.runs)})


async def refused(request: Request, error: Exception) -> Response:
    """Say what is wrong."""
    assert isinstance(error, AmalganError)
    return JSONResponse({"error": str(error)}, status_of(error))


async def unknown(request: Request, error: Exception) -> Response:
    """Say that there is nothing at that address."""
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": "there is nothing at this address."}, error.status_code)


async def failed(request: Request, error: Exception) -> Response:
    """Say what the machine refused, or that it is a bug, whose trace the terminal shows."""
    if isinstance(error, OSError):
        return JSONResponse({"error": f"{error.strerror or error}."}, 500)
    LOGGER.error("a request failed", exc_info=error)
    return JSONResponse({"error": f"this is a bug: {type(error).__name__}: {error}"}, 500)
