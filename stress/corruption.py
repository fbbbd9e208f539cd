"""Every flipped bit and every missing end of a small model file and of twenty .amg files is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from amalgan.core.errors import AmalganError, BitstreamError, ModelFileError
from amalgan.systems import model_file
from amalgan.tasks.compress import packed
from stress import subjects
from stress.figure import Figure, portion
from support import SPECS, build, examples, settled

FILES = 20


def damaged(data: bytes, step: int = 1) -> Iterator[tuple[str, bytes]]:
    """``data`` with each bit flipped, and cut at each byte; every ``step``-th of these."""
    for bit in range(0, 8 * len(data), step):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit}", bytes(changed)
    for size in range(0, len(data), step):
        yield f"cut at {size}", data[:size]


def answer(read: Callable[[], Any], own: type[AmalganError]) -> str | None:
    """What is wrong with how a damaged file was met; None where it was refused by an error of the type ``own``."""
    try:
        read()
    except own:
        return None
    except AmalganError as error:
        return f"refused by {type(error).__name__}"
    return "read without a word"


def figure(share: float, scratch: Path) -> Figure:
    """Read every damaged file the way users do."""
    system = settled(
        build("autoencoder", SPECS["vectors"], network=subjects.TINY), examples(SPECS["vectors"])
    )
    model_file.publish(scratch / "small.safetensors", system, name="autoencoder", facts={})
    whole, place = (scratch / "small.safetensors").read_bytes(), scratch / "damaged"
    model = subjects.model(scratch)
    files = subjects.pictures(model, portion(FILES, share))
    readers = [(partial(model_file.load, place), ModelFileError, whole, round(1 / share))]
    readers += [(partial(packed.from_file, place, model), BitstreamError, picture, 1) for picture in files]
    tried, broken = 0, list[str]()
    for number, (read, own, data, step) in enumerate(readers):
        for case, wrong in damaged(data, step):
            place.write_bytes(wrong)
            tried += 1
            if fault := answer(read, own):
                broken.append(f"file {number}, {case}: {fault}")
    return Figure(
        asked="100 % of bit flips and cuts found",
        reached=f"{tried - len(broken):,} of {tried:,}: a model of {len(whole):,} bytes, {len(files)} .amg files",
        broken=broken,
        facts={"tried": tried},
    )
