"""What a comparison draws: learning curves, the plane of distortion and realism, maps of codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.data.writing.picture_arrays import is_rows
from amalgan.studies.html.palette import Face, short
from amalgan.studies.html.plots import Axis, Dots, Drawing, Item, Line, Mark, Point, Word, plot
from amalgan.studies.html.stored_examples import Shown

Facts = Mapping[str, Any]

CURVES = {
    "psnr": "validation PSNR, dB",
    "restored": "validation PSNR, restored, dB",
    "error": "validation squared error",
    "frechet": "validation Fréchet distance",
}
FALLING = ("error", "frechet")
"""Measures that shrink by orders of magnitude, so that their axis may be logarithmic."""
CLASS_COLORS = 10
MOST_NAMED = 30


class Decoder(NamedTuple):
    """A decoder as the plane shows it."""

    distortion: tuple[str, ...]
    realism: str
    said: str
    hollow: bool


DECODERS = (
    Decoder(("psnr", "squared_error"), "frechet_distance_reconstruction", "x′", False),
    Decoder(
        ("psnr_realistic", "squared_error_realistic"),
        "frechet_distance_reconstruction_realistic",
        "x″",
        True,
    ),
)


def curves(report: Facts, faces: Mapping[str, Face]) -> list[Drawing]:
    """Each validation measure against the images drawn and, where they differ, against the share of the budget."""
    found = [point for cell in report["cells"] for point in cell["curve"]]
    names = list(dict.fromkeys(name for point in found for name in point if name != "images"))
    budgets = {system["name"]: system["images"] for system in report["systems"]}
    differ = len({images for images in budgets.values() if images}) > 1
    drawings = []
    for name in names:
        drawings.append(curve(report, faces, name, "images drawn in training", dict.fromkeys(budgets, 1.0)))
        if differ:
            whole = {system: images or 1.0 for system, images in budgets.items()}
            drawings.append(curve(report, faces, name, "share of the system's budget", whole))
    return drawings


def curve(report: Facts, faces: Mapping[str, Face], name: str, across: str, per: Facts) -> Drawing:
    """One validation measure of every system: each seed faint, their mean strong."""
    items: list[Item] = []
    for system, face in faces.items():
        runs = [
            [(point["images"] / per[system], point[name]) for point in cell["curve"] if usable(point, name)]
            for cell in report["cells"]
            if cell["system"] == system
        ]
        items += seeds_and_mean([run for run in runs if run], face)
    title = CURVES.get(name, f"validation {name}")
    return plot(
        items,
        Axis(across, tight=True),
        Axis(title, log=name in FALLING),
        title=f"{title} against {across}",
        alt="; ".join(ends(items)) + ".",
    )


def usable(point: Facts, name: str) -> bool:
    """Whether a point of a curve has the measure."""
    return point.get(name) is not None


def seeds_and_mean(runs: list[list[Point]], face: Face) -> list[Item]:
    """A faint line a seed and the mean of those that came to the end, with a marker; one seed is its own mean."""
    if not runs:
        return []
    whole = [run for run in runs if len(run) == max(map(len, runs))]
    mean = [(whole[0][k][0], float(np.mean([run[k][1] for run in whole]))) for k in range(len(whole[0]))]
    faint: list[Item] = [Line(run, face, faint=True) for run in runs] if len(runs) > 1 else []
    return [*faint, Line(mean, face), Mark(mean[-1], face)]


def ends(items: Sequence[Item]) -> Iterator[str]:
    """Where each curve ends, in words."""
    for item in items:
        if isinstance(item, Mark):
            yield f"{item.face.name} ends at {item.at[1]:.4g}"


def plane(report: Facts, faces: Mapping[str, Face]) -> Drawing | None:
    """Distortion against realism of reconstructions: one marker a decoder, those of one system joined."""
    items = [item for system, face in faces.items() for item in decoders(report, system, face)]
    if not items:
        return None
    pictures = any(cell["metrics"].get("psnr") is not None for cell in report["cells"])
    said = "PSNR of reconstructions, dB (right is better)" if pictures else "squared error (left is better)"
    return plot(
        items,
        Axis(said),
        Axis("Fréchet distance (down is better)", log=True),
        title="Distortion against realism",
        alt="; ".join(standings(items)) + ".",
    )


def decoders(report: Facts, system: str, face: Face) -> Iterator[Item]:
    """The decoders of one system: each seed small, the mean large."""
    cells = [cell["metrics"] for cell in report["cells"] if cell["system"] == system]
    means: list[Point] = []
    for decoder in DECODERS:
        points = [point for metrics in cells if (point := standing(metrics, decoder))]
        if not points:
            continue
        means.append((float(np.mean([x for x, _ in points])), float(np.mean([y for _, y in points]))))
        if len(points) > 1:
            yield from (Mark(point, face, small=True, hollow=decoder.hollow) for point in points)
        yield Mark(means[-1], face, hollow=decoder.hollow, text=f"{short(face.name)} {decoder.said}")
    if len(means) > 1:
        yield Line(means, None)


def stands(cell: Facts) -> bool:
    """Whether a run has a place in the plane."""
    return any(standing(cell["metrics"], decoder) for decoder in DECODERS)


def standing(metrics: Facts, decoder: Decoder) -> Point | None:
    """Where one run's decoder stands."""
    distortion = next((metrics[key] for key in decoder.distortion if metrics.get(key) is not None), None)
    realism = metrics.get(decoder.realism)
    return None if distortion is None or realism is None else (distortion, realism)


