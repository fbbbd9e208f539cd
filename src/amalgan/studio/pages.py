"""Pages that amalgan wrote, opened in place: each in a sandbox, under a policy that the server sets.

A page may be somebody else's, taken from the net with a folder of runs. So no script runs in it but those of this
package, named by their hashes, whatever the page says of itself; it has no origin, reads nothing of the server, and
fetches nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from html import unescape
from pathlib import Path

from starlette.responses import FileResponse

from amalgan.core.file_names import shown
from amalgan.studies.page import bundle
from amalgan.studio.refusals import Missing

MOST_BYTES, MOST_HEAD = 512 * 2**20, 2**16
TITLE = re.compile(rb"<title>([^<]*)</title>", re.I)


def shown_page(place: Path) -> FileResponse:
    """Return a page with its policy.

    Raises:
        Missing: it is larger than any page of ours.
    """
    if place.stat().st_size > MOST_BYTES:
        raise Missing(f"{place.name} is too large to be shown; open it from the disk.")
    headers = {"content-security-policy": policy(), "cross-origin-resource-policy": "same-origin"}
    return FileResponse(place, media_type="text/html; charset=utf-8", headers=headers)


@cache
def policy() -> str:
    """Return what a page may do: show its pictures and styles, run our scripts, save files."""
    scripts = (bundle.bundle("app.js"), bundle.bundle("atlas.js"))
    return (
        f"default-src 'none'; script-src {' '.join(map(hashed, scripts))} 'wasm-unsafe-eval' blob:; worker-src blob:; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-scripts allow-downloads"
    )


def hashed(script: str) -> str:
    """Return how a policy names a script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def title_of(place: Path) -> str:
    """Return what a page calls itself, as text; its name where it does not."""
    try:
        with place.open("rb") as file:
            found = TITLE.search(file.read(MOST_HEAD))
    except OSError:
        found = None
    text = unescape(found[1].decode("utf-8", "replace")).strip() if found else ""
    return shown(text) or shown(place.name)
