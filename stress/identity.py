"""Identity is content: data, models and caches are recognized by what they hold, not by name, place, size or time.

equal pixels under other names ─► the same data        other pixels under the same name, size and time ─► told
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.core.errors import AmalganError
from amalgan.data import Dataset, open_data
from stress.figure import Figure
from stress.lost import said_by
from workshop import Workshop

COUNT, SIDE = 40, 16


def figure(share: float, scratch: Path) -> Figure:
    """Every case; they are few and quick."""
    cases: dict[str, Callable[[Path], Iterator[str]]] = {
        "names": other_names,
        "pixels": other_pixels,
        "cache": altered_cache,
        "resume": resumed_elsewhere,
        "models": another_model,
    }
    broken = list[str]()
    for name, case in cases.items():
        (scratch / name).mkdir()
        broken += [f"{name}: {fault}" for fault in case(scratch / name)]
    return Figure(
        asked="equal content is the same, other content is told, whatever it is called",
        reached=f"{len(broken)} of {len(cases)} kinds of mistaken identity",
        broken=broken,
    )


def filled(folder: Path, seed: int = 0) -> Path:
    """A folder of pictures without compression, so that files of one size hold what they like."""
    folder.mkdir(parents=True)
    values = np.random.default_rng(seed).integers(0, 256, (COUNT, SIDE, SIDE), dtype=np.uint8)
    for number, one in enumerate(values):
        Image.fromarray(one).save(folder / f"{number:03d}.bmp")
        os.utime(folder / f"{number:03d}.bmp", (1e9, 1e9))
    return folder


def opened(folder: Path, cache: Path) -> Dataset:
    """The data in ``folder``."""
    return open_data(str(folder), DataConfig(cache=str(cache)))


def other_names(scratch: Path) -> Iterator[str]:
    """The same files in another folder, touched, and in an archive."""
    one = filled(scratch / "one")
    fingerprint = opened(one, scratch / "cache").fingerprint
    moved = scratch / "moved" / "elsewhere"
    shutil.copytree(one, moved, copy_function=shutil.copyfile)
    packed = shutil.make_archive(str(scratch / "packed"), "zip", one)
    for place in (moved, Path(packed)):
        if opened(place, scratch / f"cache-{place.name}").fingerprint != fingerprint:
            yield f"{place.name} holds the same pictures and counts as other data"


def other_pixels(scratch: Path) -> Iterator[str]:
    """One picture replaced by another of the same name, size and time."""
    folder = filled(scratch / "data")
    before = opened(folder, scratch / "cache")
    swap(folder / "003.bmp")
    after = opened(folder, scratch / "cache")
    if before.fingerprint == after.fingerprint:
        yield "a picture of the same name, size and time was exchanged, and the cache did not notice"


def swap(picture: Path) -> None:
    """Turn a picture around; its file keeps its name, size and time."""
    found, size = picture.stat(), picture.stat().st_size
    with Image.open(picture) as image:
        turned = image.transpose(Image.Transpose.ROTATE_180)
    turned.save(picture)
    assert picture.stat().st_size == size
    os.utime(picture, ns=(found.st_atime_ns, found.st_mtime_ns))


def altered_cache(scratch: Path) -> Iterator[str]:
    """A cache in which nearly every picture is another one."""
    folder = filled(scratch / "data")
    sound = opened(folder, scratch / "cache").train.take(np.arange(8))
    (rows,) = (scratch / "cache").glob("store-*/pixels.npy")
    data = bytearray(rows.read_bytes())
    data[512:] = bytes(255 - value for value in data[512:])
    rows.write_bytes(bytes(data))
    try:
        again = opened(folder, scratch / "cache").train.take(np.arange(8))
    except AmalganError:
        return
    if not again.equal(sound):
        yield "pictures of an altered cache were taken for those of the folder"


def resumed_elsewhere(scratch: Path) -> Iterator[str]:
    """A run goes on when its data was moved, and does not when its data is another one."""
    with pytest.MonkeyPatch.context() as patch:
        shop = Workshop.furnished(scratch, patch)
        order = shop.order()
        shop.stop_at(order, 12)
        shutil.move(scratch / "data.npz", scratch / "renamed.npz")
        values = np.load(scratch / "renamed.npz")
        other = {"x": values["x"][:, ::-1], "y": values["y"]}
        np.savez(scratch / "data.npz", **other)
        try:
            shop.run(replace(order, resume=True))
            yield "a run went on with other pictures under the same name"
        except AmalganError:
            pass
        try:
            shop.run(replace(order, resume=True, data=str(scratch / "renamed.npz")))
        except AmalganError as error:
            yield f"a run did not go on with its data under another name: {error}"


def another_model(scratch: Path) -> Iterator[str]:
    """What one model has begun is not finished by another of the same name."""
    with pytest.MonkeyPatch.context() as patch:
        shop = Workshop.furnished(scratch, patch)
        for seed in (0, 1):
            shop.run(shop.order(out=f"run{seed}", seed=seed))
        place, out = scratch / "model.safetensors", scratch / "new.npz"
        line = ("generate", place, "--count", "8", "--out", out)
        shutil.copyfile(scratch / "run0" / "model.safetensors", place)
        said_by(*line)
        first = out.read_bytes()
        shutil.copyfile(scratch / "run1" / "model.safetensors", place)
        code, said = said_by(*line)
        if code == 0 and (out.read_bytes() == first or "there already" in said):
            yield "what another model of the same name had made is said to be there already"
