"""New examples as files: a folder of pictures, a sub-folder a class, or a table; and where each came from.

    Augmenter, recipe ─► chunks ─┬─► DIR/CLASS/noise-000001.png      provenance in each
                                 ├─► DIR/examples.csv                vectors: a row each, and its class
                                 ├─► DIR/manifest.csv                file, label, policy, seed, sources
                                 └─► DIR/augment.json                what was asked for, written first

A folder belongs to one order. The same order goes on where it was stopped and writes nothing that is there.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.core.json_schema import fitting_in
from amalgan.core.limits import CHUNK
from amalgan.core.types import UNLABELED
from amalgan.data import Records, to_pixels
from amalgan.data.readers.path_labels import SPLITS
from amalgan.data.writing.grids import png_names
from amalgan.data.writing.provenance import provenance
from amalgan.data.writing.sheets import in_cell, in_table, sheet
from amalgan.kinds import Kind, kind_of
from amalgan.tasks.augment.additions import Augmenter, Recipe

ORDER, MANIFEST, TABLE = "augment.json", "manifest.csv", "examples.csv"
FORMAT = 1
UNSAFE = '/\\%:*?"<>|'
"""Characters that some file system has no names with."""

Tell = Callable[[int, int], None]
"""Is told how many are done, and of how many."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Order:
    """New examples of ``records`` and the folder they go to."""

    augmenter: Augmenter
    recipe: Recipe
    records: Records
    """The training examples that the recipe's rows are of."""
    fingerprint: str
    """Of the data."""
    out: Path

    @property
    def facts(self) -> dict[str, Any]:
        """``augment.json``: all that the examples depend on."""
        policy, model = self.augmenter.policy, self.augmenter.model
        return {
            "amalgan": "augmentation",
            "format": FORMAT,
            "model": model.digest,
            "data": self.fingerprint,
            "policy": policy.kind,
            "strength": policy.strength,
            "decoder": policy.decoder,
            "seed": self.augmenter.seed,
            "n": len(self.recipe),
            "classes": self.counts,
        }

    @cached_property
    def counts(self) -> dict[str, int]:
        """New examples by class."""
        values, sizes = np.unique(self.recipe.label, return_counts=True)
        return {self.class_name(int(value)): int(size) for value, size in zip(values, sizes, strict=True)}

    @property
    def kind(self) -> Kind:
        """What the examples are."""
        return kind_of(self.records.spec)

    @property
    def pictures(self) -> bool:
        """Whether each is a file of its own, not a row of a table."""
        return not self.kind.refuses("files")

    @property
    def drawn(self) -> bool:
        """Whether they can be shown as pictures."""
        return not self.kind.refuses("drawing")

    def class_name(self, label: int) -> str:
        """A class as people call it; empty where there is none."""
        return "" if label == UNLABELED else self.records.spec.classes[label]

    def file(self, row: int) -> str:
        """Where an example lies within the folder."""
        if not self.pictures:
            return TABLE
        name = f"{self.augmenter.policy.kind}-{row:06d}"
        label = self.class_name(int(self.recipe.label[row]))
        return png_names([f"{folder_name(label)}/{name}" if label else name], self.kind.file_ending())[0]

    def sources(self, row: int) -> list[str]:
        """Names of the training examples that one was made of."""
        found = (int(self.recipe.source[row]), int(self.recipe.other[row]))
        return [self.records.name(at) for at in found if at >= 0]

    def open(self) -> None:
        """Make the folder this order's.

        Raises:
            UsageError: it is another order's, or holds something else.
        """
        place = self.out / ORDER
        if not place.exists():
            if self.out.exists() and not is_free(self.out):
                raise UsageError(f"{self.out} is there and holds something else. Choose another --out.")
            files.write_json(place, self.facts)
            return
        found = read_order(place)
        for name, value in self.facts.items():
            if found.get(name) != value:
                raise UsageError(
                    f"{self.out} holds examples of another order: its {name} is {found.get(name)!r}, not {value!r}. "
                    "Choose another --out."
                )

    def write(self, tell: Tell) -> int:
        """Write what is missing, in chunks; return how many files were written."""
        self.open()
        written = sum(self.picture_files(tell)) if self.pictures else self.table(tell)
        manifest = sheet(self.manifest()).encode()
        return written + files.write_changed(self.out / MANIFEST, manifest)

    def picture_files(self, tell: Tell) -> Iterator[int]:
        """How many pictures of each chunk were missing."""
        for start in range(0, len(self.recipe), CHUNK):
            tell(start, len(self.recipe))
            rows = range(start, min(start + CHUNK, len(self.recipe)))
            missing = [row for row in rows if not (self.out / self.file(row)).exists()]
            if missing:
                chunk = self.augmenter.chunk(self.recipe, start // CHUNK)
                made = to_pixels(chunk, self.records.spec)
                for row in missing:
                    place = files.below(self.out, self.file(row))
                    files.write_bytes(
                        place, self.kind.file_bytes(made[row - start], self.text(row), self.records.spec)
                    )
            yield len(missing)

    def text(self, row: int) -> dict[str, str]:
        """What a picture says of its origin."""
        augmenter = self.augmenter
        sources = {"sources": "; ".join(self.sources(row))} if self.sources(row) else {}
        more = {"policy": augmenter.policy.kind} | sources
        return provenance(augmenter.model.digest, seed=augmenter.seed, more=more)

    def table(self, tell: Tell) -> int:
        """Write the table of vectors, nine digits a number; whether it was missing."""
        place, spec = self.out / TABLE, self.records.spec
        if place.exists():
            return 0
        names = self.kind.table_columns(spec)
        with files.replacing(place) as part, part.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow([*map(in_cell, names), *(["label"] if spec.classes else [])])
            for number, chunk in enumerate(self.augmenter.chunks(self.recipe)):
                tell(number * CHUNK, len(self.recipe))
                rows.writerows(self.lines(to_pixels(chunk, spec), number * CHUNK))
        return 1

    def lines(self, values: Any, start: int) -> Iterator[list[str]]:
        """The rows of one chunk."""
        for at, cells in self.kind.table_rows(values, self.records.spec, start):
            label = self.class_name(int(self.recipe.label[start + at]))
            yield [in_table(cell) for cell in cells] + ([in_cell(label)] if self.records.spec.classes else [])

    def manifest(self) -> Iterator[list[Any]]:
        """A row an example."""
        kind, seed = self.augmenter.policy.kind, self.augmenter.seed
        yield ["file", "row", "label", "policy", "seed", "sources"]
        for row, label in enumerate(self.recipe.label):
            at = "" if self.pictures else row
            yield [self.file(row), at, self.class_name(int(label)), kind, seed, "; ".join(self.sources(row))]


def is_free(folder: Path) -> bool:
    """Whether it is a folder that holds nothing, but for hidden files."""
    return folder.is_dir() and all(each.name.startswith(".") for each in folder.iterdir())


def folder_name(label: str) -> str:
    """A class as a folder: readable, and neither a path, hidden, nor taken for a split."""
    plain = "".join(c if c.isprintable() and c not in UNSAFE else f"%{ord(c):02X}" for c in label)
    if plain.lower().encode() in SPLITS or plain.startswith("."):
        plain = f"%{ord(plain[0]):02X}{plain[1:]}"
    return plain


def read_order(place: Path) -> dict[str, Any]:
    """What ``augment.json`` holds; nothing where it is not ours."""
    return fitting_in(place, {str: Any}) or {}
