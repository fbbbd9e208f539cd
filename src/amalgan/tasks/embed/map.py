"""A picture of a code: examples placed so that alike codes stand side by side.

    codes ─► at most 2,000 ─► t-SNE or principal components ─► points on a sheet ─► thumbnails (vectors: dots) ─► PNG

t-SNE: van der Maaten & Hinton 2008, JMLR 9. Which examples are neighbors means something; distances across the map,
sizes of groups and the axes do not, so the axes carry no numbers. Every example is a dot in the color of its class;
as many as find room are shown as pictures in a frame of that color.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from amalgan.core.errors import UsageError
from amalgan.core.file_names import shown
from amalgan.core.files import write_bytes
from amalgan.data import Records, drawn, png_bytes
from amalgan.kinds import kind_of
from amalgan.metrics.neighbors import nearest
from amalgan.tasks.embed.embed import Codes

Method = Literal["tsne", "components"]
Color = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

MOST = 2000
WIDTH, TOP, MARGIN, LEGEND = 1200, 124, 48, 176
"""Pixels: of the picture, above the map, around it, and right of it where there are classes."""
THUMBNAIL, ROOM = (34, 96), 0.9
"""Least and greatest side of a picture on the map; between them, this share of what each has for itself."""
DOT, DOTS = (3.0, 6.0), 90
"""Least and greatest radius of a dot; between them, this divided by the root of their number."""
FRAME, GAP, LEGEND_DOT = 2, 2, 6.0
FLATTEST = 0.6
FINER = 3
"""Dots are drawn so many times larger, so that their edges come out smooth."""
CLASSES_SHOWN, NAME_SHOWN = 24, 16
PERPLEXITY = 30.0
TOLD = 50
"""Principal components that t-SNE is told."""
ASIDE = 0.01
"""How far, of the sheet's width, an example may stand aside from where its neighbors would put it."""
PAPER, INK, FAINT, NO_CLASS = (255, 255, 255), (34, 38, 46), (120, 126, 138), (150, 156, 166)
RULE = (214, 218, 224)
HUES: tuple[Color, ...] = (
    (66, 112, 196),
    (232, 129, 41),
    (58, 160, 88),
    (208, 62, 70),
    (138, 98, 190),
    (142, 94, 72),
    (222, 106, 176),
    (176, 166, 36),
    (32, 170, 184),
    (88, 96, 112),
)


def map_picture(
    codes: Codes, records: Records, target: Path, *, method: Method = "tsne", seed: int = 0
) -> None:
    """Write a map of ``codes``, which are those of ``records``, as a PNG 1,200 pixels wide.

    Raises:
        UsageError: fewer than four codes, or not as many as records.
        FileError: the file cannot be written.
    """
    if len(codes) != len(records) or len(codes) < 4:
        raise UsageError(
            f"a map of {len(codes)} codes and {len(records)} records: it needs as many of both, and at least 4"
        )
    rows = np.sort(np.random.default_rng(seed).permutation(len(codes))[:MOST])
    chosen = records.select(rows)
    points, how = laid_out(codes.code[rows], method, seed)
    of = f"{len(rows):,}" + (f" of {len(codes):,}" if len(codes) > len(rows) else "")
    paper = Paper.for_classes(records.spec.classes)
    title = f"{of} examples by their codes"
    subtitle = (
        f"{how}, seed {seed}. Neighbors are alike; distances across the map and along its axes mean nothing."
    )
    order = np.random.default_rng(seed).permutation(len(rows))
    image = paper.drawn(points, chosen.labels, title, subtitle)
    if not kind_of(records.spec).refuses("drawing"):
        paper.hang(image, points[order], chosen.select(order))
    write_bytes(target, png_bytes(np.asarray(image)))


