"""What a data set is like, for the page: a process of its own, started by the studio.

DATA ─► the inspection of ``amalgan inspect``, and pictures of it: some of each class, copies, what is cut away
     ─► look.json ─► with minutes: sizes, timed here, and what is proposed ─► look.json again
"""

from __future__ import annotations

import io
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.core import files
from amalgan.core.errors import BadPicture
from amalgan.core.file_names import shown
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, Records, open_data
from amalgan.data.dataset.native_size import layout, picture_rows
from amalgan.data.decoding.images import decode, measure
from amalgan.data.readers.resolving import find_source
from amalgan.data.readers.sources import Arrays, Pictures
from amalgan.kinds import kind_of
from amalgan.studio.answering import run_and_answer

SIDE = 112
"""Pixels of a thumbnail's longer side."""
CLASSES, OF_A_CLASS, UNCLASSED = 12, 4, 16
GROUPS, OF_A_GROUP = 12, 4
CUTS, MEASURED = 6, 300


def write_overview(arguments: list[str]) -> dict[str, Any]:
    """Write what there is to see: DATA, minutes (or nothing), system, target."""
    data, minutes, system, target = arguments
    found = open_data(data, DataConfig(), at_least=0)
    facts = {"amalgan": "studio look", **found.inspection.to_json(), "kind": found.spec.kind, "offers": None}
    if not kind_of(found.spec).refuses("size") and len(found.records):
        facts |= {
            "examples": examples(found.records),
            "copies": list(copies(found.records)),
            "cuts": cuts(data, found),
        }
    files.write_json(Path(target), facts)
    if minutes:
        from amalgan.training import sizing

        offers = sizing.offers_for(found, system, minutes=float(minutes)) if len(found.train) else []
        files.write_json(Path(target), facts | {"offers": [one.to_json() for one in offers]})
    return {"read": found.inspection.read}


def examples(records: Records) -> list[dict[str, Any]]:
    """Return some pictures of each class, or some of all."""
    groups = [
        (name, np.flatnonzero(records.labels == label)) for label, name in enumerate(records.spec.classes)
    ]
    shown_of = [(name, rows) for name, rows in groups if len(rows)][:CLASSES]
    most = OF_A_CLASS if len(shown_of) > 1 else UNCLASSED
    found = shown_of if len(shown_of) > 1 else [("", np.arange(len(records)))]
    return [
        {"name": shown(name), "pictures": [of_record(records, row) for row in spaced(rows, most)]}
        for name, rows in found
    ]


def spaced(rows: NDArray[Any], most: int) -> list[int]:
    """Return at most so many rows, evenly."""
    return [
        int(rows[at])
        for at in np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    ]


def copies(records: Records) -> Iterator[dict[str, Any]]:
    """Yield groups of pictures that are the same, or nearly so, with the first of each group."""
    contents, groups = records.store.contents[records.index], records.store.groups[records.index]
    _, group, size = np.unique(groups, axis=0, return_inverse=True, return_counts=True)
    for one in np.flatnonzero(size > 1)[:GROUPS]:
        rows = np.flatnonzero(group.reshape(-1) == one)
        equal = bool((contents[rows] == contents[rows[0]]).all())
        shown_rows = [of_record(records, int(row)) for row in rows[:OF_A_GROUP]]
        yield {"equal": equal, "count": len(rows), "pictures": shown_rows}


def of_record(records: Records, row: int) -> dict[str, str]:
    """Return a picture as training sees it, and its name."""
    planes = records.pixels([row])[0]
    pixels = planes[0] if len(planes) == 1 else planes[:3].transpose(1, 2, 0)
    return {"name": records.name(row), "picture": uri(Image.fromarray(np.ascontiguousarray(pixels)))}


def cuts(data: str, found: Dataset) -> list[dict[str, Any]]:
    """Return the pictures of which most is cut, whole, and the part of each that is seen: left, top, width, height.

    All four are shares of the picture. At most 300 pictures are measured, evenly.
    """
    source = find_source(data)
    if isinstance(source, Arrays) or found.inspection.cut_away < 0.0005:
        return []
    boxes = dict[int, list[float]]()
    for row in spaced(np.array(picture_rows(source)), MEASURED):
        with suppress(BadPicture):
            header = measure(source.read(row))
            boxes[row] = part_seen((header.width, header.height), found.spec.shape[1:])
    chosen = sorted(boxes, key=lambda row: boxes[row][2] * boxes[row][3])[:CUTS]
    return [
        {
            "name": shown(source.path(row)),
            "picture": render_picture(source, row, found.spec),
            "seen": boxes[row],
        }
        for row in chosen
    ]


def render_picture(source: Pictures, row: int, spec: DataSpec) -> str:
    """Return a file's picture, nothing of it cut."""
    data = source.read(row)
    header = measure(data)
    planes = decode(data, layout(header.height, header.width, spec)).pixels
    pixels = planes[0] if len(planes) == 1 else planes.transpose(1, 2, 0)
    return uri(Image.fromarray(np.ascontiguousarray(pixels)))


def part_seen(size: tuple[int, int], shape: tuple[int, ...]) -> list[float]:
    """Return the middle part of a picture (width, height) that has the proportions of (height, width)."""
    scale = min(size[0] / shape[1], size[1] / shape[0])
    across, down = shape[1] * scale / size[0], shape[0] * scale / size[1]
    return [(1 - across) / 2, (1 - down) / 2, across, down]


def uri(picture: Image.Image) -> str:
    """Return a thumbnail as a data: URI; pictures of a few pixels stay as they are."""
    small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    few = max(picture.size) <= SIDE
    small.save(file, "PNG" if few else "WEBP", **({} if few else {"quality": 80}))
    return f"data:image/{'png' if few else 'webp'};base64,{b64encode(file.getvalue()).decode()}"


if __name__ == "__main__":
    sys.exit(run_and_answer(write_overview))
