"""Who may ask: every way in that is not this machine's own browser is refused, in a sentence."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amalgan.core.errors import UsageError
from amalgan.studio.access import HEADER, MOST_BYTES, bounded
from amalgan.studio.refusals import TooLarge, TooSlow
from amalgan.studio.routes.serving import hosts_of
from amalgan.studio.studio import Studio
from hostile import HOSTILE
from studio_support import pictures, run_of


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "localhost",
        "localhost:80",
        "localhost:8420.evil.com",
        "127.0.0.1:8421",
        "",
        "evil@localhost:8420",
    ],
)
def test_another_host_is_refused(asking: Any, host: str) -> None:
    answer = asking.client.get("/api/runs", headers={"host": host})
    assert answer.status_code == 403 and "own address" in answer.json()["error"]


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.com", "http://localhost:8421", "https://localhost:8420", "file://"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(asking: Any, origin: str, method: str) -> None:
    answer = asking.client.request(method, "/api/jobs", headers={"origin": origin}, json={})
    assert answer.status_code == 403 and "own pages" in answer.json()["error"]


def test_its_own_origin_is_answered(asking: Any) -> None:
    assert asking.client.get("/api/runs", headers={"origin": "http://localhost:8420"}).status_code == 200


def test_a_change_that_another_site_asks_for_is_refused(asking: Any) -> None:
    for site in ("cross-site", "same-site", "none"):
        assert asking.client.post("/api/train", json={}, headers={"sec-fetch-site": site}).status_code == 403
    assert (
        asking.client.post("/api/train", json={}, headers={"sec-fetch-site": "same-origin"}).status_code
        == 400
    )


@pytest.mark.parametrize("path", ["/", "/api/runs", "/web/main.js", "/files/x", "/no/such"])
@pytest.mark.parametrize("token", ["", "a-token-of-the-test", "a-token-of-the-tests ", "\xe9"])
def test_nothing_is_answered_without_the_token(asking: Any, path: str, token: str) -> None:
    answer = asking.client.get(path, headers={HEADER.decode(): token.encode("latin-1")})
    assert answer.status_code == 403 and "token" in answer.json()["error"]


def test_the_first_page_takes_the_token_from_its_address_and_keeps_it_where_no_script_reads(
    asking: Any,
) -> None:
    bare = {HEADER.decode(): ""}
    answer = asking.client.get("/?token=a-token-of-the-tests", headers=bare)
    assert answer.status_code == 200
    kept = answer.headers["set-cookie"]
    assert "amalgan-8420=" in kept and "HttpOnly" in kept and "SameSite=strict" in kept
    assert asking.client.get("/api/runs", headers=bare).status_code == 200  # by the cookie
    asking.client.cookies.clear()
    assert asking.client.get("/api/runs?token=a-token-of-the-tests", headers=bare).status_code == 403


def test_every_answer_has_the_policy_and_none_allows_other_origins(asking: Any) -> None:
    for path in ("/", "/web/main.js", "/api/runs", "/api/runs/none", "/no/such"):
        headers = asking.client.get(path).headers
        assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("name", ["index.html", "page.html.j2", "none.js", ".js", "main.js.map", "vendor"])
def test_only_modules_and_styles_are_handed_out(asking: Any, name: str) -> None:
    assert asking.client.get(f"/web/{name}").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(asking: Any, method: str) -> None:
    assert asking.client.request(method, "/api/runs").status_code == 405


def test_a_large_body_is_refused_by_what_it_says_and_by_what_it_is(asking: Any) -> None:
    said = asking.client.post("/api/pictures", content=b"x", headers={"content-length": str(MOST_BYTES + 1)})
    assert said.status_code == 413

    def endless() -> Any:
        for _ in range(MOST_BYTES // 2**20 + 2):
            yield b"\x89PNG" * 2**18

    assert asking.client.post("/api/pictures", content=endless()).status_code == 413
    assert not (asking.studio.own_folder / "sent").exists()


def test_a_body_is_bounded_in_bytes_and_in_time() -> None:
    async def slow() -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def drained(**bounds: Any) -> None:
        read = bounded(slow, **bounds)
        while (await read())["more_body"]:
            pass

    with pytest.raises(TooSlow):
        asyncio.run(drained(most=1000, seconds=0.2))
    with pytest.raises(TooLarge):
        asyncio.run(drained(most=3, seconds=30))


def test_what_follows_a_body_may_wait() -> None:
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        message = next(messages)
        await asyncio.sleep(0.1 if message["type"] == "http.disconnect" else 0)
        return message

    async def both() -> list[str]:
        read = bounded(receive, most=10, seconds=0.05)
        return [(await read())["type"] for _ in range(2)]

    assert asyncio.run(both()) == ["http.request", "http.disconnect"]


def test_names_of_a_server() -> None:
    assert hosts_of("127.0.0.1", None, 5) == {"127.0.0.1:5", "localhost:5", "[::1]:5"}
    assert "box.lan:5" in hosts_of("0.0.0.0", "Box.lan", 5)
    assert not any("0.0.0.0" in one for one in hosts_of("0.0.0.0", None, 5))
    assert "[fe80::1]:5" in hosts_of("fe80::1", None, 5)


def test_runs_outside_the_root_are_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "away").symlink_to(tmp_path)
    for runs in (tmp_path / "runs", tmp_path / "in" / "away" / "runs"):
        with pytest.raises(UsageError, match="does not lie below"):
            Studio(root=tmp_path / "in", runs=runs)


@pytest.mark.parametrize(
    "id",
    ["%2e%2e", "..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "root%2f..", "C:\\", "%00", "\u2025", "a" * 5000],
)
def test_no_path_is_an_id(asking: Any, id: str) -> None:
    for path in (
        f"/api/folders/{id}",
        f"/api/runs/{id}",
        f"/files/{id}",
        f"/web/{id}",
        f"/api/runs/{id}/samples/x.png",
    ):
        answer = asking.client.get(path)
        assert answer.status_code in (404, 405), path
        assert "root:" not in answer.text


def test_links_out_of_the_root_are_not_there(tmp_path_factory: pytest.TempPathFactory, asking: Any) -> None:
    away, root = tmp_path_factory.mktemp("away"), asking.studio.root
    pictures(away / "secret")
    run_of(away / "run")
    (root / "inside").mkdir()
    (root / "linked").symlink_to(away / "secret")
    (root / "loop").symlink_to(root / "loop")
    (root / "runs").mkdir(exist_ok=True)
    (root / "runs" / "run").symlink_to(away / "run")
    names = [one["name"] for one in asking.get("/api/folders/root")["folders"]]
    assert names == ["inside", "runs"]
    assert asking.get("/api/runs")["runs"] == []
    id = asking.studio.places.id_of(root / "linked")
    assert asking.client.get(f"/api/folders/{id}").status_code == 404
    assert "leads out" in asking.post("/api/look", {"data": id}, 404)["error"]


def test_a_place_that_becomes_a_link_is_refused(
    tmp_path_factory: pytest.TempPathFactory, asking: Any
) -> None:
    away, place = tmp_path_factory.mktemp("away"), asking.studio.root / "photos"
    place.mkdir()
    id = next(one["id"] for one in asking.get("/api/folders/root")["folders"] if one["name"] == "photos")
    place.rmdir()
    place.symlink_to(away)
    assert asking.client.get(f"/api/folders/{id}").status_code == 404


def test_sheets_are_served_by_their_own_names_alone(asking: Any) -> None:
    run = run_of(asking.studio.runs / "one")
    (run / "samples").mkdir()
    (run / "samples" / "generated-000000064.png").write_bytes(b"\x89PNG not ours")
    (run / "samples" / "rebuilt-000000064.png").symlink_to("/etc/passwd")
    id = asking.get("/api/runs")["runs"][0]["id"]
    for name in ("generated-000000064.png", "rebuilt-000000064.png", "log.jsonl", "..%2flog.jsonl"):
        assert asking.client.get(f"/api/runs/{id}/samples/{name}").status_code == 404


def test_pages_of_others_are_not_served_and_ours_in_a_sandbox(asking: Any) -> None:
    runs, studio = asking.studio.runs, asking.studio
    runs.mkdir()
    (runs / "evil.html").write_text("<!doctype html><script>alert(1)</script>")
    (runs / "image.svg").write_text("<svg onload=alert(1)>")
    (runs / "ours.html").write_text(
        '<!doctype html><meta name="generator" content="amalgan"><title>&lt;b&gt;x</title>'
    )
    assert [one["title"] for one in asking.get("/api/reports")["reports"]] == ["<b>x"]
    for name in ("evil.html", "image.svg"):
        answer = asking.client.get(f"/files/{studio.places.id_of(runs / name)}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
    shown = asking.client.get(f"/files/{studio.places.id_of(runs / 'ours.html')}")
    policy = shown.headers["content-security-policy"]
    assert shown.headers["content-type"].startswith("text/html")
    assert "sandbox allow-scripts" in policy and "allow-same-origin" not in policy
    assert "script-src 'sha256-" in policy and "default-src 'none'" in policy and "connect-src" not in policy


def test_files_above_the_runs_are_not_served(asking: Any) -> None:
    (asking.studio.root / "letter.txt").write_text("dear")
    id = asking.studio.places.id_of(asking.studio.root / "letter.txt")
    assert asking.client.get(f"/files/{id}").status_code == 404


def names_of_two_hundred() -> list[bytes]:
    """Names that try to act, each in several dresses, as a disk may hold them."""
    dresses = ("{}", "{}.png", "-{}", "={}", " {} ", "{}\n", "\u202e{}")
    found = [
        dress.format(name).replace("\0", "\\0").replace("/", "\u2215").encode("utf-8", "surrogatepass")[:200]
        for name in HOSTILE
        for dress in dresses
    ]
    return [*dict.fromkeys(found)]


def test_two_hundred_hostile_names_are_text(asking: Any) -> None:
    names = names_of_two_hundred()
    assert len(names) >= 200
    root = os.fsencode(asking.studio.root)
    for name in names:
        os.makedirs(os.path.join(root, b"data", name.lstrip(b".") or b"x"), exist_ok=True)
    data = next(one for one in asking.get("/api/folders/root")["folders"] if one["name"] == "data")
    answer = asking.client.get(f"/api/folders/{data['id']}")
    listed = answer.json()["folders"]
    assert len(listed) >= 200 and answer.headers["content-type"] == "application/json"
    assert all(character.isprintable() for one in listed for character in one["name"])
    for one in listed:
        inside = asking.client.get(f"/api/folders/{one['id']}")
        assert inside.status_code == 200 and inside.json()["id"] == one["id"]


def test_a_real_server_bounds_slow_and_broken_clients(serving: Callable[..., Any], tmp_path: Path) -> None:
    """Sockets that send nothing, half a header, or a body drop by drop, and vanish, hold up nobody."""
    one = serving(tmp_path)
    held = []
    for words in (
        b"",
        b"GET / HTT",
        b"GET / HTTP/1.1\r\nHost: localhost",
        b"\x16\x03\x01\x02\x00",
        b"\0" * 100,
    ):
        client = socket.create_connection(("127.0.0.1", one.port))
        client.sendall(words)
        held.append(client)
    slow = socket.create_connection(("127.0.0.1", one.port))
    slow.sendall(head_of(one, "POST /api/pictures", more="Content-Length: 999") + b"\x89PNG")
    began = time.monotonic()
    assert b" 200 " in asked(one, "/api/studio") and time.monotonic() - began < 5
    for client in (*held, slow):
        client.close()
    assert b" 403 " in asked(one, "/api/studio", host="evil.com")
    assert b" 400 " in asked(one, "/api/studio\x7f \r\n")
    assert one.end() == 0


def head_of(one: Any, line: str, *, host: str | None = None, more: str = "Connection: close") -> bytes:
    """The head of a request with the token."""
    lines = (
        f"{line} HTTP/1.1",
        f"Host: {host or f'localhost:{one.port}'}",
        f"X-Amalgan-Token: {one.token}",
        more,
    )
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def asked(one: Any, path: str, host: str | None = None) -> bytes:
    """What a server says to a plain request."""
    with socket.create_connection(("127.0.0.1", one.port), timeout=10) as client:
        client.sendall(head_of(one, f"GET {path}", host=host))
        return b"".join(iter(lambda: client.recv(65536), b""))