def laid_out(code: NDArray[np.float32], method: Method, seed: int) -> tuple[NDArray[np.float64], str]:
    """A place on a sheet of width 1 for each code, and how it was found."""
    from sklearn.manifold import TSNE  # scikit-learn takes a second to import

    spread = code.std(0)
    code = ((code - code.mean(0)) / np.where(spread > 0, spread, 1)).astype(np.float64)
    left, scale, _ = np.linalg.svd(code, full_matrices=False)
    flat = (left * scale)[:, :TOLD]
    flat = np.pad(flat, ((0, 0), (0, max(0, 2 - flat.shape[1]))))
    if method == "components":
        return spread_out(flat[:, :2]), "first two principal components"
    perplexity = min(PERPLEXITY, (len(code) - 1) / 3)
    start = flat[:, :2] / max(1e-12, flat[:, 0].std()) * 1e-4
    found = TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(flat)
    return spread_out(found), f"t-SNE, perplexity {perplexity:g}"


def place_points(
    code: NDArray[np.float32], method: Method, seed: int, most: int = MOST
) -> tuple[NDArray[np.float64], str]:
    """``laid_out`` for many codes: ``most`` of them at random, each of the others among its nearest three of these."""
    if len(code) <= most:
        return laid_out(code, method, seed)
    random = np.random.default_rng(seed)
    order = random.permutation(len(code))
    few, others = order[:most], order[most:]
    points, how = laid_out(code[few], method, seed)
    space = code / np.maximum(code[few].std(0), 1e-12)
    distance, row = nearest(torch.from_numpy(space[others]), torch.from_numpy(space[few]), 3)
    weight = 1 / (distance.numpy() ** 2 + 1e-12)
    corners = points[row.numpy()]
    middle = (corners * (weight / weight.sum(1, keepdims=True))[..., None]).sum(1)
    reach = np.minimum(np.abs(corners - middle[:, None]).mean(1), ASIDE)
    found = np.empty((len(code), 2))
    found[few], found[others] = points, middle + reach * random.uniform(-1, 1, middle.shape)
    found = np.clip(found, 0, points.max(0))
    return found, f"{how}, of {most:,}; each of the others among the three of these that are nearest to it"


def spread_out(points: NDArray[Any]) -> NDArray[np.float64]:
    """Points moved and scaled to fill a sheet of width 1, a few far ones drawn to its edge.

    The sheet is as high as the points are in proportion, but no flatter than FLATTEST and no higher than wide.
    """
    low, high = np.quantile(points, [0.002, 0.998], axis=0)
    across, down = np.maximum(high - low, 1e-12)
    height = float(np.clip(down / across, FLATTEST, 1))
    placed: NDArray[np.float64] = np.clip((points - low) / (across, down), 0, 1) * (1, height)
    return placed


