"""Names of many files in one word, as a shell writes them: quoted, since a shell would write them out itself.

    photos/**/*.jpg        * any characters but /, ? one, [a-c] one of these, ** any folders
    shards-{000..003}.tar  {a,b} this or that, {000..003} all numbers from the first to the last

A folder that fits stands for all that lies below it. Texts beside the pictures stay, so that they may hold labels.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from amalgan.core.errors import DataError
from amalgan.data.readers.labels import is_text

MAGIC = re.compile(r"[*?\[]|\{[^{}]*(?:,|\.\.)[^{}]*\}")
BRACES = re.compile(r"\{([^{}]*(?:,|\.\.)[^{}]*)\}")
ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*(?:://|::)")
NUMBERS = re.compile(r"(\d{1,9})\.\.(\d{1,9})")
MOST = 10_000
"""Names that braces may stand for."""


def is_pattern(name: str) -> bool:
    """Whether a name stands for several."""
    return MAGIC.search(name) is not None


def is_address(name: str) -> bool:
    """Whether a name is an address, as https://host/x.zip."""
    return ADDRESS.match(name) is not None


def local_name(name: str) -> str:
    """The path that a file:// address means; any other name as it is."""
    return unquote(name.removeprefix("file://")) if name.startswith("file://") else name


def expanded(name: str) -> list[str]:
    """The names that one with braces stands for, in order.

    Raises:
        DataError: they are too many.
    """
    names = [name]
    while any(BRACES.search(one) for one in names):
        names = [other for one in names for other in _first_written_out(one)]
        if len(names) > MOST:
            raise DataError(f"{name} stands for more than {MOST:,} names. Give a folder, or a shorter range.")
    return names


def _first_written_out(name: str) -> list[str]:
    found = BRACES.search(name)
    if found is None:
        return [name]
    before, after = name[: found.start()], name[found.end() :]
    return [f"{before}{word}{after}" for word in _words(found[1], name)]


def _words(inner: str, name: str) -> list[str]:
    numbers = NUMBERS.fullmatch(inner)
    if numbers is None:
        return inner.split(",")
    first, last = int(numbers[1]), int(numbers[2])
    if last - first >= MOST:
        raise DataError(f"{name} stands for more than {MOST:,} names. Give a folder, or a shorter range.")
    return [f"{number:0{len(numbers[1])}d}" for number in range(first, last + 1)]


@dataclass(frozen=True)
class Pattern:
    """Which files below a folder are meant."""

    root: str
    """The folder that all of them lie in; empty where they are named from here."""
    parts: tuple[tuple[str, ...], ...]
    """For each name that it stands for, what a path's folders and name must fit."""

    @classmethod
    def of(cls, text: str) -> Pattern:
        """The pattern that a text is."""
        split = [name.split("/") for name in expanded(text.replace(os.sep, "/"))]
        fixed = min(_fixed(parts) for parts in split)
        while any(parts[:fixed] != split[0][:fixed] for parts in split):
            fixed -= 1
        root = "/".join(split[0][:fixed]) + ("/" if fixed else "")
        return cls(root, tuple(tuple(part for part in parts[fixed:] if part) for parts in split))

    def takes(self, path: bytes) -> bool:
        """Whether a file is meant, or is a text that may speak of those that are."""
        return is_text(path) or self.fits(path)

    def fits(self, path: bytes) -> bool:
        """Whether a file, or a folder that it lies in, fits."""
        names = path.decode("utf-8", "surrogateescape").split("/")
        return self._named(names) or any(_fit(names, parts) for parts in self._wild)

    def means(self, place: Path) -> bool:
        """Whether a file that is there, or is going to be, is meant."""
        root = os.path.realpath(self.root or ".")
        inner = os.path.relpath(place.resolve(), root)
        return not inner.startswith("..") and self.fits(os.fsencode(inner))

    def enters(self, folder: bytes) -> bool:
        """Whether files that are meant may lie below a folder."""
        names = folder.decode("utf-8", "surrogateescape").split("/")
        exact = tuple(names) in self._above or self._named(names)
        return exact or any(_may_begin(names, parts) for parts in self._wild)

    def missing(self, paths: list[bytes]) -> str | None:
        """The first name without wildcards that none of ``paths`` is."""
        there = {path.decode("utf-8", "surrogateescape") for path in paths}
        exact = map("/".join, self._exact)
        return next((name for name in exact if name not in there and not self._is_folder(name)), None)

    @cached_property
    def _exact(self) -> dict[tuple[str, ...], None]:
        """Those of ``parts`` without wildcards, in order: of thousands of names, one is found at once."""
        return dict.fromkeys(parts for parts in self.parts if not any(map(MAGIC.search, parts)))

    @cached_property
    def _wild(self) -> list[tuple[str, ...]]:
        """The others."""
        return [parts for parts in self.parts if parts not in self._exact]

    @cached_property
    def _above(self) -> set[tuple[str, ...]]:
        """The folders in which exact names lie."""
        return {parts[:depth] for parts in self._exact for depth in range(len(parts))}

    def _named(self, names: list[str]) -> bool:
        """Whether a path, or a folder that it lies in, is one of the exact names."""
        return any(tuple(names[:depth]) in self._exact for depth in range(len(names) + 1))

    def _is_folder(self, name: str) -> bool:
        return Path(self.root, name).is_dir()


def _fixed(parts: list[str]) -> int:
    """How many folders stand before the first name with wildcards."""
    return next((at for at, part in enumerate(parts[:-1]) if MAGIC.search(part)), len(parts) - 1)


def _fit(names: list[str], parts: tuple[str, ...]) -> bool:
    if not parts:  # all of it fits, and what is left lies below
        return True
    if parts[0] == "**":
        return any(_fit(names[at:], parts[1:] or ("*",)) for at in range(len(names)))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _fit(names[1:], parts[1:])


def _may_begin(names: list[str], parts: tuple[str, ...]) -> bool:
    for name, part in zip(names, parts, strict=False):
        if part == "**":
            return True
        if not fnmatchcase(name, part):
            return False
    return True
