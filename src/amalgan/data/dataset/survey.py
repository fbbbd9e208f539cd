"""What the headers of all pictures say, before any is decoded.

source ─► the first bytes of each file ─► height, width, stored as gray or not ─► Survey ─► what size to choose
                     some are stored in color, and those decoded show gray alone ─► all are decoded: gray by content?
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.config.data import DataConfig
from amalgan.core.errors import BadPicture
from amalgan.data.dataset.reading import kind_for, source_of
from amalgan.data.decoding.images import Measured, is_gray, measure, shows_gray
from amalgan.data.decoding.layout import Layout
from amalgan.data.decoding.ordered import Progress, in_order
from amalgan.data.readers.sources import ArrayData, Arrays, Pictures

HEADER_BYTES = 1 << 16
ASKED_FIRST = 32
ANY_LAYOUT = Layout(height=8, width=8, channels=3)
"""Gray is gray on white, whatever it is made into."""
_LAST: dict[str, Survey] = {}
"""By the key of its source: choosing a size and decoding read the headers once."""


class Survey(NamedTuple):
    """Sizes and colors of all pictures that could be measured."""

    sizes: NDArray[np.integer[Any]]
    """(N, 2): height and width, upright."""
    all_gray: bool
    """No picture shows a color."""
    stored_in_color: bool = False
    """Some of them could, by their files."""

    @classmethod
    def nothing(cls) -> Survey:
        """That of no pictures."""
        return cls(np.zeros((0, 2), np.int32), False)

    @classmethod
    def of_arrays(cls, data: ArrayData) -> Survey:
        """That of arrays of pictures."""
        sizes = np.broadcast_to(np.array(data.shape[:2], np.int32), (data.count, 2))
        in_color = len(data.shape) == 3 and data.shape[2] > 1
        gray = not in_color or arrays_show_only_gray(data)
        return cls(sizes, gray, gray and in_color)


def survey(data: str | Path, config: DataConfig = DataConfig(), progress: Progress | None = None) -> Survey:  # noqa: B008
    """The pictures that a word or a path names; none where it names something else.

    Raises:
        DataError: nothing readable is there.
    """
    source, request = source_of(data, config)
    found = source.open() if isinstance(source, Arrays) else source
    if kind_for(source.name, found, request.kind, request.look).refuses("size"):
        return Survey.nothing()
    return Survey.of_arrays(found) if isinstance(found, ArrayData) else surveyed(found, progress)


def surveyed(source: Pictures, progress: Progress | None = None) -> Survey:
    """Measure every picture of ``source``; not again, if it was the last one measured and has not changed."""
    if source.key not in _LAST:
        found = _measured(source, progress)
        if not found.all_gray and len(found.sizes) and shows_only_gray(source):
            found = found._replace(all_gray=True, stored_in_color=True)
        _LAST.clear()
        _LAST[source.key] = found
    return _LAST[source.key]


def _measured(source: Pictures, progress: Progress | None) -> Survey:
    sizes, found, all_gray = np.zeros((len(source), 2), np.int32), 0, True
    for header in in_order(lambda row: _header(source, row), len(source), progress):
        if header is not None:
            sizes[found] = header.height, header.width
            all_gray, found = all_gray and header.gray, found + 1
    return Survey(sizes[:found], all_gray and found > 0)


def _header(source: Pictures, row: int) -> Measured | None:
    for limit in (HEADER_BYTES, None):  # most formats say everything at the start
        try:
            return measure(source.read(row, limit))
        except BadPicture:
            continue
    return None


def shows_only_gray(source: Pictures) -> bool:
    """Whether all pictures that can be decoded show gray alone; some of them are asked first."""
    count = len(source)
    some = np.unique(np.linspace(0, count - 1, min(count, ASKED_FIRST)).astype(np.int64)).tolist()
    return _all_gray(source, some) and _all_gray(source, range(count))


def _all_gray(source: Pictures, rows: Sequence[int]) -> bool:
    found = in_order(lambda place: _gray(source, rows[place]), len(rows))
    with closing(found):
        return all(gray is not False for gray in found)


def _gray(source: Pictures, row: int) -> bool | None:
    with suppress(BadPicture):
        return shows_gray(source.read(row), ANY_LAYOUT)
    return None


def arrays_show_only_gray(data: ArrayData) -> bool:
    """Whether the three color channels of all examples are one."""
    return data.shape[2] == 3 and all(is_gray(block.values) for block in data.blocks())
