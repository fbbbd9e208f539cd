"""Who may ask: this machine's own browser, at the server's own name, with the token of this server.

    request ─► Host (no rebinding) ─► Origin (no other page) ─► token ─► body: at most 32 MiB, in time ─► application
    response ◄─ a policy under which only the server's own scripts run, nothing is guessed, nothing is kept

Loopback does not keep out pages of other origins, nor names that resolve to 127.0.0.1 (DNS rebinding): the allow-lists
do. There is no CORS: a page of another origin can read nothing.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from amalgan.studio.refusals import Forbidden, Refused, TooLarge, TooSlow

MOST_BYTES, BODY_SECONDS = 32 * 2**20, 30.0
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
"""Of every response that does not set them itself."""
HEADER = b"x-amalgan-token"
Message = MutableMapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Access:
    """Who may ask."""

    hosts: frozenset[str]
    """What the Host header may be, in lower case: ``localhost:8420``."""
    token: str
    port: int
    most_bytes: int = MOST_BYTES
    """Of a body, counted as it arrives."""
    body_seconds: float = BODY_SECONDS
    """For a whole body."""

    @property
    def cookie(self) -> str:
        """The cookie's name: ports of one machine share their cookies."""
        return f"amalgan-{self.port}"

    @property
    def origins(self) -> frozenset[str]:
        """The server's own."""
        return frozenset(f"http://{host}" for host in self.hosts)

    def check(self, scope: Scope) -> None:
        """Refuse a request that is not this machine's user's.

        Raises:
            Forbidden: says which header is wrong.
        """
        named = headers(scope, b"host")
        if len(named) != 1 or named[0].lower() not in self.hosts:
            raise Forbidden("this server answers to its own address only; open the one that it printed.")
        origins = headers(scope, b"origin")
        if any(origin.lower() not in self.origins for origin in origins) or self.is_foreign(scope):
            raise Forbidden("this server answers its own pages only; open the address that it printed.")
        if not any(self.is_token(word) for word in self.tokens(scope)):
            raise Forbidden(
                "the token is missing or another; open the whole address that the server printed."
            )

    def is_foreign(self, scope: Scope) -> bool:
        """Whether a browser says that another site's page wants to change something."""
        sites = headers(scope, b"sec-fetch-site")
        return scope["method"] not in ("GET", "HEAD") and any(site != "same-origin" for site in sites)

    def tokens(self, scope: Scope) -> list[str]:
        """Return what the request offers: a header, the cookie, or the address of the first page."""
        found = headers(scope, HEADER)
        for text in headers(scope, b"cookie"):
            try:
                morsel = SimpleCookie(text).get(self.cookie)
            except CookieError:
                continue
            found += [morsel.value] if morsel is not None else []
        if scope["path"] == "/" and scope["method"] == "GET":
            found += parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return found

    def is_token(self, word: str) -> bool:
        """Whether it is the token, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(word.encode(), self.token.encode())


def headers(scope: Scope, name: bytes) -> list[str]:
    """Return every value of a header."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


class Guard:
    """Lets through to the application what may be asked, bounded, and sets the headers of what it answers."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app, self.access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        careful = with_headers(send)
        try:
            self.access.check(scope)
            refuse_large(scope, self.access.most_bytes)
        except Refused as refusal:
            await JSONResponse({"error": str(refusal)}, refusal.status)(scope, receive, careful)
            return
        body = bounded(receive, self.access.most_bytes, self.access.body_seconds)
        await self.app(scope, body, careful)


def refuse_large(scope: Scope, most: int) -> None:
    """Refuse a body that says itself that it has more than ``most`` bytes."""
    for length in headers(scope, b"content-length"):
        if not length.isdecimal() or int(length) > most:
            raise too_large(most)


def too_large(most: int) -> TooLarge:
    """What is said of a large body."""
    return TooLarge(f"what was sent is larger than {most // 2**20} MB; send a smaller file.")


def bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """Return ``receive`` that raises where a body is too large, or takes too long; what follows a body may wait."""
    loop = asyncio.get_running_loop()
    until, count, done = loop.time() + seconds, 0, False

    async def read() -> Message:
        nonlocal count, done
        if done:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), until - loop.time())
        except TimeoutError:
            raise TooSlow(f"what was sent did not arrive within {seconds:g} seconds; try again.") from None
        count += len(message.get("body", b""))
        done = not message.get("more_body", False)
        if count > most:
            raise too_large(most)
        return message

    return read


def with_headers(send: Send) -> Callable[[Message], Awaitable[None]]:
    """Return ``send`` that adds the headers which a response lacks."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message.get("headers", ())}
            more = [
                (name.encode(), text.encode()) for name, text in HEADERS.items() if name.encode() not in own
            ]
            message["headers"] = [*message.get("headers", ()), *more]
        await send(message)

    return sent
