"""A server answers its own user alone, and what it may read alone.

a studio on loopback ◄─ other hosts (rebinding), origins, tokens ─► 403
                     ◄─ paths for ids, links out of the root ─────► a secret beside the root never shows
                     ◄─ huge and slow bodies, odd bytes ──────────► refused; whoever asks properly is answered
                     ◄─ hostile names, watchers that vanish ──────► text; nothing is left of them
"""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvicorn

from amalgan.core.files import append_line, write_json
from amalgan.studio.access import Access
from amalgan.studio.routes.application import application
from amalgan.studio.studio import Studio
from hostile import HOSTILE
from stress.figure import Figure, portion

TOKEN, SECRET = "the-token-of-this-server", "a secret beside the root"
BODY_SECONDS, BODY_BYTES = 0.5, 2**20
"""Instead of those of a real server, which takes longer to say no."""
ANSWER_SECONDS = 5.0
REQUESTS, BROKEN, WATCHERS = 400, 400, 48
PATHS = ("/api/runs", "/api/folders/root", "/", "/web/main.js", "/api/jobs", "/files/x")
HOSTS = ("evil.com", "evil.com:{port}", "localhost", "localhost:1", "127.0.0.1.evil.com:{port}", "{port}", "")
ORIGINS = (
    "null",
    "http://evil.com",
    "http://localhost",
    "https://localhost:{port}",
    "http://127.0.0.1.nip.io:{port}",
)
DOORS = ("/files/{}", "/api/folders/{}", "/api/runs/{}", "/web/{}", "/api/runs/{}/samples/secret.png")
WAYS = (
    "../{}",
    "..%2f{}",
    "%2e%2e/{}",
    "/{}",
    "//{}",
    "root/../{}",
    "..\\{}",
    "%00{}",
    "{}%00.png",
    "....//{}",
)


