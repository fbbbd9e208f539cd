"""Pictures out: one PNG, a grid of them, a folder, or arrays. Every write goes through ``files``.

uint8 (N, H, W) or (N, H, W, 3) ──► O/         a PNG each
float32 (N, D)                  ──► O/x.npz    array x, exactly as it is
                                ──► O/x.png    one grid
                                ──► O/x.csv    vectors: a row each, below their names
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from amalgan.core.errors import UsageError
from amalgan.core.file_names import describe_ending, distinct
from amalgan.core.files import below, refuse_foreign, replacing, write_bytes
from amalgan.core.types import DataSpec
from amalgan.data.writing.npz import UNNAMED, Column, write_npz
from amalgan.data.writing.provenance import SOFTWARE, xmp_of
from amalgan.data.writing.sheets import in_cell, in_table
from amalgan.kinds import kind_of

GAP = 2
XMP = "XML:com.adobe.xmp"
"""The keyword under which a PNG holds XMP."""
WHITE = 255
ONE_PNG_SIDE = 30_000
FOREIGN = {".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".npy", ".zip", ".pdf", ".csv"}
"""Endings that no folder would have by choice."""
SORTED = {".npz", ".csv"}
"""Endings of files in which examples stand in the order of their names."""
SEEN_SIDE, SEEN_COUNT = 56, 1024
LONGEST_NAME_BYTES = 200


def png_bytes(pixels: NDArray[np.uint8], text: Mapping[str, str] | None = None) -> bytes:
    """One picture (H, W) or (H, W, 3) as a PNG file, with ``text`` on its origin, which is said in XMP too.

    Without a text it says that amalgan wrote it, which ``core.ownership`` knows it by.
    """
    info = PngInfo()
    for keyword, value in (text or {"Software": SOFTWARE}).items():
        info.add_itxt(keyword, value)
    if text:
        info.add_itxt(XMP, xmp_of(text))
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def grid(
    pixels: NDArray[np.uint8], *, columns: int | None = None, gap: int = GAP, scale: int = 1
) -> NDArray[np.uint8]:
    """Pictures side by side, row by row, on white; a square of them by default. ``scale`` repeats pixels."""
    if not len(pixels):
        raise UsageError("there are no pictures to make a grid of; ask for at least one")
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    count, height, width = pixels.shape[:3]
    columns = min(columns or ceil(sqrt(count)), count)
    rows = ceil(count / columns)
    sheet_shape = (rows * (height + gap) + gap, columns * (width + gap) + gap, *pixels.shape[3:])
    sheet = np.full(sheet_shape, WHITE, np.uint8)
    for place, picture in enumerate(pixels):
        top, left = (
            gap + at * (side + gap) for at, side in zip(divmod(place, columns), (height, width), strict=True)
        )
        sheet[top : top + height, left : left + width] = picture
    return sheet


def visible_scale(pixels: NDArray[np.uint8]) -> int:
    """How often to repeat each pixel so that a picture is at least 56 pixels wide and high, unless there are many."""
    return max(1, SEEN_SIDE // min(pixels.shape[1:3])) if len(pixels) <= SEEN_COUNT else 1


def write_output(
    out: str | Path,
    values: NDArray[Any],
    *,
    names: Sequence[str] | None = None,
    columns: Sequence[str] = (),
    nouns: str = "vectors",
    spec: DataSpec | None = None,
    text: Mapping[str, str] | None = None,
) -> list[Path]:
    """Write examples to ``out`` as its ending says, and return the files written.

    ``values`` is what ``to_pixels`` gives: uint8 (N, H, W) or (N, H, W, 3), or float32 (N, D). ``names`` name
    the PNGs of a folder (numbers by default) and sort the rows of an .npz or .csv; any folders in them are kept.
    ``columns`` name the entries of vectors (x0, x1, ... by default), which people call ``nouns``. With ``spec`` a table
    has the columns and rows that their kind gives it.

    Raises:
        UsageError: vectors are asked for as pictures, or pictures as a table.
    """
    out = Path(out)
    values = values if names is None or out.suffix.lower() not in SORTED else values[_order(names)]
    if out.suffix.lower() == ".npz":
        _write_npz(out, values)
        return [out]
    if out.suffix.lower() == ".csv" and values.ndim == 2:
        _write_csv(out, values, columns or [f"x{at}" for at in range(values.shape[1])])
        return [out]
    if out.suffix.lower() == ".csv" and spec is not None and kind_of(spec).refuses("files"):
        kind = kind_of(spec)
        _write_rows(out, kind.table_columns(spec), (row for _, row in kind.table_rows(values, spec)))
        return [out]
    if out.suffix.lower() in FOREIGN:
        raise UsageError(
            f"{out} {describe_ending(out)}; pictures go to a folder, to one grid .png, or to .npz"
        )
    if values.ndim == 2 or values.dtype != np.uint8:
        raise UsageError(
            f"{out} would hold pictures and these are {nouns}; write --out {out.with_suffix('.npz')} or .csv"
        )
    if out.suffix.lower() == ".png":
        sheet = grid(values)
        if max(sheet.shape) > ONE_PNG_SIDE:
            raise UsageError(
                f"{len(values)} pictures are too many for one grid; give a folder or .npz as --out"
            )
        write_bytes(out, png_bytes(sheet, text))
        return [out]
    return _write_folder(out, values, names, text)


def _order(names: Sequence[str]) -> NDArray[np.int64]:
    return np.argsort(np.array(names), kind="stable")


def _write_npz(out: Path, values: NDArray[Any]) -> None:
    write_npz(out, {"x": Column.of(values)}, UNNAMED)


def _write_csv(out: Path, values: NDArray[np.float32], columns: Sequence[str]) -> None:
    _write_rows(out, columns, values)


def _write_rows(out: Path, columns: Sequence[str], rows: Iterable[Sequence[float | str]]) -> None:
    """Write a table, a row at a time."""
    with (
        replacing(out, unless_same=True) as part,
        part.open("w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file, lineterminator="\n")
        table.writerow([in_cell(name) for name in columns])
        table.writerows([in_table(value) for value in row] for row in rows)


def _write_folder(
    out: Path, values: NDArray[Any], names: Sequence[str] | None, text: Mapping[str, str] | None
) -> list[Path]:
    digits = max(5, len(str(len(values))))
    paths = png_names(names if names is not None else [f"{row:0{digits}d}" for row in range(len(values))])
    places = [below(out, path) for path in paths]
    refuse_foreign(places)
    for place, picture in zip(places, values, strict=True):
        write_bytes(place, png_bytes(picture, text))
    return places


def png_names(names: Sequence[str], ending: str | None = ".png") -> list[str]:
    """Where pictures of these ``names`` go: ``ending`` instead of their own, or both where two would be equal.

    As many paths as names, and no two of them one file, on disks that fold case or Unicode too.

    Args:
        ending: None leaves names as they are.

    Raises:
        UsageError: a name leads out of the folder.
    """
    if outside := [name for name in names if name.startswith("/") or ".." in name.split("/")]:
        raise UsageError(f"{outside[0]!r} leads out of the folder; give names without a leading / or ..")
    plain = [name if ending is None else str(PurePosixPath(name).with_suffix(ending)) for name in names]
    counts = Counter(plain)
    full = [
        path if counts[path] == 1 else f"{name}{ending or ''}"
        for name, path in zip(names, plain, strict=True)
    ]
    return distinct(["/".join(map(_short, path.split("/"))) for path in full], names)


def _short(part: str) -> str:
    """A file name that every file system takes; long ones keep their start and become unique by a hash."""
    whole = part.encode()
    if len(whole) <= LONGEST_NAME_BYTES:
        return part
    start = whole[: LONGEST_NAME_BYTES // 2].decode(errors="ignore")
    return f"{start}-{blake2b(whole, digest_size=8).hexdigest()}{PurePosixPath(part).suffix[:8]}"
