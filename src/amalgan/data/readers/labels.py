"""Classes from label files beside the pictures, as neighbors of this program write them.

    texts among the pictures ─► label_tables: rows of file and label ─► which picture each names ─► class, split
    rows of a container, as Parquet has them ────────────┘
                                     └► not understood, or says nothing of classes ─► told, with the reason

A row names a picture by its path from the label file's folder or from the top, by its file name, or by that without its
ending, wherever just one picture is called so; of several, the one below a folder called as the label file (train.csv)
or beside it. Forms of Unicode do not matter.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from unicodedata import normalize

from amalgan.core.errors import BadPicture
from amalgan.core.file_names import class_name
from amalgan.core.types import TEST, TRAIN, VALIDATION
from amalgan.data.readers.label_tables import SPLITS, Table, of_rows, parse
from amalgan.data.readers.sources import Annotated, Pictures, Row

ENDINGS = (
    b".csv",
    b".tsv",
    b".json",
    b".jsonl",
    b".ndjson",
    b".txt",
    b".xml",
    b".yaml",
    b".yml",
    b".md",
    b".rst",
    b".parquet",
)
FILE = "\0"
"""The column of paths in the rows of a container: no column of anybody's is called so."""
MOST_BYTES = 1 << 26
MOST_TEXTS = 1000
"""So many texts are looked into; more are notes on single pictures, such as boxes."""
OWN = "file,label,policy,seed,sources"
"""How the manifest begins that amalgan augment writes; its folders say the same."""
SPLIT_OF = {
    "train": TRAIN,
    "training": TRAIN,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
    "test": TEST,
}


def is_text(path: bytes) -> bool:
    """Whether a path is that of a text, by its ending."""
    return path.lower().endswith(ENDINGS)


@dataclass
class Labels:
    """What label files say of pictures."""

    classes: dict[bytes, str | None] = field(default_factory=dict)
    """By path; of pictures that are named, without a class too."""
    splits: dict[bytes, int] = field(default_factory=dict)
    used: set[bytes] = field(default_factory=set)
    """Texts that were understood."""
    remarks: list[str] = field(default_factory=list)
    files: int = 0
    """All files of the data set."""

    @classmethod
    def read(
        cls, source: Pictures, paths: list[bytes], texts: dict[bytes, int], label_column: str | None
    ) -> Labels:
        """Look into the ``texts`` (path, row) of a source with these ``paths``."""
        found = cls(files=len(paths))
        rows = source.rows() if isinstance(source, Annotated) else []
        if not any(rows) and (not texts or len(texts) == len(paths)):
            return found
        pictures = Pictured([path for path in paths if path not in texts])
        if any(rows):
            found._take_rows(source.name, paths, rows, pictures, label_column)
        for path in sorted(texts, key=lambda path: (path.count(b"/"), path))[:MOST_TEXTS]:
            found._look_into(path, source, texts[path], pictures, label_column)
        if found.classes and not any(found.classes.values()):
            found.classes.clear()
        return found

    def _take_rows(
        self, name: str, paths: list[bytes], rows: list[Row], pictures: Pictured, label_column: str | None
    ) -> None:
        """Take what a container says of its own pictures."""
        named = [
            {FILE: path.decode("utf-8", "surrogateescape")} | row
            for path, row in zip(paths, rows, strict=True)
        ]
        table = of_rows(named, lambda file: bool(pictures.named(file, b"")), label_column, file=FILE)
        if table is not None:
            says_more = any(set(row) - set(SPLITS) for row in rows)
            self._take(name, b"", table if says_more else Table(table.rows), pictures)

    def _look_into(
        self, path: bytes, source: Pictures, row: int, pictures: Pictured, label_column: str | None
    ) -> None:
        name = class_name(path)
        try:
            text = source.read(row, MOST_BYTES).decode("utf-8-sig", "replace")
            own = text.startswith(OWN)
            table = (
                None
                if own
                else parse(name, text, lambda file: bool(pictures.named(file, path)), label_column)
            )
        except (BadPicture, ValueError, KeyError, TypeError, RecursionError) as error:
            self.remarks.append(f"{name} looks like a label file and cannot be read: {type(error).__name__}")
            return
        if own or table is not None:
            self.used.add(path)
        if table is not None and "submission" not in name.lower():
            self._take(name, path, table, pictures)

    def _take(self, name: str, path: bytes, table: Table, pictures: Pictured) -> None:
        classes, nowhere = dict[bytes, str | None](), 0
        for file, label, split in table.rows:
            place = pictures.named(file, path)
            nowhere += place is None
            if place is None:
                continue
            classes[place] = None if label is None else class_name(label)
            if split is not None and split.lower() in SPLIT_OF:
                self.splits[place] = SPLIT_OF[split.lower()]
        if not any(classes.values()):
            if table.why_not:
                self.remarks.append(f"no labels are read from {name}: {table.why_not}")
            return
        again = sum(self.classes.get(place) not in (None, label) for place, label in classes.items() if label)
        self.classes = classes | {place: label for place, label in self.classes.items() if label}
        kinds = Counter(label for label in classes.values() if label)
        self.remarks.append(
            f"labels are read from {name}: {sum(kinds.values()):,} of {len(pictures.paths):,} pictures, "
            f"{len(kinds):,} classes"
            + (f"; {nowhere:,} rows name no picture" if nowhere else "")
            + (f"; {again:,} contradict a file that was read before, which counts" if again else "")
        )


class Pictured:
    """Pictures, to be found by what people call them."""

    def __init__(self, paths: list[bytes]) -> None:
        self.paths = paths
        self.by_path = {plain(path.decode("utf-8", "surrogateescape")): path for path in paths}
        self.by_name: defaultdict[str, list[str]] = defaultdict(list)
        for path in self.by_path:
            name = path.rpartition("/")[2]
            for key in {name, name.rpartition(".")[0]} - {""}:
                self.by_name[key].append(path)

    def named(self, file: str, table: bytes) -> bytes | None:
        """The picture that ``file`` means in the label file at ``table``; None where there is none, or several."""
        file = plain(file.strip().replace("\\", "/")).removeprefix("./")
        folder, slash, own = plain(table.decode("utf-8", "surrogateescape")).rpartition("/")
        for path in (folder + slash + file, file):
            if path in self.by_path:
                return self.by_path[path]
        found = self.by_name.get(file.rpartition("/")[2], []) if file else []
        ending = [
            path
            for path in found
            if path.endswith("/" + file) or path.rpartition(".")[0].endswith("/" + file)
        ]
        found = (ending or found) if "/" in file else found
        if len(found) > 1:
            beside = own.rpartition(".")[0]
            found = [path for path in found if beside in path.split("/")[:-1]]
        return self.by_path[found[0]] if len(found) == 1 else None


def plain(name: str) -> str:
    """A name in one form of Unicode."""
    return normalize("NFC", name)