@dataclass
class Server:
    """A studio that listens in a thread of this process."""

    port: int
    studio: Studio

    def ask(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of an answer; headers take the place of the right ones."""
        right = {"Host": f"localhost:{self.port}", "X-Amalgan-Token": TOKEN}
        given = right | {name.replace("_", "-"): value for name, value in headers.items()}
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            client.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                client.putheader(name, value)
            if body is not None and "Content-Length" not in given:
                client.putheader("Content-Length", str(len(body)))
            client.endheaders(body)
            answer = client.getresponse()
            return answer.status, answer.read()
        finally:
            client.close()

    def head(self, line: str) -> bytes:
        """The head of a request, but for its last line."""
        return f"{line} HTTP/1.1\r\nHost: localhost:{self.port}\r\nX-Amalgan-Token: {TOKEN}\r\n".encode()

    def get(self, path: str) -> dict[str, object]:
        """The JSON that whoever asks properly gets, in time."""
        began = time.monotonic()
        status, body = self.ask(path)
        assert status == 200 and time.monotonic() - began < ANSWER_SECONDS, (path, status)
        found: dict[str, object] = json.loads(body)
        return found


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    """A studio of ``root``, within the block."""
    studio = Studio(root=root, runs=root / "runs")
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listener.getsockname()[1]
    hosts = frozenset({f"localhost:{port}", f"127.0.0.1:{port}"})
    access = Access(hosts=hosts, token=TOKEN, port=port, most_bytes=BODY_BYTES, body_seconds=BODY_SECONDS)
    app = application(studio, access)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, ws="none", http="h11", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Server(port, studio)
    finally:
        server.should_exit = True
        thread.join(10)


def laid_out(scratch: Path) -> Path:
    """A root with a run, hostile names and links; a secret lies beside it."""
    root = scratch / "root"
    (scratch / "beside").mkdir(parents=True)
    for name in ("secret.txt", "secret.html", "secret.png"):
        (scratch / "beside" / name).write_text(f"<!doctype html>Made by amalgan {SECRET}")
    run = root / "runs" / "one"
    write_json(run / "run.json", {"amalgan": "run", "system": "gan", "data": "digits", "images": 640})
    append_line(run / "log.jsonl", json.dumps({"round": 1, "images": 64, "seconds": 1.0, "a/b": 1.0}))
    for place in (root / "out", root / "runs" / "out", run / "samples"):
        place.symlink_to(scratch / "beside")
    (root / "runs" / "out.html").symlink_to(scratch / "beside" / "secret.html")
    base = os.fsencode(root / "names")
    for name in HOSTILE:
        told = name.replace("\0", "\\0").replace("/", "\u2215").encode("utf-8", "surrogatepass")[:200]
        os.makedirs(os.path.join(base, told), exist_ok=True)
    return root


def figure(share: float, scratch: Path) -> Figure:
    """Try all of it."""
    count = portion(REQUESTS, share, least=40)
    root = laid_out(scratch)
    with serving(root) as server:
        broken = [
            *from_elsewhere(server, count),
            *traversed(server, count, scratch),
            *bodies(server),
            *odd_bytes(server, portion(BROKEN, share, least=40)),
            *names(server),
            *watchers(server),
        ]
    return Figure(
        asked="403 for others; no secret; bounded bodies; whoever asks properly is answered",
        reached=f"{len(broken)} faults in {3 * count:,} requests of others, {len(HOSTILE)} names, {WATCHERS} watchers",
        broken=broken,
    )


def from_elsewhere(server: Server, count: int) -> Iterator[str]:
    """Hosts, origins and tokens that are not ours."""
    draws = random.Random(1)
    for at in range(count):
        method, path = draws.choice(("GET", "POST")), draws.choice(PATHS)
        wrong = (
            {"Host": draws.choice(HOSTS).format(port=server.port)},
            {"Origin": draws.choice(ORIGINS).format(port=server.port)},
            {"X-Amalgan-Token": "".join(draws.choices(TOKEN, k=len(TOKEN)))},
        )[at % 3]
        status, body = server.ask(path, method=method, body=b"{}" if method == "POST" else None, **wrong)
        if status != 403 or b"error" not in body:
            yield f"{method} {path} with {wrong} was answered with {status}"


def traversed(server: Server, count: int, scratch: Path) -> Iterator[str]:
    """Paths where ids should be, and links that lead out."""
    draws = random.Random(2)
    places = [scratch / "beside" / name for name in ("secret.txt", "secret.html", "secret.png")]
    linked = [
        server.studio.runs / "out.html",
        server.studio.root / "out" / "secret.txt",
        server.studio.runs / "out",
    ]
    ids = [server.studio.places.id_of(place) for place in (*places, *linked)]
    for _ in range(count):
        word = draws.choice(WAYS).format(draws.choice([str(place)[1:] for place in places]))
        id = draws.choice([word, quote(word, safe=""), *ids])
        path = draws.choice(DOORS)
        with suppress(http.client.InvalidURL):
            status, body = server.ask(path.format(id))
            if status == 200 or SECRET.encode() in body:
                yield f"{path.format(id)} was answered with {status}"
    found = json.dumps([server.get(path) for path in ("/api/runs", "/api/reports", "/api/folders/root")])
    if "secret" in found or '"out"' in found:
        yield f"what a link leads to is listed: {found[:300]}"


def bodies(server: Server) -> Iterator[str]:
    """Bodies that are too large, or never come."""
    head, piece = server.head("POST /api/pictures"), b"\x89PNG" * 2**14
    pieces = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    whole = pieces * (2 * BODY_BYTES // len(piece)) + b"0\r\n\r\n"
    for name, sent in (
        ("says its size", head + f"Content-Length: {2**40}\r\n\r\n".encode() + piece),
        ("does not say its size", head + b"Transfer-Encoding: chunked\r\n\r\n" + whole),
    ):
        if b" 413 " not in answered(server, sent):
            yield f"a huge body that {name} is taken"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(head + b"Content-Length: 1000\r\n\r\n\x89PNG")
        server.get("/api/studio")
        if b" 408 " not in client.recv(65536):
            yield "a body that never comes is waited for"
    if (server.studio.own_folder / "sent").exists():
        yield "a body that was refused was kept"


def answered(server: Server, sent: bytes) -> bytes:
    """The beginning of what the server says to these bytes; it may say so before it has them all."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        with suppress(ConnectionError):
            client.sendall(sent)
        with suppress(ConnectionError):
            return client.recv(65536)
    return b""


def odd_bytes(server: Server, count: int) -> Iterator[str]:
    """Bytes that are no request, from clients that leave at once: whoever asks properly then is answered."""
    draws = random.Random(3)
    whole = server.head("GET /api/runs") + b"\r\n"
    for _ in range(count):
        data = bytearray(whole)
        for _ in range(draws.randrange(1, 6)):
            data[draws.randrange(len(data))] = draws.randrange(256)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(bytes(data[: draws.randrange(1, len(data) + 1)]))
    if not server.get("/api/runs")["runs"]:
        yield "after odd bytes the runs are not listed"


def names(server: Server) -> Iterator[str]:
    """Hostile names, listed."""
    folders = server.get("/api/folders/root")["folders"]
    assert isinstance(folders, list)
    id = next(one["id"] for one in folders if one["name"] == "names")
    listed = server.get(f"/api/folders/{id}")["folders"]
    assert isinstance(listed, list)
    if len(listed) < len(HOSTILE) - 2:
        yield f"{len(listed)} of {len(HOSTILE)} names are listed"
    yield from (f"{one['name']!r} is listed" for one in listed if not one["name"].isprintable())


def watchers(server: Server) -> Iterator[str]:
    """Many who watch a run, and vanish in the middle of it."""
    runs = server.get("/api/runs")["runs"]
    assert isinstance(runs, list)
    head = server.head(f"GET /api/runs/{runs[0]['id']}/watch") + b"\r\n"
    clients = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(WATCHERS)]
    for client in clients:
        client.sendall(head)
    if not all(b"200 OK" in client.recv(65536) for client in clients):
        yield "a watcher was refused"
    server.get("/api/runs")
    for client in clients:
        client.close()
    until = time.monotonic() + 20
    log = server.studio.runs / "one" / "log.jsonl"
    while server.studio.watchers.count and time.monotonic() < until:
        append_line(log, json.dumps({"round": 2, "images": 128, "seconds": 2.0, "a/b": 1.0}))
        time.sleep(0.2)
    if server.studio.watchers.count:
        yield f"{server.studio.watchers.count} watchers that have gone are still served"
