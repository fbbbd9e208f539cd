"""Whether a store fits: into the cache, which has a cap, and onto its disk. Asked before anything is decoded."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from shutil import disk_usage

from amalgan.core.cache_cap import CAP, GIB, cap_bytes
from amalgan.core.errors import NoRoom
from amalgan.kinds.stored import Stored


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
