"""Every flipped bit and every missing end of a small model file and of twenty .amg files is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from amalgan import modelfile
from amalgan.errors import AmalganError, BitstreamError, ModelFileError
from amalgan.tasks import packed
from stress import subjects
from stress.figure import Figure, portion

FILES = 20


def damaged(data: bytes, step: int = 1) -> Iterator[tuple[str, bytes]]:
    """``data`` with each bit flipped, and cut at each byte; every ``step``-th of these."""
    for bit in range(0, 8 * len(data), step):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit}", bytes(changed)
    for size in range(0, len(data), step):
        yield f"cut at {size}", data[:size]


def figure(share: float, scratch: Path) -> Figure:
    """Read every damaged file the way users do."""
    model = subjects.model(scratch, "autoencoder", "vectors", network=subjects.TINY)
    place, broken, tried = scratch / "damaged", [], 0

    def missed(what: str, case: str, data: bytes) -> None:
        nonlocal tried
        tried += 1
        place.write_bytes(data)
        try:
            modelfile.load(place) if what == "model" else packed.from_file(place, model)
        except ModelFileError if what == "model" else BitstreamError:
            return
        except AmalganError as error:
            broken.append(f"{what}, {case}: {type(error).__name__}")
        else:
            broken.append(f"{what}, {case}: read without a word")

    whole = (scratch / "model.safetensors").read_bytes()
    for case, data in damaged(whole, step=round(1 / share)):
        missed("model", case, data)
    files = subjects.pictures(model, portion(FILES, share))
    for number, picture in enumerate(files):
        for case, data in damaged(picture):
            missed(f"picture {number}", case, data)
    return Figure(
        asked="100 % of bit flips and cuts found",
        reached=f"{tried - len(broken):,} of {tried:,}: a model of {len(whole):,} bytes, {len(files)} .amg files",
        broken=broken,
        facts={"tried": tried},
    )
