"""The runs of a comparison as its page shows them: pictures, vectors and maps of each, side by side by seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from amalgan.data.writing.picture_arrays import is_pictures
from amalgan.studies.html import figures
from amalgan.studies.html.palette import Face
from amalgan.studies.html.pictures import FULL, Sheet, row, sheet
from amalgan.studies.html.plots import Drawing
from amalgan.studies.html.stored_examples import Shown, read_shown

Facts = Mapping[str, Any]

PIXEL_BYTES = 1_700_000
"""Bytes of all pictures together before PNG; with more systems, seeds or larger pictures, fewer are shown."""
SAMPLES, REBUILT = (6, 64), (3, 16)
"""Least and most pictures that are shown of a run: new ones, and of each kind of reconstructions."""
EACH = SAMPLES[1] + 3 * REBUILT[1]
SPACE = 30
"""Pixels of the screen between sheets."""
TROUBLES = ("failed", "collapsed")
"""States of a run that the page warns of."""


@dataclass(frozen=True)
class Run:
    """One run as the page shows it."""

    face: Face
    facts: Facts
    samples: Sheet | None
    rebuilt: list[tuple[str, Sheet]]
    """Rows of the reconstructions with what they are."""
    drawn: dict[str, Drawing]
    """Of vectors: samples, and reconstructions by each decoder."""
    codes: Drawing | None

    @property
    def trouble(self) -> str:
        """``failed`` or ``collapsed``, or nothing."""
        return self.facts["state"] if self.facts["state"] in TROUBLES else ""

    @property
    def redrawn(self) -> list[Drawing]:
        """Reconstructions of vectors."""
        return [drawing for kind, drawing in self.drawn.items() if kind != "samples"]


@dataclass(frozen=True)
class Gallery:
    """What all runs share."""

    classes: list[str]
    count: int
    """Of runs."""
    real: NDArray[Any] | None
    """Real vectors, of whichever run left some."""

    def hang(self, facts: Facts, face: Face, shown: Shown, beside: int) -> Run:
        """One run with its pictures; ``beside``: how many stand side by side."""
        pictures = any(is_pictures(shown.get(name)) for name in ("samples", "real"))
        return Run(
            face=face,
            facts=facts,
            samples=samples(shown, f"new pictures by {face.name}, seed {facts['seed']}", self.count, beside),
            rebuilt=list(rebuilt(shown, face, self.count)),
            drawn={} if pictures else dict(figures.vectors(shown, face, self.real)),
            codes=figures.code_map(shown, self.classes, f"Codes of {face.name}"),
        )


def by_seed(report: Facts, faces: Mapping[str, Face], folder: Path) -> list[list[Run]]:
    """The runs of each seed, side by side."""
    cells = [(cell, read_shown(folder, cell.get("shown"))) for cell in report["cells"]]
    real = next((shown["real"] for _, shown in cells if "real" in shown), None)
    gallery = Gallery(report["data"]["classes"], len(cells), None if is_pictures(real) else real)
    rows = []
    for seed in dict.fromkeys(cell["seed"] for cell, _ in cells):
        found = [(cell, shown) for cell, shown in cells if cell["seed"] == seed]
        beside = abreast(len(found))
        rows.append([gallery.hang(cell, faces[cell["system"]], shown, beside) for cell, shown in found])
    return rows


def abreast(count: int) -> int:
    """How many of ``count`` stand side by side."""
    return 2 if count in (2, 4) else min(count, 3)


def samples(shown: Shown, alt: str, count: int, beside: int) -> Sheet | None:
    """Its new pictures, as many as the page has room for."""
    pixels = shown.get("samples")
    if pixels is None or not is_pictures(pixels):
        return None
    return sheet(pixels, alt, across=FULL // beside - SPACE, most=room(pixels, SAMPLES, count))


def rebuilt(shown: Shown, face: Face, count: int) -> Iterator[tuple[str, Sheet]]:
    """The original test pictures and each decoder's."""
    if not any(is_pictures(shown.get(name)) for name in ("faithful", "realistic")):
        return
    for name, said in (("real", "original"), ("faithful", "x′"), ("realistic", "x″")):
        pixels = shown.get(name)
        if pixels is not None and is_pictures(pixels):
            most = room(pixels, REBUILT, count)
            yield said, row(pixels, f"test pictures, {said}, {face.name}", most=most)


def room(pixels: NDArray[Any], bounds: tuple[int, int], count: int) -> int:
    """How many pictures of one kind may be shown of each of ``count`` runs."""
    share = min(1.0, PIXEL_BYTES / (count * EACH * pixels[0].size))
    return max(bounds[0], int(share * bounds[1]))
