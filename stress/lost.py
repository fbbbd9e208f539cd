"""Nothing of the user's is lost: foreign files, links, inputs, names that collide, two at once, planted code.

a line of every command ─► all that it wrote becomes the user's ─► the same line again ─► refused; every byte is there
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from amalgan.cli import main
from amalgan.core import subprocesses
from amalgan.data.dataset.cache import trim
from amalgan.data.writing.grids import png_names
from stress.figure import Figure
from stress.writes import SMALL, pictures

PLAIN = ("--system", "autoencoder", "--network.width", "8", "--network.widest", "16", "--code-size", "8")
MINE = b"the user's own\n"
NAMES = (
    "a.jpg",
    "a.png",
    "a.png.png",
    "b.gif",
    "b.gif.png",
    "C.png",
    "c.png",
    "d.png/1.png",
    "d.jpg",
    "e",
    "e.png",
)
MODULES = """
abc argparse ast asyncio base64 bisect code codecs collections concurrent contextlib copy csv ctypes dataclasses decimal
enum functools glob hashlib heapq inspect io json logging math multiprocessing numbers numpy os pathlib pickle PIL
platform queue random re rich safetensors shutil sitecustomize socket statistics string struct subprocess tempfile
threading torch types typing usercustomize uuid warnings yaml zipfile
"""
PLANTED = tuple(MODULES.split())
"""Modules that a folder of data may hold: of the standard library, and of what amalgan depends on."""


def said_by(*words: object) -> tuple[int, str]:
    """The exit code of a command line, and all that it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([str(word) for word in words])
    return code, said.getvalue()


def commands(run: Path, data: Path, out: Path, whole: bool) -> Iterator[tuple[object, ...]]:
    """A line of every command that writes; some of them only in the ``whole``."""
    yield ("generate", run, "--count", "4", "--out", out / "new")
    yield ("generate", run, "--count", "4", "--out", out / "new.npz")
    yield ("generate", run, "--count", "4", "--out", out / "new.png")
    yield ("generate", run, "--walk", out / "walk.webp", "--frames", "4")
    yield ("reconstruct", run, data, "--out", out / "again")
    yield ("reconstruct", run, data, "--out", out / "again.npz")
    yield ("compress", run, data, "--out", out / "packed")
    yield ("compress", run, data, "--out", out / "packed.amg")
    yield ("decompress", run, out.parent / "packed.amg", "--out", out / "back")
    yield ("embed", run, data, "--out", out / "codes.npz", "--plot", out / "map.png")
    yield (
        "embed",
        run,
        data,
        "--out",
        out / "more.npz",
        "--plot",
        out / "m.html",
        "--duplicates",
        out / "d.csv",
    )
    if not whole:
        return
    fill = ("--task", "inpaint", "--mask", "#ffffff", "--samples", "2")
    yield ("restore", run, data, *fill, "--out", out / "filled")
    yield ("detect", run, data, "--out", out / "scores.csv", "--maps", out / "maps")
    yield ("trace", run, data, "--out", out / "traced.csv")
    yield ("explore", run, data, "--out", out / "explored")
    yield ("report", run, data, "--out", out / "page")
    yield ("export", run, "--out", out / "exported")
    yield ("augment", run, data, "--out", out / "augmented", "--times", "0.2")
    yield (
        "train",
        data,
        "--images",
        "64",
        *PLAIN,
        "--out",
        out / "run",
        "--overwrite",
    )


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below ``folder``."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def replaced(run: Path, data: Path, scratch: Path, whole: bool) -> Iterator[str]:
    """Commands that changed a file of the user's, or said that all is well beside it."""
    said_by("compress", run, data, "--out", scratch / "packed.amg")
    for number, words in enumerate(commands(run, data, scratch / "out", whole)):
        out = scratch / f"out{number}"
        line = [
            Path(out, one.relative_to(scratch / "out")) if is_below(one, scratch / "out") else one
            for one in words
        ]
        code, said = said_by(*line)
        if code not in (0, 3):
            yield f"{line[0]}: exit code {code}: {said[-300:]}"
        for path in contents(out):
            path.unlink()
            path.write_bytes(MINE)
        before = contents(out)
        code, _ = said_by(*line)
        after = contents(out)
        lost = [str(path.relative_to(out)) for path, held in before.items() if after.get(path) != held]
        if lost or code == 0:
            yield f"{line[0]} (exit code {code}) changed {lost[:3]} of the user's"


def is_below(place: object, folder: Path) -> bool:
    """Whether a word of a command line is a path in ``folder``."""
    return isinstance(place, Path) and folder in place.parents


def linked(run: Path, data: Path, scratch: Path) -> Iterator[str]:
    """Commands that followed a link out of their folder."""
    elsewhere = scratch / "elsewhere"
    elsewhere.mkdir()
    for words in (("reconstruct", run, data), ("compress", run, data)):
        out = scratch / f"linked-{words[0]}"
        out.mkdir()
        (out / "cat").symlink_to(elsewhere)
        code, _ = said_by(*words, "--out", out)
        if code == 0 or any(elsewhere.iterdir()):
            yield f"{words[0]} wrote through a link: {len(list(elsewhere.iterdir()))} files"