def standings(items: Sequence[Item]) -> Iterator[str]:
    """Where each decoder stands, in words."""
    for item in items:
        if isinstance(item, Mark) and item.text:
            yield f"{item.text} at {item.at[0]:.4g}, {item.at[1]:.4g}"


def code_map(shown: Shown, classes: Sequence[str], title: str) -> Drawing | None:
    """Codes on their first two principal components, a color a class and its name at the middle."""
    if shown.get("map", np.zeros(0)).shape[1:] != (2,):
        return None
    place = shown["map"]
    label = shown.get("map_label", np.full(len(place), -1))
    numbers = np.unique(label)
    items: list[Item] = [
        Dots([(float(x), float(y)) for x, y in place[label == k]], class_color(k)) for k in numbers
    ]
    named = [k for k in numbers if 0 <= k < len(classes)]
    if len(named) <= MOST_NAMED:
        items += [Word(middle(place[label == k]), short(str(classes[k])), class_color(k)) for k in named]
    alt = f"{len(place):,} test examples by their codes, {len(named) or 'no'} classes"
    return plot(items, Axis("", bare=True, tight=True), Axis("", bare=True, tight=True), title=title, alt=alt)


def class_color(number: int) -> str:
    """Class of the style sheet for a class of the data."""
    return "k-none" if number < 0 else f"k{number % CLASS_COLORS}"


def middle(points: Any) -> Point:
    """The median of some points."""
    return float(np.median(points[:, 0])), float(np.median(points[:, 1]))


KINDS = (("samples", "new"), ("faithful", "x′"), ("realistic", "x″"))


def vectors(shown: Shown, face: Face, real: NDArray[Any] | None) -> list[tuple[str, Drawing]]:
    """Vectors of each kind among real ones; reconstructions are joined to theirs."""
    among = shown.get("samples") if real is None else real
    if among is None or not is_rows(among):
        return []
    found = [(kind, said, shown[kind]) for kind, said in KINDS if kind in shown]
    flat = components(among)
    return [
        (kind, among_real(flat, x, real, face, said, joined=kind != "samples"))
        for kind, said, x in found
        if x.shape[1:] == among.shape[1:]
    ]


def components(real: NDArray[Any]) -> Callable[[NDArray[Any]], list[Point]]:
    """Places on the first two principal components of ``real``, each entry in its own deviations."""
    center, spread = real.mean(0, dtype=np.float64), real.std(0, dtype=np.float64)
    spread = np.where(spread > 0, spread, 1)
    axes = np.linalg.svd((real - center) / spread, full_matrices=False)[2][:2]
    axes = np.pad(axes, ((0, 2 - len(axes)), (0, 0)))
    return lambda x: [(float(a), float(b)) for a, b in ((x - center) / spread) @ axes.T]


def among_real(
    flat: Callable[[NDArray[Any]], list[Point]],
    x: NDArray[Any],
    real: NDArray[Any] | None,
    face: Face,
    said: str,
    *,
    joined: bool,
) -> Drawing:
    """One kind of vectors as markers, real ones as gray dots."""
    items: list[Item] = [Mark(point, face, small=True) for point in flat(x)]
    if real is not None:
        ends = zip(flat(real), flat(x), strict=False) if joined else ()
        items = [*(Line(pair, None) for pair in ends), Dots(flat(real), "real", large=True), *items]
    return plot(
        items,
        Axis("first component of the real ones"),
        Axis("second component"),
        title=f"{face.name}: {said}",
        alt=f"{len(x)} vectors ({said}) beside {0 if real is None else len(real)} real ones.",
    )


def losses(report: Facts, faces: Mapping[str, Face]) -> Iterator[tuple[Face, list[tuple[str, Drawing]]]]:
    """What each system's phases minimized, a small plot a term."""
    for system, face in faces.items():
        logs = [cell["log"] for cell in report["cells"] if cell["system"] == system and cell.get("log")]
        names = dict.fromkeys(name for log in logs for point in log for name in point if name != "images")
        found = [(name, drawing) for name in names if (drawing := term(logs, name, face))]
        if found:
            yield face, found


def term(logs: Sequence[Sequence[Facts]], name: str, face: Face) -> Drawing | None:
    """One term of a loss, a line a seed."""
    runs = [[(point["images"], point[name]) for point in log if usable(point, name)] for log in logs]
    items = [Line(run, face) for run in runs if len(run) > 1]
    if not items:
        return None
    return plot(
        items,
        Axis("images drawn", tight=True),
        Axis(""),
        title=f"{face.name}: {name}",
        alt=f"{name} of {face.name} in {len(items)} runs, last {items[0].points[-1][1]:.4g}.",
    )
