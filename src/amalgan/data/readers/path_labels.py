"""What a picture's path says about it, or a label file beside it: its split and its class.

    test/cat/1.png ─► test, cat        cat/deep/2.png ─► any, cat        3.png ─► any, unlabeled

A folder that holds everything says nothing, however deep it is: photos/train/cat/1.png is read as train/cat/1.png, in
folders and archives alike. ``train``, ``val`` and ``test`` at the first level are splits when there is nothing beside
them, or when both train and test are there; else they are classes like any other (a set of vehicles may well hold
trains). Where a label file names pictures (``labels``), it decides on their classes, and folders do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from amalgan.core.file_names import class_name
from amalgan.core.types import ANY, TEST, TRAIN, VALIDATION
from amalgan.core.words import counted, first_of
from amalgan.data.readers.labels import Labels, is_text
from amalgan.data.readers.sources import Pictures

SPLITS = {
    b"train": TRAIN,
    b"training": TRAIN,
    b"val": VALIDATION,
    b"valid": VALIDATION,
    b"validation": VALIDATION,
    b"dev": VALIDATION,
    b"test": TEST,
    b"testing": TEST,
}
AROUND = re.compile(
    rb"(?:[a-z]+[-_])?(train|training|val|valid|validation|dev|test|testing)(?:[-_]?(?:set|images|imgs|\d{4}))?"
)
"""Split folders as data sets call them: train2017, seg_test, training_set, val_images."""
SHOWN = 5


@dataclass(frozen=True)
class Places:
    """How the paths of one data set are to be read."""

    split_folders: bool
    outer: bytes = b""
    """The folders around everything, with their slashes."""
    around: bytes = b""
    """The same, or those that an archive has left out already."""
    labels: Labels = field(default_factory=Labels)
    beside: frozenset[bytes] = frozenset()
    """Paths of texts among the pictures."""
    empty: tuple[bytes, ...] = ()
    """Folders that hold no file."""

    @classmethod
    def of(cls, source: Pictures, label_column: str | None = None) -> Places:
        """Learn from all paths, and the label files among them, how they are to be read."""
        paths = [source.path(row) for row in range(len(source))]
        texts = {path: row for row, path in enumerate(paths) if is_text(path)}
        outer = folder_around(path for path in paths if path not in texts)
        around = outer or getattr(source, "around", b"")
        labels = Labels.read(source, paths, texts, label_column)
        empty = tuple(getattr(source, "empty", ()))
        return cls(_has_splits(paths, outer, texts), outer, around, labels, frozenset(texts), empty)

    @classmethod
    def of_examples(cls, source: Pictures) -> Places:
        """The same where every file holds examples, texts too: none is a label file."""
        paths = [source.path(row) for row in range(len(source))]
        outer = folder_around(paths)
        return cls(_has_splits(paths, outer, {}), outer, outer or getattr(source, "around", b""))

    @property
    def outer_name(self) -> str | None:
        """The innermost folder around everything: a class, where a model knows it as one."""
        return class_name(self.around.rstrip(b"/").rpartition(b"/")[2]) if self.around else None

    def is_beside(self, path: bytes) -> bool:
        """Whether it is a text, and none was expected to be a picture."""
        return path in self.beside and len(self.beside) < self.labels.files

    def place(self, path: bytes) -> tuple[int, str | None]:
        """The split and the class of a picture."""
        inner = path.removeprefix(self.outer)
        first, slash, rest = inner.partition(b"/")
        split = split_of(first) if slash and self.split_folders else ANY
        if split != ANY:
            inner = rest.removeprefix(first + b"/")  # seg_train/seg_train/cat, as some archives have it
        split = self.labels.splits.get(path, split)
        if self.labels.classes:
            return split, self.labels.classes.get(path)
        label, slash, _ = inner.partition(b"/")
        return split, class_name(label) if slash else None

    def has_classes(self, source: Pictures) -> bool:
        """Whether any picture has a class."""
        return any(self.place(source.path(row))[1] is not None for row in range(len(source)))

    def remarks(self) -> Iterator[str]:
        """What was read of texts, and what was not."""
        yield from self.labels.remarks
        if self.empty:
            names = first_of([class_name(path.rstrip(b"/")) for path in self.empty], SHOWN)
            yield f"{counted(len(self.empty), 'folder')} without a file: {names}; no class comes of an empty folder"
        rest = sorted(self.beside - self.labels.used)
        if rest and len(self.beside) < self.labels.files:
            names = first_of([class_name(path) for path in rest], SHOWN)
            yield (
                f"{len(rest):,} texts beside the pictures are no label files that are read, so no labels come from "
                f"them: {names}; a table of file and label (labels.csv) is read"
            )


def split_of(folder: bytes) -> int:
    """The split that a folder's name stands for; ANY for other names."""
    match = AROUND.fullmatch(folder.lower())
    return SPLITS[match[1]] if match else ANY


def _has_splits(paths: list[bytes], outer: bytes, texts: dict[bytes, int]) -> bool:
    """Whether the first level below ``outer`` is splits."""
    inner = (path.removeprefix(outer) for path in paths if path not in texts)
    firsts = {path.split(b"/", 1)[0] for path in inner if b"/" in path}
    splits = {split_of(first) for first in firsts}
    return bool(firsts) and (ANY not in splits or {TRAIN, TEST} <= splits)


def folder_around(paths: Iterable[bytes]) -> bytes:
    """``x/photos/`` where every path starts so, and neither is a split; the pictures themselves are never named."""
    shared: list[bytes] | None = None
    for path in paths:
        folders = path.split(b"/")[:-1]
        shared = folders if shared is None else _same(shared, folders)
        if not shared:
            return b""
    kept = list[bytes]()
    for folder in shared or ():
        if split_of(folder) != ANY:
            break
        kept.append(folder)
    return b"".join(folder + b"/" for folder in kept)


def _same(one: list[bytes], other: list[bytes]) -> list[bytes]:
    """What both begin with."""
    count = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return one[:count]
