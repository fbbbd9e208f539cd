"""File names: as on disk (bytes), as they may be shown (text), and a million of them in little memory.

    a.png  b/c.png  ...   ──►   blob  a.pngb/c.png...      ends  5 12 ...

A name on disk is any bytes without NUL; shown, whatever could act on a terminal or hide its meaning
(controls, escape codes, bidirectional marks, bytes that are not UTF-8) is written as an escape, and no two
names look equal.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from unicodedata import normalize

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


def class_name(name: bytes | str) -> str:
    """A class's name as harmless text; forms of Unicode that look alike (NFC, NFD) are one name."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    return shown(normalize("NFC", text).strip())


def look_alikes(names: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of different names that people take for one: other in case, spaces, or compatible characters."""
    first: dict[str, str] = {}
    found = []
    for name in names:
        plain = "".join(normalize("NFKC", name).casefold().split())
        if first.setdefault(plain, name) != name:
            found.append((first[plain], name))
    return found


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as surrogateescape keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{{{code:x}}}"


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
