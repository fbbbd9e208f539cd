"""A map of codes as one page that can be moved, zoomed and searched, with every picture in it.

    codes ─► at most 10,000 ─► places ─┐
    pictures ─► thumbnails ─► sheets ──┴─► JSON and data: URIs in one page, and a script that draws them on a canvas

The page fetches nothing: its policy lets run the one script whose hash it names. Names stand in JSON in which nothing
can end the element, and the script shows them as text alone.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.data import Records, drawn
from amalgan.kinds import kind_of
from amalgan.studies.html.page import readable, render
from amalgan.studies.page import bundle
from amalgan.tasks.embed.embed import Codes
from amalgan.tasks.embed.map import place_points

MOST = 10_000
SIDE, FEW_SIDE, FEW = 32, 64, 1500
"""Pixels of a thumbnail's longer side at most; where there are few pictures; and how many are few."""
ACROSS = 50
"""Thumbnails side by side on a sheet,"""
HIGH = 4096
"""pixels of a sheet's height at most, which browsers of every kind can draw."""
QUALITY = 80
MOST_SOUND_BYTES = 48 << 20
"""Of sounds as files hold them, twice what they take in the page: of more, only so many can be heard."""
FINEST = 65535
"""Places are whole numbers up to this."""


def atlas(codes: Codes, records: Records, target: Path, *, seed: int = 0) -> bool:
    """Write a page with a map of ``codes``, those of ``records``; whether ``target`` did not hold it already.

    Raises:
        UsageError: fewer than four codes, or not as many as records.
        FileError: the file cannot be written.
    """
    if len(codes) != len(records) or len(codes) < 4:
        raise UsageError(
            f"a map of {len(codes)} codes and {len(records)} records: it needs as many of both, and at least 4"
        )
    rows = np.random.default_rng(seed).permutation(len(codes))[:MOST]
    points, how = place_points(codes.code[rows], "tsne", seed)
    chosen = records.select(rows)
    script = bundle.bundle("atlas.js")
    page = render(
        "atlas.html.j2",
        policy=policy(script),
        script=Markup(script),
        data=Markup(harmless(facts(points, codes.name[rows], chosen))),
        shown=len(rows),
        of=len(codes),
        how=f"{how}, seed {seed}",
        noun=kind_of(records.spec).nouns,
        plays=kind_of(records.spec).playable(chosen.pixels(slice(1)), records.spec) is not None,
    )
    return files.write_changed(target, page.encode())


def policy(script: str) -> str:
    """What the page may do: show its pictures, use its style, run ``script``."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; img-src data:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def facts(points: NDArray[np.float64], names: NDArray[Any], records: Records) -> dict[str, Any]:
    """What the script draws."""
    whole = np.rint(points / max(points.max(), 1e-12) * FINEST).astype("<u2")
    size = (0, 0) if kind_of(records.spec).refuses("drawing") else drawn_size(records)
    height, width = thumbnail_size(records) if any(size) else size
    return {
        "points": b64encode(whole.tobytes()).decode(),
        "labels": records.labels.tolist(),
        "names": [readable(str(name)) for name in names],
        "classes": [readable(name) for name in records.spec.classes],
        "thumbnail": {"width": width, "height": height, "across": ACROSS, "rows": rows_a_sheet(height)},
        "smooth": max(size) > FEW_SIDE,
        "sheets": sheets(records) if any(size) else [],
        "sound": sounds(records),
    }


def sounds(records: Records) -> dict[str, Any] | None:
    """What is to be heard of the first examples, which are in a random order; None where they have no sound."""
    kind, each = kind_of(records.spec), records.pixels([0]).nbytes
    found = kind.playable(records.pixels(slice(max(1, MOST_SOUND_BYTES // each))), records.spec)
    if found is None:
        return None
    length = found.bytes.shape[1]
    return {"rate": found.rate, "length": length, "bytes": b64encode(found.bytes.tobytes()).decode()}


def harmless(value: Any) -> str:
    """JSON in which nothing can end a script element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def drawn_size(records: Records) -> tuple[int, int]:
    """Height and width of every example as it is drawn."""
    height, width = drawn(records.take([0]), records.spec).shape[1:3]
    return height, width


def thumbnail_size(records: Records) -> tuple[int, int]:
    """Height and width of every thumbnail."""
    height, width = drawn_size(records)
    most = FEW_SIDE if len(records) <= FEW else SIDE
    times = min(1.0, most / max(height, width))
    return max(1, round(height * times)), max(1, round(width * times))


def rows_a_sheet(height: int) -> int:
    """Rows of thumbnails on one sheet."""
    return max(1, HIGH // max(1, height))


def sheets(records: Records) -> list[str]:
    """Every thumbnail, in order, on sheets: data: URIs."""
    height, width = thumbnail_size(records)
    size = ACROSS * rows_a_sheet(height)
    return [
        uri(one_sheet(records.select(slice(start, start + size)), height, width))
        for start in range(0, len(records), size)
    ]


def one_sheet(records: Records, height: int, width: int) -> Image.Image:
    """Thumbnails in rows."""
    mode = Image.fromarray(drawn(records.take([0]), records.spec)[0]).mode
    paper = Image.new(mode, (ACROSS * width, -(-len(records) // ACROSS) * height))
    place = 0
    for batch in records.batches(CHUNK):
        for pixels in drawn(batch.x, records.spec):
            picture = Image.fromarray(pixels)
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            down, across = divmod(place, ACROSS)
            paper.paste(picture, (across * width, down * height))
            place += 1
    return paper


def uri(picture: Image.Image) -> str:
    """A data: URI: gray as PNG, color as WebP, which is much smaller."""
    file = io.BytesIO()
    kind = "webp" if picture.mode == "RGB" else "png"
    picture.save(file, kind.upper(), quality=QUALITY)
    return f"data:image/{kind};base64,{b64encode(file.getvalue()).decode()}"
