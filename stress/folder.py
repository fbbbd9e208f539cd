"""A user's folder: a thousand files of which 200 are bad, the fifteen nastiest things, files that change mid-run.

Every file is either read or named with its reason, the counts add up, and training comes to its end.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import StateError
from amalgan.data import open_data
from amalgan.data.dataset.inspection import Inspection
from amalgan.training.state import TrainState
from hostile import HOSTILE
from stress.figure import Figure
from stress.guarded import bounded
from stress.images import rechecked
from workshop import BATCH, ROUNDS, Workshop

FILES, BAD = 1000, 200
SIDE = 12
GIANT = (8000, 8000)
MEBIBYTES = 2560


def noise(seed: int, *shape: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Values that no other seed gives."""
    return np.random.default_rng(seed).integers(0, 256, shape or (SIDE, SIDE), dtype=np.uint8)


def encoded(picture: Any, kind: str = "PNG", **options: Any) -> bytes:
    """A picture file."""
    image, file = picture if isinstance(picture, Image.Image) else Image.fromarray(picture), BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def thousand(folder: Path) -> set[str]:
    """Fill ``folder``; names of the bad files, bad in four ways."""
    folder.mkdir()
    bad = set(range(0, FILES, FILES // BAD))
    for row in range(FILES):
        data = encoded(noise(row))
        spoiled = (data[: len(data) // 2], b"", b"<svg/>", b"\x89PNG" + data[8:])
        (folder / f"{row:04d}.png").write_bytes(spoiled[row // 5 % 4] if row in bad else data)
    return {f"{row:04d}.png" for row in bad}


def nastiest(folder: Path) -> tuple[set[str], int]:
    """Fill ``folder`` with the fifteen nastiest things; names of the bad ones, and how many good ones there are."""
    folder.mkdir()
    good, bad = dict(good_pictures()), dict(bad_pictures())
    for name, data in {**good, **bad}.items():
        (folder / name).write_bytes(data)
    (folder.parent / "outside.png").write_bytes(encoded(noise(1)))
    specials: dict[str, Callable[[Path], Any]] = {
        "pipe.png": os.mkfifo,
        "device.png": lambda path: path.symlink_to("/dev/zero"),
        "loop.png": lambda path: path.symlink_to(path),
        "out.png": lambda path: path.symlink_to(folder.parent / "outside.png"),
        "up": lambda path: path.symlink_to(folder, target_is_directory=True),
    }
    for name, make in specials.items():
        make(folder / name)
    for junk in (".DS_Store", "Thumbs.db", "._x.png"):
        (folder / junk).write_bytes(b"junk")
    return {*bad, *specials}, len(good) + named(folder)


def bad_pictures() -> Iterator[tuple[str, bytes]]:
    """Files that are no pictures, or no longer."""
    photo = encoded(noise(2, 64, 64, 3), "JPEG")
    yield "cut.jpg", photo[: int(len(photo) * 0.999)]
    yield "declares.png", declared(60_000, 60_000)
    yield "too_large.png", encoded(Image.new("1", (GIANT[0], GIANT[1] + 1)))
    yield "too_long.png", encoded(Image.new("1", (30_001, 1)))
    yield "page.png", b"<!DOCTYPE html><script>alert(1)</script>"
    yield "drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    yield "print.png", b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file"
    yield "archive.png", b"PK\x03\x04" + bytes(100)
    hole = np.zeros((SIDE, SIDE), np.float32)
    hole[3, 3] = np.nan
    yield "nan.tiff", encoded(hole, "TIFF")
    yield "zero.png", b""
    yield "x.png.crdownload", encoded(noise(3))[:40]


def declared(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that declares a size."""
    small = encoded(np.zeros((2, 2), np.uint8))
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return rechecked(small[:16] + header + small[24:])


def good_pictures() -> Iterator[tuple[str, bytes]]:
    """Pictures that must be read, however odd."""
    yield "sixteen.png", encoded(noise(4).astype(np.uint16) * 257)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"turned-{orientation}.jpg", encoded(noise(10 + orientation, SIDE, SIDE, 3), "JPEG", exif=exif)
    yield "exif.jpg", encoded(noise(5, SIDE, SIDE, 3), "JPEG", exif=b"Exif\0\0MM\0*garbage")
    hidden = noise(6, SIDE, SIDE, 4)
    hidden[..., 3] = 0
    hidden[0, 0] = (1, 2, 3, 255)
    yield "hidden.png", encoded(hidden)
    yield "la.png", encoded(Image.fromarray(noise(7)).convert("LA"))
    palette = Image.fromarray(noise(8, SIDE, SIDE, 3)).quantize(16)
    yield "palette.png", encoded(palette, transparency=bytes(range(0, 256, 16)))
    yield "cmyk.jpg", encoded(Image.fromarray(noise(9, SIDE, SIDE, 3)).convert("CMYK"), "JPEG")
    yield "lab.tiff", encoded(Image.new("LAB", (SIDE, SIDE), (100, 30, 30)), "TIFF")
    frames = [Image.fromarray(noise(30 + number, SIDE, SIDE, 3)) for number in range(3)]
    yield "film.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    yield "pages.tiff", encoded(frames[1], "TIFF", save_all=True, append_images=[frames[2]] * 499)
    yield "one.png", encoded(np.full((1, 1), 9, np.uint8))
    yield "line.png", encoded(np.full((30_000, 1), 8, np.uint8))
    yield "flat.png", encoded(np.full((SIDE, SIDE), 7, np.uint8))
    yield "giant.png", encoded(Image.new("I;16", GIANT, 5))


def named(folder: Path) -> int:
    """Pictures with every hostile name that a disk can hold, and one that is no UTF-8; how many."""
    names = [name.replace("\0", "").replace("/", "\u2215")[:60] for name in HOSTILE]
    raw = [f"{name}.png".encode("utf-8", "surrogatepass") for name in names] + [b"\xff\xfe.png", b"-rf.png"]
    for number, name in enumerate(raw):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(encoded(noise(100 + number)))
    return len(set(raw))


def counted(found: Inspection, bad: set[str], good: int) -> Iterator[str]:
    """What is wrong with the counts."""
    named = {item.name for item in found.skipped}
    if named != bad or len(found.skipped) != len(bad):
        yield f"{found.name}: reported {sorted(named ^ bad)} too many or too few"
    if found.read != good:
        yield f"{found.name}: {found.read} read of {good} good ones"
    if not all(item.name.isprintable() and item.reason.isprintable() for item in found.skipped):
        yield f"{found.name}: a reason or a name is not printable"


def trained(workshop: Workshop, folder: Path, bad: set[str]) -> Iterator[str]:
    """Train on ``folder`` as it is."""
    result = workshop.run(workshop.order("autoencoder", f"{folder.name}-run", data=str(folder)))
    if result.images != ROUNDS * BATCH or {item["name"] for item in result.skipped} != bad:
        yield f"{folder.name}: the run ended at {result.images} images, {len(result.skipped)} skipped"


def changing(workshop: Workshop, folder: Path) -> Iterator[str]:
    """Files vanish, are cut and exchanged while a run goes on: the run is the one that was undisturbed."""
    folder.mkdir()
    for row in range(40):
        (folder / f"{row}.png").write_bytes(encoded(noise(row)))
    whole = workshop.order("autoencoder", "calm", data=str(folder))
    workshop.run(whole)
    order = replace(whole, out=workshop.folder / "stormy")
    with pytest.MonkeyPatch.context() as patch:
        replace(workshop, patch=patch).strike(lambda state, report: storm(folder, state))
        workshop.stop_at(order, ROUNDS - 1)
    try:
        workshop.run(replace(order, resume=True))
        yield "changing: a run was resumed on other data"
    except StateError as error:
        if "data_fingerprint" not in str(error):
            yield f"changing: {error}"
    for row in range(40):
        (folder / f"{row}.png").write_bytes(encoded(noise(row)))
    workshop.run(replace(order, resume=True))
    if (whole.out / "model.safetensors").read_bytes() != (order.out / "model.safetensors").read_bytes():
        yield "changing: the model is another one"


def storm(folder: Path, state: TrainState) -> None:
    """In round 3: remove, cut and exchange."""
    if state.round == 3:
        for row in range(0, 30, 3):
            (folder / f"{row}.png").unlink()
            (folder / f"{row + 1}.png").write_bytes(b"\x89PNG")
            (folder / f"{row + 2}.png").write_bytes(encoded(noise(1000 + row)))


def figure(share: float, scratch: Path) -> Figure:
    """All three folders; the share is always the whole."""
    broken = list[str]()
    with pytest.MonkeyPatch.context() as patch, bounded(MEBIBYTES):
        workshop = Workshop.furnished(scratch, patch)
        bad = thousand(scratch / "thousand")
        broken += counted(open_data(scratch / "thousand").inspection, bad, FILES - BAD)
        broken += trained(workshop, scratch / "thousand", bad)
        nasty, good = nastiest(scratch / "nasty")
        broken += counted(open_data(scratch / "nasty").inspection, nasty, good)
        broken += trained(workshop, scratch / "nasty", nasty)
        broken += changing(workshop, scratch / "changing")
    return Figure(
        asked=f"exactly {BAD} of {FILES:,} reported; the fifteen nastiest; every run completes",
        reached=f"{len(broken)} faults; {len(bad)} and {len(nasty)} bad files named, {good} odd ones read",
        broken=broken,
    )
