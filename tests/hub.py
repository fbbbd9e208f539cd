"""A stand-in for the Hugging Face hub on this machine: answers as its API does for what the client asks here."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

TOKEN = "hf_right"
LARGE = (".safetensors", ".png")
"""Endings of what is kept as large files."""


@dataclass
class Repository:
    """Branches, each with its files."""

    private: bool = False
    gated: bool = False
    branches: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {}})

    def commit(self, branch: str) -> str:
        """What names the state of a branch."""
        state = sha1(branch.encode())
        for name, data in sorted(self.branches[branch].items()):
            state.update(name.encode() + data)
        return state.hexdigest()

    def files(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit and the files of a branch or commit."""
        for branch, files in self.branches.items():
            if revision in (branch, self.commit(branch)):
                return self.commit(branch), files
        return None


@dataclass
class Hub:
    """Repositories, and what was asked for."""

    url: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    lies: bool = False
    """Whether sent bytes are not those that are listed."""
    listed_size: int | None = None
    """The size that is listed, where it is not the file's own."""

    def files(self, name: str, branch: str = "main") -> dict[str, bytes]:
        """The files of a branch."""
        return self.repositories[name].branches[branch]


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that runs within the block."""
    hub = Hub()

    class Asked(Handler):
        held = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    held: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    @property
    def allowed(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def reply(self, status: int, data: bytes | dict[str, Any] = b"", **headers: Any) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        length = headers.pop("length", len(body))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def repository(self, name: str) -> Repository | None:
        """A repository that who asks may read; else it is said why not."""
        found = self.held.repositories.get(name)
        if found is None or (found.private and not self.allowed):
            self.reply(401 if not self.allowed else 404, {"error": "no"}, X_Error_Code="RepoNotFound")
            return None
        if found.gated and not self.allowed:
            self.reply(403, {"error": "gated"}, X_Error_Code="GatedRepo")
            return None
        return found

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.held.asked.append(f"{self.command} {path}")
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path):
            return self.listing(found[1], found[2] or "main")
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/(.+?)/([^/]+)", path):
            return self.file(*found.groups())
        return self.reply(404)

    def listing(self, name: str, revision: str) -> None:
        if (repository := self.repository(name)) is None:
            return
        if (state := repository.files(revision)) is None:
            return self.reply(404, {"error": "no"}, X_Error_Code="RevisionNotFound")
        siblings = []
        for file, data in state[1].items():
            size = self.held.listed_size or len(data)
            stored = {"sha256": sha256(data).hexdigest(), "size": size, "pointerSize": 100}
            large = {"lfs": stored} if file.endswith(LARGE) else {}
            siblings.append({"rfilename": file, "size": size, "blobId": sha1(data).hexdigest(), **large})
        self.reply(
            200,
            {
                "id": name,
                "modelId": name,
                "sha": state[0],
                "private": repository.private,
                "siblings": siblings,
                "tags": [],
            },
        )

    def file(self, name: str, revision: str, file: str) -> None:
        if (repository := self.repository(name)) is None:
            return
        if (state := repository.files(revision)) is None:
            return self.reply(404, {"error": "no"}, X_Error_Code="RevisionNotFound")
        commit, files = state
        if file not in files:
            return self.reply(404, {"error": "no"}, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        data = files[file]
        told = {"ETag": f'"{sha256(data).hexdigest()}"', "X_Repo_Commit": commit}
        if self.held.lies:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            part = data[int(asked[1]) : int(asked[2] or len(data)) + 1]
            return self.reply(206, part, Content_Range=f"bytes {asked[1]}-*/{len(data)}", **told)
        self.reply(200, data, **told)

    def do_POST(self) -> None:
        path, data = unquote(urlsplit(self.path).path), self.body()
        self.held.asked.append(f"POST {path}")
        if path == "/api/validate-yaml":
            return self.reply(200, {"errors": [], "warnings": []})
        if not self.allowed:
            return self.reply(401, {"error": "Invalid username or password."})
        if path == "/api/repos/create":
            return self.create(json.loads(data))
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/(branch|preupload|commit)/(.+)", path):
            return getattr(self, found[2])(found[1], found[3], data)
        if found := re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path):
            objects = [
                {**one, "actions": {"upload": {"href": f"{self.held.url}/large/{one['oid']}"}}}
                for one in json.loads(data)["objects"]
            ]
            return self.reply(200, {"objects": objects})
        return self.reply(404)

    def create(self, asked: dict[str, Any]) -> None:
        name = f"{asked['organization']}/{asked['name']}"
        if asked["organization"] != "user":
            return self.reply(
                403, {"error": f"You don't have the rights to create under {asked['organization']}"}
            )
        if name in self.held.repositories:
            return self.reply(409, {"error": "there already", "url": f"{self.held.url}/{name}"})
        self.held.repositories[name] = Repository(private=asked.get("visibility") == "private")
        self.reply(200, {"url": f"{self.held.url}/{name}", "name": name})

    def branch(self, name: str, branch: str, data: bytes) -> None:
        branches = self.held.repositories[name].branches
        if branch in branches:
            return self.reply(409, {"error": "there already"})
        branches[branch] = dict(branches["main"])
        self.reply(201, {})

    def preupload(self, name: str, branch: str, data: bytes) -> None:
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if one["path"].endswith(LARGE) else "regular",
                "shouldIgnore": False,
            }
            for one in json.loads(data)["files"]
        ]
        self.reply(200, {"files": files})

    def commit(self, name: str, branch: str, data: bytes) -> None:
        for line in map(json.loads, data.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                self.held.files(name, branch)[value["path"]] = b64decode(value["content"])
            if line["key"] == "lfsFile":
                self.held.files(name, branch)[value["path"]] = self.held.large[value["oid"]]
        commit = self.held.repositories[name].commit(branch)
        url = f"{self.held.url}/{name}/commit/{commit}"
        self.reply(200, {"success": True, "commitOid": commit, "commitUrl": url, "hookOutput": ""})

    def do_PUT(self) -> None:
        data, oid = self.body(), self.path.rpartition("/")[2]
        right = sha256(data).hexdigest() == oid
        if right:
            self.held.large[oid] = data
        self.reply(200 if right else 400)
