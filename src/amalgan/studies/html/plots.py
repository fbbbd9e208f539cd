"""Plots as SVG: what is drawn is gathered in the units of the data, then placed on the paper.

    Line, Mark, Dots, Word ─► plot ─► Drawing (paths, words, ticks in viewBox units) ─► drawing.html.j2 ─► SVG

Colors are classes of the style sheet, which knows light, dark and paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from amalgan.studies.html.axes import Scale
from amalgan.studies.html.palette import Face

WIDTH, HEIGHT = 420.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 60.0, 12.0, 12.0, 44.0
"""Room in the viewBox around what is drawn."""
MARK, SMALL_MARK = 5.0, 2.6
LEADING, NEAR = 14.0, 120.0
"""Between lines of text; within which distance across texts are kept so far apart."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A curve, or what joins two points."""

    points: Sequence[Point]
    face: Face | None
    faint: bool = False


@dataclass(frozen=True)
class Mark:
    """A point of a system."""

    at: Point
    face: Face
    small: bool = False
    hollow: bool = False
    text: str = ""
    """What stands beside it."""


@dataclass(frozen=True)
class Dots:
    """Many points of one kind."""

    points: Sequence[Point]
    color: str
    """Class of the style sheet."""
    large: bool = False


@dataclass(frozen=True)
class Word:
    """A name within the plot."""

    at: Point
    text: str
    color: str


@dataclass(frozen=True)
class Axis:
    """What one axis shows."""

    title: str
    log: bool = False
    """Whether it may be logarithmic."""
    tight: bool = False
    bare: bool = False
    """Its numbers mean nothing and are left out."""


@dataclass(frozen=True)
class Path:
    """Something drawn: an SVG path with its classes."""

    d: str
    style: str
    dash: str = ""


@dataclass(frozen=True)
class Text:
    """Something written."""

    x: float
    y: float
    text: str
    style: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A plot, ready to be written as SVG."""

    title: str
    alt: str
    paths: list[Path]
    texts: list[Text]
    grid: str
    """The lines at the ticks, one path."""
    x_title: str
    y_title: str
    width: float = WIDTH
    height: float = HEIGHT
    note: str = ""
    """Stands below."""


Item = Line | Mark | Dots | Word


@dataclass(frozen=True)
class Paper:
    """Where the values of two axes stand in the viewBox."""

    x: Scale
    y: Scale

    def at(self, point: Point) -> Point:
        """Where a point stands."""
        across, up = self.x.place(point[0]), self.y.place(point[1])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * self.depth

    @property
    def depth(self) -> float:
        """Height of what is drawn."""
        return HEIGHT - TOP - BOTTOM

    def paths(self, items: Sequence[Item]) -> Iterator[Path]:
        """Everything that is drawn, the faint first."""
        lines = [item for item in items if isinstance(item, Line)]
        for line in sorted(lines, key=lambda line: not line.faint):
            style = f"line {line.face.color if line.face else 'joint'}{' faint' if line.faint else ''}"
            yield Path(
                polyline([self.at(p) for p in line.points]), style, line.face.dash if line.face else ""
            )
        for dots in (item for item in items if isinstance(item, Dots)):
            yield Path(
                dotted([self.at(p) for p in dots.points]),
                f"dots {dots.color}{' large' if dots.large else ''}",
            )
        for mark in (item for item in items if isinstance(item, Mark)):
            style = (
                f"mark {mark.face.color}{' faint' if mark.small else ''}{' hollow' if mark.hollow else ''}"
            )
            yield Path(mark.face.marker(*self.at(mark.at), SMALL_MARK if mark.small else MARK), style)

    def texts(self, items: Sequence[Item]) -> Iterator[Text]:
        """Names beside marks and within the plot."""
        for item in items:
            if isinstance(item, Word):
                yield Text(*self.at(item.at), item.text, f"word {item.color}")
            elif isinstance(item, Mark) and item.text:
                x, y = self.at(item.at)
                left = x > WIDTH * 0.6
                yield Text(
                    x - MARK - 4 if left else x + MARK + 4,
                    y - MARK - 3,
                    item.text,
                    f"beside{' end' if left else ''}",
                )

    def ticks(self) -> Iterator[Text]:
        """Numbers along both axes."""
        for place, text in self.x.ticks:
            yield Text(LEFT + place * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM + 17, text, "tick middle")
        for place, text in self.y.ticks:
            yield Text(LEFT - 7, HEIGHT - BOTTOM - place * self.depth + 4, text, "tick end")

    def grid(self) -> str:
        """Lines at the ticks."""
        across, down = WIDTH - LEFT - RIGHT, HEIGHT - BOTTOM
        lines = [f"M{LEFT} {down - place * self.depth:.1f}h{across}" for place, _ in self.y.ticks]
        return "".join(lines) + "".join(f"M{LEFT + place * across:.1f} {down}v4" for place, _ in self.x.ticks)


def plot(items: Sequence[Item], x: Axis, y: Axis, *, title: str, alt: str, note: str = "") -> Drawing:
    """``items`` on two axes that hold them all."""
    points = [point for item in items for point in points_of(item)]
    paper = Paper(
        Scale.of((a for a, _ in points), log=x.log, tight=x.tight),
        Scale.of((b for _, b in points), log=y.log, tight=y.tight),
    )
    bare = x.bare and y.bare
    return Drawing(
        title=title,
        alt=alt,
        paths=list(paper.paths(items)),
        texts=[*([] if bare else paper.ticks()), *apart(paper.texts(items))],
        grid="" if bare else paper.grid(),
        x_title=x.title + (", logarithmic" if paper.x.log else ""),
        y_title=y.title + (", logarithmic" if paper.y.log else ""),
        note=note,
    )


def apart(texts: Iterable[Text]) -> Iterator[Text]:
    """The same; those beside marks are moved down where they would cover one another."""
    taken: list[Text] = []
    for text in sorted(texts, key=lambda text: text.y):
        if text.style.startswith("beside"):
            near = [other.y for other in taken if abs(other.x - text.x) < NEAR]
            text = replace(text, y=max([text.y, *(y + LEADING for y in near)]))
            taken.append(text)
        yield text


def points_of(item: Item) -> Sequence[Point]:
    """The points that the axes must hold."""
    return item.points if isinstance(item, Line | Dots) else [item.at]


def polyline(points: Sequence[Point]) -> str:
    """A line through ``points``."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def dotted(points: Sequence[Point]) -> str:
    """Strokes of no length, which round ends make dots: ten bytes a point."""
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points)
