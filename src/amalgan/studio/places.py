"""Files and folders by id: a browser never names a path, and none outside the root is ever reached.

    path below the root ─► id, remembered ─► browser ─► id ─► path, links resolved, still below the root

Ids are keyed digests of paths, so the same place has the same id as long as the server runs.
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from amalgan.core.file_names import shown
from amalgan.studio.refusals import Missing

MOST = 100_000
"""Places that are remembered."""
MOST_LISTED = 2_000
"""Entries of a folder that are looked at."""
PICTURES = {".png", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
HOLDERS = {".zip", ".tar", ".npz", ".npy", ".csv", ".parquet"}
"""Endings of single files that are data."""


@dataclass(eq=False)
class Places:
    """The places below ``root``."""

    root: Path
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    known: OrderedDict[str, Path] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.root = self.root.resolve()

    def id_of(self, place: Path) -> str:
        """Return the id of a place, which the browser may ask for from now on."""
        id = blake2b(os.fsencode(place), key=self.key, digest_size=12).hexdigest()
        with self.lock:
            self.known[id] = place
            self.known.move_to_end(id)
            while len(self.known) > MOST:
                self.known.popitem(last=False)
        return id

    def at(self, id: str) -> Path:
        """Return the place of an id, with its links resolved.

        Raises:
            Missing: no such id was handed out, nothing is there any more, or it leads out of the root.
        """
        return self.within(self.named(id))

    def named(self, id: str) -> Path:
        """Return the place of an id as it was handed out, there or not."""
        with self.lock:
            place = self.known.get(id)
        if place is None:
            raise Missing("this place is not known any more; load the page again.")
        return place

    def within(self, place: Path) -> Path:
        """Return a place with its links resolved, known to be below the root."""
        try:
            full = place.resolve(strict=True)
        except (OSError, RuntimeError):
            raise Missing(f"{self.name(place)} is not there any more.") from None
        if full != self.root and self.root not in full.parents:
            raise Missing(f"{self.name(place)} leads out of the folder that this server may read.")
        return full

    def relative(self, place: Path) -> Path:
        """Return a place as the command line names it, from the root."""
        return Path(os.path.relpath(place, self.root))

    def name(self, place: Path) -> str:
        """Return how a place is shown."""
        return shown(os.fsencode(self.relative(place)))

    def listed(self, folder: Path) -> Iterator[Path]:
        """Yield what of a folder may be looked at, in the order of names: nothing hidden, no link out of the root."""
        try:
            with os.scandir(folder) as entries:
                names = [one.name for one, _ in zip(entries, range(MOST_LISTED), strict=False)]
        except OSError:
            return
        for name in sorted(names):
            place = folder / name
            if not name.startswith(".") and self.is_within(place):
                yield place

    def is_within(self, place: Path) -> bool:
        """Whether a place is there, below the root."""
        try:
            self.within(place)
        except Missing:
            return False
        return True


def count_pictures(folder: Path) -> int:
    """Return how many pictures lie in a folder itself, of the entries that are looked at."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one, _ in zip(entries, range(MOST_LISTED), strict=False)]
    except OSError:
        return 0
    return sum(os.path.splitext(name)[1].lower() in PICTURES for name in names)


def is_data_file(place: Path) -> bool:
    """Whether a file may hold a data set."""
    return place.suffix.lower() in HOLDERS and place.is_file()
