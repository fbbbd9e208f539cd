"""Thirty names that try to act, through every door: what comes out is text, and does nothing.

folders and files so named ─► train, inspect, classify, detect, embed, compress, report, explore ...
  ─► terminal: printable │ JSON: ASCII, one object │ CSV: no formula │ HTML: no tag, attribute or address of theirs
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
from PIL import Image

from amalgan.cli import main
from amalgan.data.decoding.images import packet
from amalgan.data.writing.provenance import origin
from hostile import HOSTILE
from stress.figure import Figure
from stress.writes import MENDER, SUPERVISED

EACH = 3
FORMULA = ("=", "+", "-", "@", "\t", "\r")
OWN = {"map.html": ["<form>", "<script>", "<script>"]}
"""Tags that act and are ours: the map is a page to search in, allowed by its policy to run its one script."""
ACTING = {"script", "iframe", "object", "embed", "form", "base", "link"}


class Tags(HTMLParser):
    """What a page would do: tags, attributes that act, addresses elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of what acts."""
        if tag in ACTING:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            address = (value or "").strip().lower()
            foreign = name in ("src", "href") and not address.startswith(("data:image/", "#", "https://"))
            theirs = "example.com" in address or "javascript:" in address
            acts = name.startswith("on") or (name in ("src", "href", "action", "style") and theirs)
            if acts or (foreign and ":" in address):
                self.found.append(f"{tag} {name}={address[:60]}")


def on_a_disk(name: str) -> bytes:
    """``name`` as a folder may be called."""
    return name.replace("\0", "\\0").replace("/", "\u2215").encode("utf-8", "surrogatepass")[:200]


def pictures(folder: Path) -> Path:
    """Some pictures in thirty classes; both are called by the hostile names. One in each class is bad."""
    root = os.fsencode(folder / "data")
    for number, name in enumerate(HOSTILE):
        place = os.path.join(root, on_a_disk(name))
        os.makedirs(place, exist_ok=True)
        for row in range(EACH):
            pixels = np.random.default_rng(100 * number + row).integers(0, 256, (8, 8), dtype=np.uint8)
            with open(os.path.join(place, on_a_disk(f"{row} {name}")[:190] + b".png"), "wb") as file:
                Image.fromarray(pixels).save(file, "PNG")
        with open(os.path.join(place, b"bad " + on_a_disk(name)[:190] + b".png"), "wb") as file:
            file.write(b"<svg/>")
    return folder / "data"


def commands(folder: Path) -> Iterator[tuple[str, ...]]:
    """A command line of every door; those that take a while say it in two ways at once."""
    data, run, out = str(pictures(folder)), str(folder / "run"), str(folder / "out")
    yield ("inspect", data)
    yield ("inspect", data, "--json")
    yield (
        "train",
        data,
        "--images",
        "640",
        "--system",
        "supervised",
        *SUPERVISED,
        "--batch",
        "32",
        "--out",
        run,
    )
    yield ("info", run)
    yield ("info", run, "--json")
    yield ("generate", run, "--label", "no such \x1b[31m\u202e<b>", "--out", f"{out}/none")
    yield ("generate", run, "--count", "4", "--out", f"{out}/new")
    yield ("reconstruct", run, data, "--out", f"{out}/again")
    yield ("compress", run, data, "--out", f"{out}/packed.amg")
    yield ("decompress", run, f"{out}/packed.amg", "--out", f"{out}/back")
    yield ("classify", run, data, "--out", f"{out}/classes.csv")
    yield ("detect", run, data, "--out", f"{out}/scores.csv")
    yield ("trace", run, data, "--out", f"{out}/traced.csv")
    yield ("embed", run, data, "--out", f"{out}/codes.npz", "--plot", f"{out}/map.png")
    yield (
        "embed",
        run,
        data,
        "--out",
        f"{out}/more.npz",
        "--plot",
        f"{out}/map.html",
        "--duplicates",
        f"{out}/alike.csv",
    )
    yield ("augment", run, data, "--out", f"{out}/more")
    yield ("train", data, "--images", "64", *MENDER, "--out", f"{out}/mender")
    yield ("restore", f"{out}/mender", data, "--task", "denoise", "--out", f"{out}/mended")
    yield ("evaluate", run, data, "--json")
    yield ("report", run, data, "--out", f"{out}/page")
    yield ("explore", run, data, "--out", f"{out}/explored")
    yield ("export", run, "--out", f"{out}/exported")


def spoken(words: tuple[str, ...]) -> Iterator[str]:
    """Run a command line; what of its output could act."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    name = " ".join(words[:1] + words[-1:])
    if code not in (0, 3) and "none" not in name:
        yield f"{name}: exit code {code}: {err.getvalue()[-300:]}"
    for text in (out.getvalue(), err.getvalue()):
        if acting := sorted({c for c in text if not c.isprintable() and c != "\n"}):
            yield f"{name}: {acting} on the terminal"
    if "--json" in words:
        (line,) = out.getvalue().splitlines()
        if not line.isascii() or not isinstance(json.loads(line), dict):
            yield f"{name}: its JSON is not one plain object"


def written(folder: Path) -> Iterator[str]:
    """What could act in the files that the commands wrote."""
    for path in sorted(folder.rglob("*")):
        shown = path.relative_to(folder).as_posix()
        if path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                yield from (
                    f"{shown}: cell {cell[:40]!r}" for row in csv.reader(file) for cell in row if acts(cell)
                )
        elif path.suffix == ".html":
            tags = Tags()
            tags.feed(path.read_text(encoding="utf-8"))
            if tags.found != OWN.get(path.name, []):
                yield from (f"{shown}: {found}" for found in tags.found)
        elif path.suffix in (".json", ".jsonl"):
            for line in path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]:
                json.loads(line)
        elif path.suffix == ".png" and (told := origin(packet(path.read_bytes()))):
            yield from (f"{shown}: {value!r}" for value in told.values() if not value.isprintable())
        if not all(c.isprintable() for c in path.name):
            yield f"a file was called {path.name!r}"


def acts(cell: str) -> bool:
    """Whether a spreadsheet would run the cell, or a terminal obey it."""
    if not cell.isprintable():
        return True
    try:
        float(cell)
    except ValueError:
        return cell.startswith(FORMULA)
    return False


def figure(share: float, scratch: Path) -> Figure:
    """All doors; the share is always the whole."""
    doors = list(commands(scratch))
    broken = [fault for words in doors for fault in spoken(words)]
    broken += [*written(scratch / "out"), *written(scratch / "run")]
    return Figure(
        asked="inert: terminal, JSON, CSV, HTML, logs, pictures",
        reached=f"{len(broken)} acted: {len(HOSTILE)} names through {len(doors)} command lines",
        broken=broken,
    )
