"""The studio as a server on this machine.

--host, --port ─► a socket ─► Access: its own names, a new token ─► uvicorn, until Ctrl-C ─► runs go on
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import uvicorn

from amalgan.core import locks
from amalgan.core.errors import FileError, UsageError
from amalgan.studio.access import Access
from amalgan.studio.routes.application import application
from amalgan.studio.studio import Studio

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MOST_CONNECTIONS = 256
MOST_HEADER_BYTES = 32_768
IDLE_SECONDS, END_SECONDS = 30, 2


def serve(
    root: Path,
    runs: Path,
    *,
    host: str,
    port: int,
    name: str | None = None,
    ready: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the studio of ``runs`` until a signal ends it.

    Args:
        name: a further name of this machine that browsers may use, where it listens beyond loopback.
        ready: hears the whole address, token included, once connections are taken.

    Raises:
        UsageError: the runs do not lie below the root.
        FileError: another studio serves them, or the port is taken.
    """
    studio = Studio(root=root, runs=runs)
    with alone(studio), listening(host, port) as listener:
        bound = listener.getsockname()[1]
        access = Access(hosts=hosts_of(host, name, bound), token=secrets.token_urlsafe(24), port=bound)
        config = uvicorn.Config(
            application(studio, access),
            log_config=None,
            log_level="critical",  # odd requests are refused, and nobody at the terminal can mend them
            access_log=False,
            ws="none",
            http="h11",
            loop="asyncio",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            h11_max_incomplete_event_size=MOST_HEADER_BYTES,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=END_SECONDS,
        )
        ready(f"http://{shown_host(host)}:{bound}/?token={access.token}")
        uvicorn.Server(config).run(sockets=[listener])


def alone(studio: Studio) -> AbstractContextManager[None]:
    """Hold the studio's folder, so that no second one begins jobs there.

    Raises:
        FileError: there is one.
    """
    studio.own_folder.mkdir(parents=True, exist_ok=True)
    if locks.is_held(studio.own_folder / locks.NAME):
        raise FileError(f"another studio serves {studio.runs}. Use that one, or end it first.")
    return locks.hold_folder(studio.own_folder)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UsageError: the address is none of this machine, or the port is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on {host}, port {port}: {why}. Give another --port; 0 takes a free one."
        ) from None


def hosts_of(host: str, name: str | None, port: int) -> frozenset[str]:
    """Return what the Host header of a request may be."""
    names = {*LOOPBACK, bracketed(host).lower(), *([name.lower()] if name else [])} - {"0.0.0.0", "[::]"}
    return frozenset(f"{one}:{port}" for one in names) | (frozenset(names) if port == 80 else frozenset())


def bracketed(host: str) -> str:
    """Return a host as addresses have it: IPv6 in brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def shown_host(host: str) -> str:
    """Return the host of the address that is printed."""
    return "localhost" if host in ("0.0.0.0", "::") else bracketed(host)
