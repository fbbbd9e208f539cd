"""What a picture's path says about it: its split and its class.

    test/cat/1.png ─► test, cat        cat/deep/2.png ─► any, cat        3.png ─► any, unlabeled

``train``, ``val`` and ``test`` at the first level are splits when there is nothing beside them, or when both
train and test are there; else they are classes like any other (a set of vehicles may well hold trains).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from amalgan.data.names import shown
from amalgan.data.store import ANY, TEST, TRAIN, VALIDATION

SPLITS = {
    b"train": TRAIN,
    b"training": TRAIN,
    b"val": VALIDATION,
    b"valid": VALIDATION,
    b"validation": VALIDATION,
    b"test": TEST,
    b"testing": TEST,
}


@dataclass(frozen=True)
class Places:
    """How the paths of one data set are to be read."""

    split_folders: bool

    @classmethod
    def of(cls, paths: Iterable[bytes]) -> Places:
        """Learn from all paths whether the first level is splits."""
        firsts = {path.split(b"/", 1)[0].lower() for path in paths if b"/" in path}
        splits = {SPLITS[first] for first in firsts if first in SPLITS}
        return cls(bool(firsts) and (firsts <= set(SPLITS) or {TRAIN, TEST} <= splits))

    def place(self, path: bytes) -> tuple[int, str | None]:
        """The split and the class of a picture."""
        first, slash, rest = path.partition(b"/")
        split = SPLITS.get(first.lower(), ANY) if slash and self.split_folders else ANY
        label, slash, _ = (rest if split != ANY else path).partition(b"/")
        return split, shown(label) if slash else None