def overwritten(run: Path, scratch: Path) -> Iterator[str]:
    """Inputs that a command wrote over: pictures that it has made itself, given one by one."""
    made = scratch / "made"
    said_by("generate", run, "--count", "2", "--out", made)
    for picture in contents(made):
        before = picture.read_bytes()
        code, _ = said_by("reconstruct", run, picture, "--out", made)
        if code == 0 or picture.read_bytes() != before:
            yield f"reconstruct wrote over its input {picture.name}"


def trained_over(scratch: Path) -> Iterator[str]:
    """Files of the user's that training removed, in a folder that was no run, and in the cache."""
    out = scratch / "work"
    (out / "samples").mkdir(parents=True)
    for name in ("model.safetensors", "log.jsonl", "samples/mine.png"):
        (out / name).write_bytes(MINE)
    for more in ((), ("--overwrite",), ("--resume",)):
        code, said = said_by("train", "digits", "--images", "32", *PLAIN, "--out", out, *more)
        if code == 0 or "amalgan did not write it" not in said:
            yield f"train {more} went on among files of the user's: exit code {code}, {said[-300:]}"
        if len([held for held in contents(out).values() if held == MINE]) < 3:
            yield f"train {more} removed files of the user's"
    store = scratch / "cache" / "store-001"
    store.mkdir(parents=True)
    (store / "till.bin").write_bytes(MINE)
    before = os.environ.get("AMALGAN_CACHE_GIB")
    os.environ["AMALGAN_CACHE_GIB"] = "0.000000001"
    trim(scratch / "cache", keep=scratch / "cache" / "none")
    os.environ["AMALGAN_CACHE_GIB"] = before or ""
    if not (store / "till.bin").exists():
        yield "the cache removed a folder of the user's"


def merged() -> Iterator[str]:
    """Names of which two go to one file, on a disk that tells case apart and on one that does not."""
    for ending in (".png", ".amg", None):
        places = png_names(NAMES, ending)
        if len({place.casefold() for place in places}) < len(NAMES):
            yield f"{len(NAMES)} names make {len({place.casefold() for place in places})} files: {places}"


def at_once(run: Path, scratch: Path) -> Iterator[str]:
    """What is wrong where another process writes to the same place: it must be refused."""
    out = scratch / "once"
    out.mkdir()
    with (out / ".x.npz.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = said_by("generate", run, "--count", "4", "--out", out / "x.npz")
        if code == 0 or "another process" not in said:
            yield f"generate wrote beside another process (exit code {code})"
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = said_by("train", "digits", "--images", "32", *PLAIN, "--out", out)
        if code == 0 or "another process" not in said:
            yield f"train wrote beside another process (exit code {code})"


def claimed(run: Path, scratch: Path) -> Iterator[str]:
    """Damage of a file that is said to be there already."""
    line = ("generate", run, "--count", "64", "--out", scratch / "sure.npz")
    said_by(*line)
    whole = (scratch / "sure.npz").read_bytes()
    (scratch / "sure.npz").write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    code, said = said_by(*line)
    if "there already" in said or (scratch / "sure.npz").read_bytes() != whole:
        yield f"a damaged file is said to be there already (exit code {code})"


def imported(scratch: Path) -> Iterator[str]:
    """Modules of the working folder that a process of ours ran."""
    folder = scratch / "downloaded"
    folder.mkdir()
    ran = folder / "ran.txt"
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(ran)!r}, 'a').write({name!r})\nraise SystemExit(9)\n")
    before = Path.cwd()
    os.chdir(folder)
    try:
        command = [
            sys.executable,
            *subprocesses.START,
            "amalgan.studies.compare.worker",
            str(folder),
            "reference",
        ]
        subprocess.run(
            command,
            env=subprocesses.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    finally:
        os.chdir(before)
    if ran.exists():
        yield f"a process of ours ran {ran.read_text()[:80]} of the working folder"


def figure(share: float, scratch: Path) -> Figure:
    """Try to lose something in every way."""
    data, run = pictures(scratch), scratch / "run"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(data / "cat" / "dark.png")
    code, said = said_by("train", data, "--images", "320", *SMALL, "--system", "fusion", "--out", run)
    broken = [] if code == 0 else [f"train: exit code {code}: {said[-300:]}"]
    broken += [
        *replaced(run, data, scratch, share >= 1),
        *linked(run, data, scratch),
        *overwritten(run, scratch),
    ]
    broken += [
        *trained_over(scratch),
        *merged(),
        *at_once(run, scratch),
        *claimed(run, scratch),
        *imported(scratch),
    ]
    lines = len(list(commands(run, data, scratch, share >= 1)))
    return Figure(
        asked="every byte of the user's is there, after every command and in every way",
        reached=f"{len(broken)} losses in {lines} command lines, 2 links, 3 trainings, {len(PLANTED)} planted modules",
        broken=broken,
    )
