"""Label files as rows: whatever the file, pairs of a picture's name and its class.

    .csv .tsv   file,label                     metadata.csv, labels.csv, train.csv; one column a class (0 or 1)
    .jsonl      {"file_name": ..., ...}        metadata.jsonl
    .json       {"labels": [[file, 0], ...]}   dataset.json of StyleGAN2; {file: label}; a list of rows; COCO
    .txt        images/1.png cat               a list

What a file means is found by its content: a column that names pictures which are there, and one of classes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

LABELS = (
    "label",
    "labels",
    "class",
    "class_name",
    "classname",
    "category",
    "target",
    "species",
    "breed",
    "diagnosis",
    "fine_label",
)
SPLITS = ("split", "subset", "partition", "set", "fold")
BETWEEN = ",;\t"
FEW = 0.5
"""A column with more different values than this share of the rows holds no classes."""
Row = dict[str, Any]
Knows = Callable[[str], bool]
"""Whether a text names a picture that is there."""


class Named(NamedTuple):
    """What one row says of a picture."""

    file: str
    label: str | None
    split: str | None = None


class Table(NamedTuple):
    """What a file says of pictures."""

    rows: list[Named]
    why_not: str = ""
    """Why it says nothing of classes."""


def parse(name: str, text: str, knows: Knows, label_column: str | None) -> Table | None:
    """The rows of a file called ``name``; None where it does not speak of pictures that are there.

    Raises:
        ValueError: it is damaged.
    """
    ending = name.lower().rpartition(".")[2]
    if ending in ("jsonl", "ndjson"):
        return of_rows([json.loads(line) for line in text.splitlines() if line.strip()], knows, label_column)
    if ending == "json":
        return of_json(json.loads(text), knows, label_column)
    if ending in ("csv", "tsv"):
        return of_csv(text, knows, label_column)
    return of_list(text, knows) if ending == "txt" else None


def of_csv(text: str, knows: Knows, label_column: str | None) -> Table | None:
    return of_rows(csv_rows(text, knows), knows, label_column)


def csv_rows(text: str, knows: Knows) -> list[Row]:
    """The rows of a table, by the names in its first line; ``file`` and ``label`` where that is a row already."""
    first = text.split("\n", 1)[0]
    lines = list(csv.reader(io.StringIO(text), delimiter=max(BETWEEN, key=first.count)))
    if not lines:
        return []
    header = [cell.strip() for cell in lines[0]]
    if any(knows(cell) for cell in header):
        header = ["file", "label", *(str(at) for at in range(2, len(header)))][: len(header)]
    else:
        lines = lines[1:]
    return [dict(zip(header, line, strict=False)) for line in lines if line]


def of_json(found: Any, knows: Knows, label_column: str | None) -> Table | None:
    if isinstance(found, dict) and isinstance(found.get("images"), list) and "annotations" in found:
        return of_coco(found)
    if isinstance(found, dict) and "labels" in found:
        found = found["labels"]
        if found is None:
            return None
    if isinstance(found, dict):
        found = list(found.items())
    if (
        isinstance(found, list)
        and found
        and all(isinstance(row, list | tuple) and len(row) == 2 for row in found)
    ):
        found = [{"file": file, "label": label} for file, label in found]
    return of_rows(found, knows, label_column) if isinstance(found, list) else None


def of_coco(found: dict[str, Any]) -> Table:
    """Pictures all of whose objects are of one category have it as their class (Lin et al. 2014, arXiv:1405.0312)."""
    names = {kind["id"]: str(kind.get("name", kind["id"])) for kind in found.get("categories", ())}
    kinds: dict[Any, set[str]] = {}
    for box in found["annotations"]:
        kinds.setdefault(box["image_id"], set()).add(names.get(box["category_id"], str(box["category_id"])))
    files = {image["id"]: str(image["file_name"]) for image in found["images"]}
    several = sum(len(kind) > 1 for kind in kinds.values())
    why = (
        f"{several:,} pictures show objects of several categories; one class a picture is read"
        if several
        else ""
    )
    if several:
        return Table([], why)
    return Table([Named(file, next(iter(kinds.get(key, ())), None)) for key, file in files.items()], why)


def of_list(text: str, knows: Knows) -> Table | None:
    pairs = [line.rsplit(maxsplit=1) for line in text.splitlines() if line.strip()]
    if not pairs or not all(len(pair) == 2 for pair in pairs) or not knows(pairs[0][0]):
        return None
    return Table([Named(file, label) for file, label in pairs])


def of_rows(rows: list[Any], knows: Knows, label_column: str | None, file: str | None = None) -> Table | None:
    """Rows with names of columns: one names pictures (``file``, or found), one holds classes, perhaps one the split."""
    rows = [row for row in rows if isinstance(row, dict)]
    names = list(dict.fromkeys(name for row in rows[:100] for name in row))
    file = file or file_column(rows, knows)
    if file is None:
        return None
    others = [name for name in names if name != file]
    split = next((name for name in others if str(name).lower() in SPLITS), None)
    label, why = _label_column(rows, [name for name in others if name != split], label_column)
    if label is None and (hot := _one_hot(rows, [name for name in others if name != split])):
        return Table(
            [Named(str(row[file]), name, _text(row.get(split))) for row, name in zip(rows, hot, strict=True)]
        )
    return Table(
        [
            Named(str(row.get(file)), _text(row.get(label)) if label else None, _text(row.get(split)))
            for row in rows
        ],
        "" if label else why,
    )


def file_column(rows: list[Row], knows: Knows) -> str | None:
    """The column that names pictures."""
    names = dict.fromkeys(name for row in rows[:100] for name in row)
    return next((name for name in names if _names_pictures(rows, name, knows)), None)


def _names_pictures(rows: list[Row], column: str, knows: Knows) -> bool:
    some = [row.get(column) for row in rows[:: max(1, len(rows) // 50)]]
    return sum(value is not None and knows(str(value)) for value in some) > len(some) / 2


def _label_column(rows: list[Row], names: list[str], asked: str | None) -> tuple[str | None, str]:
    """The column of classes, or why there is none."""
    if asked is not None:
        return (
            (asked, "") if asked in names else (None, f"it has no column {asked}; it has {', '.join(names)}")
        )
    found = next((name for key in LABELS for name in names if name.lower() == key), None)
    if found is None and len(names) == 1:
        found = names[0]
    if found is None:
        return None, f"no column of {', '.join(names) or 'it'} is called label; name one by --label-column"
    values = [_text(row.get(found)) for row in rows]
    if any(isinstance(row.get(found), list | dict) for row in rows):
        return None, f"its column {found} holds several labels a picture; one is read"
    if len(set(values)) > max(2, FEW * len(values)):
        return None, f"its column {found} has {len(set(values)):,} different values, so it holds no classes"
    return found, ""


def _one_hot(rows: list[Row], names: list[str]) -> list[str | None] | None:
    """The class of each row where every column is one class and holds 1 for its own; None where it is not so."""
    if len(names) < 2:
        return None
    found = list[str | None]()
    for row in rows:
        cells = {name: str(row.get(name, "")).strip() for name in names}
        ones = [name for name in names if cells[name] in ("1", "1.0")]
        if len(ones) != 1 or any(cell not in ("0", "0.0", "1", "1.0") for cell in cells.values()):
            return None
        found.append(ones[0].strip())
    return found


def _text(value: Any) -> str | None:
    """A label as text; None for none."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value).strip() or None
