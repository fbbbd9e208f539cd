"""How a system looks wherever it appears: one color, one marker, one dash, so that color is never needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

COLORS = 8
SHORT = 24
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 2", "1 4", "12 4")
SIDES: tuple[tuple[int, float, float], ...] = (
    (0, 0.0, 1.0),
    (4, pi / 4, 1.2),
    (3, -pi / 2, 1.35),
    (4, 0.0, 1.3),
    (3, pi / 2, 1.35),
    (5, -pi / 2, 1.2),
    (6, 0.0, 1.15),
)
"""Corners of each marker (0: a disk), the angle of the first, and its size beside the disk's."""


@dataclass(frozen=True)
class Face:
    """A system's look."""

    name: str
    place: int
    """Where it stands in the report."""

    @property
    def color(self) -> str:
        """Class of the style sheet."""
        return f"c{self.place % COLORS}"

    @property
    def dash(self) -> str:
        """As SVG writes it; empty for a solid line."""
        return DASHES[self.place % len(DASHES)]

    def marker(self, x: float, y: float, radius: float) -> str:
        """Its marker around (x, y) as an SVG path."""
        sides, turn, size = SIDES[self.place % len(SIDES)]
        if not sides:
            return disk(x, y, radius)
        corners = [
            (
                x + radius * size * cos(turn + 2 * pi * k / sides),
                y + radius * size * sin(turn + 2 * pi * k / sides),
            )
            for k in range(sides)
        ]
        return "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in corners) + "Z"


def short(name: str) -> str:
    """``name``, cut where a plot has no room for it."""
    return name if len(name) <= SHORT else f"{name[: SHORT - 1]}…"


def disk(x: float, y: float, radius: float) -> str:
    """A circle as an SVG path."""
    arc = f"a{radius:.1f} {radius:.1f} 0 1 0"
    return f"M{x - radius:.1f} {y:.1f}{arc} {2 * radius:.1f} 0{arc} {-2 * radius:.1f} 0Z"


def faces_of(names: Sequence[str]) -> dict[str, Face]:
    """A look for each name, in order."""
    return {name: Face(name, place) for place, name in enumerate(names)}
