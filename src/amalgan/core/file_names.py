"""File names: as on disk (bytes), as they may be shown (text), and a million of them in little memory.

    a.png  b/c.png  ...   ──►   blob  a.pngb/c.png...      ends  5 12 ...

A name on disk is any bytes without NUL; shown, whatever could act on a terminal or hide its meaning
(controls, escape codes, bidirectional marks, bytes that are not UTF-8) is written as an escape, and no two
names look equal.
"""

from __future__ import annotations

import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePath, PurePosixPath

import numpy as np
from numpy.typing import NDArray

FIXED_WIDTH_BYTES = 1 << 28
"""Names are sorted as one fixed-width array up to this size; beyond, one Python object each."""


def shown(name: bytes | str) -> str:
    """``name`` as harmless text; different names stay different."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(c if c.isprintable() and c != "\\" else _escaped(c) for c in text)


def describe_ending(place: PurePath) -> str:
    """``ends in .png``, or ``has no suffix``: what refusals of a target say."""
    return f"ends in {place.suffix}" if place.suffix else "has no suffix"


def class_name(name: bytes | str) -> str:
    """A class's name as harmless text; forms of Unicode that look alike (NFC, NFD) are one name."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    return shown(unicodedata.normalize("NFC", text).strip())


def look_alikes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names that people take for one: other in case, spaces, or compatible characters."""
    first: dict[str, str] = {}
    found = []
    for name in names:
        plain = "".join(unicodedata.normalize("NFKC", name).casefold().split())
        if first.setdefault(plain, name) != name:
            found.append((first[plain], name))
    return found


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as surrogateescape keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:x}}}"


def distinct(wished: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a path for each of ``names``: the ``wished`` one, or one with a hash of the name where that is taken.

    No two of the paths returned are one on a disk that folds case or Unicode, and none is a folder of another. Only
    paths that collide are changed.
    """
    paths = list(wished)
    while rows := colliding(paths):
        for row in rows:
            paths[row] = hashed(paths[row], names[row])
    return paths


def colliding(paths: Sequence[str]) -> list[int]:
    """Rows whose path is that of another row, or is needed as a folder by another."""
    folded = [folded_case(path) for path in paths]
    counts = Counter(folded)
    folders = {str(parent) for path in counts for parent in PurePosixPath(path).parents}
    return [row for row, path in enumerate(folded) if counts[path] > 1 or path in folders]


def folded_case(path: str) -> str:
    """What a disk that tells neither case nor Unicode forms apart takes ``path`` for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def hashed(path: str, name: str) -> str:
    """``path`` with a hash of it and of ``name`` before its ending."""
    one = PurePosixPath(path)
    digest = blake2b(f"{path}\0{name}".encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return str(one.with_name(f"{one.stem}-{digest}{one.suffix}"))


@dataclass(frozen=True, eq=False)
class Names:
    """Many names in one block of bytes."""

    blob: NDArray[np.uint8]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, names: Iterable[bytes]) -> Names:
        """Gather ``names`` in the order they come."""
        blob, ends = bytearray(), array("q")
        for name in names:
            blob += name
            ends.append(len(blob))
        return cls(np.frombuffer(blob, np.uint8), np.frombuffer(ends, np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, row: int) -> bytes:
        start = int(self.ends[row - 1]) if row else 0
        return self.blob[start : int(self.ends[row])].tobytes()

    def order(self) -> NDArray[np.int64]:
        """Rows in the order of their names' bytes."""
        longest = int(np.diff(self.ends, prepend=0).max(initial=1))
        if longest * len(self) > FIXED_WIDTH_BYTES:
            return np.array(sorted(range(len(self)), key=self.__getitem__), np.int64)
        fixed = np.fromiter((self[row] for row in range(len(self))), f"S{longest}", len(self))
        return np.argsort(fixed, kind="stable")
