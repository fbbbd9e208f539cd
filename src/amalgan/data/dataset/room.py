"""Whether a store fits: into the cache, which has a cap, and onto its disk. Asked before anything is decoded.

The cap is 20 GiB, or $AMALGAN_CACHE_GIB.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path
from shutil import disk_usage

from amalgan.core.environment import number
from amalgan.core.errors import NoRoom
from amalgan.kinds.stored import Stored

CAP = "AMALGAN_CACHE_GIB"
DEFAULT_GIB = 20.0
GIB = 2**30


def cap_bytes() -> float:
    """Return how many bytes all stores of a cache may take together."""
    return number(CAP, DEFAULT_GIB) * GIB


def require_room(folder: Path, kind: Stored, shape: tuple[int, ...], count: int, size: int) -> None:
    """Refuse a store of ``count`` examples of a ``kind`` and ``shape``, which takes ``size`` bytes in ``folder``.

    Raises:
        NoRoom: it alone is larger than the cap, or than what is free on the disk.
    """
    smaller = "" if kind.refuses("size") else " train at a smaller --size,"
    takes = f"decoded, {count:,} {kind.amount(shape)} take {size / GIB:.2f} GiB, and"
    if size > cap_bytes():
        raise NoRoom(
            f"{takes} the cache may take {cap_bytes() / GIB:.2f} GiB. Set {CAP} to {ceil(size / GIB)},{smaller} "
            "or give less data."
        )
    if size > (free := disk_usage(folder).free):
        raise NoRoom(
            f"{takes} the disk of {folder.parent} has {free / GIB:.2f} GiB free. Free space,{smaller} or choose a "
            "folder on another disk with --cache."
        )
