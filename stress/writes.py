"""Every write of every command passes through ``files``: parts beside the target, lines of a log, locks, the cache.

sys.addaudithook ─► open for writing, rename, remove, make a folder ─► who did it? ─► files, or a named exception
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from PIL import Image

import amalgan
from amalgan.cli import main
from amalgan.core import files
from stress.figure import Figure

PACKAGE = str(Path(amalgan.__file__).parent)
HOME = str(Path(files.__file__))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
PART = re.compile(r"\..*\.\d+-[0-9a-f]{8}\.part")
"""What ``files.replacing`` hands out to be written."""
CHANGES = ("os.rename", "os.remove", "os.link", "os.symlink", "os.truncate")
EXCEPT = (
    ("data/dataset/cache.py", "a store is built in a folder of its own, which becomes visible by one rename"),
    ("data/dataset/array_writer.py", "the parts of such a store, which grow row by row"),
    ("data/dataset/store_writer.py", "the labels of such a store, put in order at its end"),
    ("data/decoding/near_copies.py", "the near-copies of such a store, found at its end"),
    ("studies/compare/cells.py", "locks and what workers say; an empty file that two processes hold"),
    ("core/locks.py", "locks: empty files that their holder removes"),
    (
        "core/subprocesses.py",
        "what processes say that outlive their parent: new files, which they write themselves",
    ),
)
SUPERVISED = ("--network.width", "8", "--network.widest", "16", "--code-size", "8", "--prior.parts", "10")
SMALL = (*SUPERVISED, "--critic.network.width", "8", "--critic.network.widest", "16", "--batch", "32")
MENDER = (
    "--system",
    "restorer",
    "--network.width",
    "4",
    "--network.blocks",
    "1",
    "--patch",
    "8",
    "--batch",
    "8",
)
STUDY = ("--systems", "autoencoder", "--seeds", "1", "--images", "640", "--count", "64")


class Watch:
    """Who writes what, while it is on. A hook can never be removed, so it is switched."""

    def __init__(self) -> None:
        self.on = False
        tempfile.gettempdir()  # tries out the folder for temporary files, by writing one, when it is first asked for
        self.seen: dict[str, set[str]] = {}
        """By file of the package: names that it wrote itself."""
        self.through = 0
        """Writes through ``files``."""
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Take note of a write."""
        if not self.on or not (self.opens(event, args) or event in CHANGES):
            return
        name = os.path.basename(os.fsdecode(args[0]))
        owner = writer(sys._getframe(1))
        if owner is None or name == os.path.basename(os.devnull):
            return
        if owner == "core/files.py" or PART.fullmatch(name):
            self.through += 1
        else:
            self.seen.setdefault(owner, set()).add(name)

    @staticmethod
    def opens(event: str, args: tuple[Any, ...]) -> bool:
        """Whether it is an open for writing, of a path."""
        if event != "open" or not isinstance(args[0], (str, bytes)):
            return False
        return bool(args[2] & WRITING if args[1] is None else set(args[1]) & set("wax+"))


def writer(frame: FrameType | None) -> str | None:
    """The file of the package that asked for the write; None where no code of the package did."""
    while frame is not None:
        place = frame.f_code.co_filename
        if place.startswith(PACKAGE):
            return place.removeprefix(PACKAGE + os.sep).replace(os.sep, "/")
        frame = frame.f_back
    return None


def pictures(folder: Path) -> Path:
    """Fifty pictures in two classes."""
    for row in range(50):
        place = folder / "pictures" / ("cat" if row % 2 else "dog") / f"{row}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(row).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(place)
    return folder / "pictures"


def commands(folder: Path, whole: bool) -> Iterator[tuple[str, ...]]:
    """A line of every command (but demo, which is made of these), using what those before it wrote."""
    data, run, out = str(pictures(folder)), str(folder / "run"), str(folder)
    yield ("train", "digits", "--images", "640", *SMALL, "--system", "fusion", "--out", run)
    yield ("train", "digits", "--images", "640", *SMALL, "--system", "fusion", "--out", run, "--resume")
    yield ("train", "digits", "--images", "320", *SMALL, "--system", "fusion", "--out", run, "--overwrite")
    yield ("generate", run, "--count", "4", "--out", f"{out}/new")
    yield ("generate", run, "--count", "4", "--out", f"{out}/new.npz")
    yield ("generate", run, "--count", "4", "--out", f"{out}/new.png")
    yield ("generate", run, "--walk", f"{out}/walk.webp", "--frames", "4")
    yield ("reconstruct", run, data, "--out", f"{out}/again")
    yield ("compress", run, data, "--out", f"{out}/packed")
    yield ("compress", run, data, "--out", f"{out}/packed.amg")
    yield ("decompress", run, f"{out}/packed.amg", "--out", f"{out}/back")
    yield ("embed", run, data, "--out", f"{out}/codes.npz", "--plot", f"{out}/map.png")
    alike = ("--duplicates", f"{out}/alike.csv", "--query", f"{data}/dog/0.png", "--sheet", f"{out}/near.png")
    yield ("embed", run, data, "--out", f"{out}/more.npz", "--plot", f"{out}/map.html", *alike)
    yield ("augment", run, "digits", "--out", f"{out}/more", "--times", "0.02")
    yield ("detect", run, "digits", "--out", f"{out}/scores.csv", "--maps", f"{out}/maps")
    yield ("trace", run, data, "--reals", "digits", "--out", f"{out}/traced.csv")
    yield ("export", run, "--out", f"{out}/exported")
    yield (
        "train",
        "digits",
        "--images",
        "320",
        "--system",
        "supervised",
        *SUPERVISED,
        "--out",
        f"{out}/classes",
    )
    yield ("classify", f"{out}/classes", "digits", "--out", f"{out}/classes.csv")
    yield ("train", data, "--images", "64", *MENDER, "--out", f"{out}/mender")
    yield ("restore", f"{out}/mender", data, "--task", "denoise", "--out", f"{out}/mended")
    yield (
        "restore",
        run,
        data,
        "--task",
        "inpaint",
        "--mask",
        "#ffffff",
        "--samples",
        "2",
        "--out",
        f"{out}/filled",
    )
    yield ("evaluate", run, "digits", "--count", "64")
    yield ("explore", run, data, "--out", f"{out}/explored")
    yield ("report", run, "digits", "--out", f"{out}/page")
    yield ("inspect", data)
    yield ("info", run)
    yield ("systems",)
    if whole:
        yield ("augment", run, "digits", "--out", f"{out}/verified", "--times", "0.1", "--verify")
        yield ("compare", "digits", *STUDY, "--out", f"{out}/study")


def figure(share: float, scratch: Path) -> Figure:
    """Watch every command; ``compare`` only in the whole."""
    watch, broken, done = Watch(), list[str](), 0
    for words in commands(scratch, share >= 1):
        said = io.StringIO()
        watch.on = True
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = main(words)
        watch.on = False
        done += 1
        if code not in (0, 3):
            broken.append(f"{' '.join(words)}: exit code {code}: {said.getvalue()[-400:]}")
    excused = {name for name, _ in EXCEPT}
    broken += [
        f"{owner} wrote {sorted(names)[:4]}" for owner, names in watch.seen.items() if owner not in excused
    ]
    return Figure(
        asked="0 writes that bypass files.py, over every command",
        reached=f"{len(broken)} of {watch.through:,} writes in {done} command lines",
        broken=broken,
        facts={"excepted": {name: why for name, why in EXCEPT if name in watch.seen}},
    )