@dataclass(frozen=True)
class Paper:
    """What a map is drawn on: where things stand, and in which colors."""

    classes: tuple[str, ...]
    colors: tuple[Color, ...]
    """Of each class, then of what has none."""

    @classmethod
    def for_classes(cls, classes: tuple[str, ...]) -> Paper:
        """Paper with room for a legend where there are classes."""
        return cls(classes, (*(color_of(number) for number in range(len(classes))), NO_CLASS))

    @property
    def width(self) -> int:
        """Of the part that holds the map."""
        return WIDTH - 2 * MARGIN - (LEGEND if self.classes else 0)

    def pixel(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points of a sheet of width 1 stand on the paper: (N, 2), across and down."""
        placed: NDArray[np.float64] = points * self.width + np.array([MARGIN, TOP])
        return placed

    def drawn(
        self, points: NDArray[np.float64], labels: NDArray[np.int64], title: str, subtitle: str
    ) -> Image.Image:
        """Dots, legend and title."""
        least = self.entry_place(len(self.entries))[1]
        size = (WIDTH, round(max(least, TOP + points[:, 1].max() * self.width) + MARGIN))
        radius = float(np.clip(DOTS / len(points) ** 0.5, *DOT))
        large = Image.new("RGB", (size[0] * FINER, size[1] * FINER), PAPER)
        pen = ImageDraw.Draw(large)
        for (across, down), label in zip(self.pixel(points), labels, strict=True):
            dot(pen, across, down, radius, self.colors[label])
        for row in range(len(self.entries)):
            dot(pen, *self.entry_place(row), LEGEND_DOT, self.colors[row])
        image = large.resize(size, Image.Resampling.LANCZOS)
        pen = ImageDraw.Draw(image)
        pen.text((MARGIN - 16, 28), title, INK, font(27))
        pen.text((MARGIN - 16, 64), subtitle, FAINT, font(15))
        for row, entry in enumerate(self.entries):
            across, down = self.entry_place(row)
            pen.text((across + 18, down), entry, INK, font(16), anchor="lm")
        return image

    @property
    def entries(self) -> list[str]:
        """The lines of the legend; the last one stands for the classes that find no room."""
        names = [short(shown(name)) for name in self.classes[:CLASSES_SHOWN]]
        rest = len(self.classes) - len(names)
        return [*names[:-1], f"{names[-1]} and {rest} more"] if rest else names

    def entry_place(self, row: int) -> tuple[float, float]:
        """Where the dot of a line of the legend stands."""
        return float(WIDTH - LEGEND + 12), float(TOP + 28 * row)

    def hang(self, image: Image.Image, points: NDArray[np.float64], records: Records) -> None:
        """Show pictures at their points, first come first served, where none hangs already."""
        largest = int(np.clip(ROOM * self.width / len(points) ** 0.5, *THUMBNAIL))
        places = self.pixel(points)
        for row in free(places, largest + 2 * FRAME + GAP):
            framed = thumbnail(records, row, largest, self.colors[records.labels[row]])
            corner = places[row] - np.array(framed.size) / 2
            image.paste(framed, (round(corner[0]), round(corner[1])))


def free(places: NDArray[np.float64], side: int) -> list[int]:
    """Which squares around ``places``, taken in order, touch none taken before."""
    taken: list[int] = []
    for row, place in enumerate(places):
        if not taken or np.abs(places[taken] - place).max(axis=1).min() >= side:
            taken.append(row)
    return taken


def thumbnail(records: Records, row: int, largest: int, color: Color) -> Image.Image:
    """A picture with no side longer than ``largest``, in a frame."""
    picture = Image.fromarray(drawn(records.take([row]), records.spec)[0]).convert("RGB")
    times = largest / max(picture.size)
    few = times >= 2  # whole multiples keep pictures of a few pixels sharp
    times, how = (int(times), Image.Resampling.NEAREST) if few else (times, Image.Resampling.LANCZOS)
    picture = picture.resize(
        (max(1, round(picture.width * times)), max(1, round(picture.height * times))), how
    )
    framed = Image.new("RGB", (picture.width + 2 * FRAME, picture.height + 2 * FRAME), color)
    framed.paste(picture, (FRAME, FRAME))
    return framed


def dot(pen: ImageDraw.ImageDraw, across: float, down: float, radius: float, color: Color) -> None:
    """A round dot on the finer paper."""
    x, y, r = across * FINER, down * FINER, radius * FINER
    pen.ellipse((x - r, y - r, x + r, y + r), color)


def color_of(number: int) -> Color:
    """The color of a class: ten that are easy to tell apart, then hues by the golden angle."""
    if number < len(HUES):
        return HUES[number]
    red, green, blue = colorsys.hls_to_rgb(number * 0.618 % 1, (0.42, 0.58)[number % 2], 0.55)
    return round(255 * red), round(255 * green), round(255 * blue)


def short(name: str) -> str:
    """``name``, cut where it is too long for the legend."""
    return name if len(name) <= NAME_SHOWN else f"{name[: NAME_SHOWN - 3]}..."


def font(size: int) -> Font:
    """The font that comes with Pillow."""
    return ImageFont.load_default(size)
