"""A comparison that never ran: ``report.json`` and its ``shown.npz`` files as the real ones are, made from a seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amalgan.metrics.statistics import holm, interval, paired_difference
from amalgan.studies.html.numbers import SUPERSCRIPTS

BACK = {chr(after): chr(before) for before, after in SUPERSCRIPTS.items()}
CLASSES = tuple(str(digit) for digit in range(10))

MEASURES = (
    ("frechet_distance", "Fréchet distance", "", False, "generation", True),
    ("precision", "precision", "", True, "generation", True),
    ("recall", "recall", "", True, "generation", True),
    ("classifier_accuracy", "classifier trained on samples", "%", True, "utility", True),
    ("copies", "copies", "", False, "novelty", False),
    ("psnr", "PSNR of x′", "dB", True, "reconstruction", True),
    ("psnr_realistic", "PSNR of x″", "dB", True, "reconstruction", False),
    ("frechet_distance_reconstruction", "Fréchet distance of x′", "", False, "reconstruction", False),
    (
        "frechet_distance_reconstruction_realistic",
        "Fréchet distance of x″",
        "",
        False,
        "reconstruction",
        False,
    ),
    ("linear_probe", "linear probe on codes", "", True, "codes", True),
    ("cpu_seconds", "training", "CPU s", False, "cost", False),
    ("parameters", "parameters", "", None, "cost", False),
)

TRUTHS: tuple[dict[str, float], ...] = (
    {
        "frechet_distance": 21.4,
        "precision": 0.61,
        "recall": 0.34,
        "classifier_accuracy": 91.2,
        "copies": 0.004,
        "psnr": 22.84,
        "frechet_distance_reconstruction": 17.9,
        "linear_probe": 0.942,
        "cpu_seconds": 118.0,
        "parameters": 412_345.0,
    },
    {
        "frechet_distance": 5.1,
        "precision": 0.83,
        "recall": 0.52,
        "classifier_accuracy": 95.7,
        "copies": 0.006,
        "cpu_seconds": 120.0,
        "parameters": 587_210.0,
    },
    {
        "frechet_distance": 4.9,
        "precision": 0.84,
        "recall": 0.58,
        "classifier_accuracy": 96.4,
        "copies": 0.005,
        "psnr": 22.79,
        "psnr_realistic": 20.31,
        "frechet_distance_reconstruction": 17.1,
        "frechet_distance_reconstruction_realistic": 2.2,
        "linear_probe": 0.951,
        "cpu_seconds": 121.0,
        "parameters": 901_554.0,
    },
    {"frechet_distance": 9.6, "precision": 0.71, "recall": 0.49, "copies": 0.031},
)
NAMES = ("autoencoder", "gan", "fusion", "their-model")
SUMMARIES = (
    "An encoder and a decoder with a prior fitted to the code.",
    "A generator and a critic.",
    "One code, two decoders: a faithful and a realistic one.",
    "Pictures from outside.",
)


def comparison(
    folder: Path,
    *,
    names: tuple[str, ...] = NAMES,
    seeds: int = 3,
    shape: tuple[int, ...] = (28, 28),
    classes: tuple[str, ...] = CLASSES,
) -> dict[str, Any]:
    """A report of ``len(names)`` systems, the last one samples from outside; one run failed and one collapsed.

    Args:
        shape: (H, W), (H, W, 3) or (D,).
    """
    rng = np.random.default_rng(0)
    cells = [cell for place, name in enumerate(names) for cell in runs(place, name, seeds, rng)]
    for cell in cells:
        write_shown(folder / cell["shown"], cell, names.index(cell["system"]), shape, classes)
    report = {
        "amalgan": "comparison",
        "format": 1,
        "command": f"amalgan compare mnist --systems {','.join(names[:3])} --seeds {seeds} --cpu-minutes 2 --out study",
        "data": {
            "name": "mnist",
            "text": "28x28 gray",
            "train": 57_000,
            "validation": 3_000,
            "test": 10_000,
            "classes": list(classes),
            "fingerprint": "4f1f0e1d9a7c2b55",
        },
        "budget": {"kind": "cpu_minutes", "value": 2, "text": "2 CPU-minutes of one thread for every run."},
        "seeds": list(range(seeds)),
        "tries": 2,
        "features": "conv64-labels-1a2b3c4d",
        "count": 10_000,
        "systems": [system(place, name) for place, name in enumerate(names)],
        "measures": [measure(*fields) for fields in MEASURES],
        "cells": cells,
        "notes": ["The feature network was trained on the training split.", "The Fréchet floor is 0.41."],
        "times": {"total_seconds": 1312.4, "machine": "two cores"},
    }
    report["table"] = table(cells, names)
    report["comparisons"] = list(compared(cells, names)) if seeds > 1 else []
    report["corrected_for"] = len(report["comparisons"])
    for found, adjusted in zip(report["comparisons"], adjust(report["comparisons"]), strict=True):
        found["p_adjusted"] = adjusted
        found["verdict"] = better(found) if adjusted < 0.05 else "inconclusive"
    report["verdict"] = verdicts(names)
    return report


def system(place: int, name: str) -> dict[str, Any]:
    """One of ``systems``."""
    outside = place == 3
    return {
        "name": name,
        "source": "samples" if outside else "built in",
        "summary": SUMMARIES[place % 4],
        "abilities": [] if outside else ["encode", "decode", "generate"][: 3 if place != 1 else 1],
        "settings": {},
        "images": None if outside else 320_000 - 70_000 * place,
        "parameters": None if outside else 400_000 + 100_000 * place,
        "command": ""
        if outside
        else f"amalgan train mnist --system '{name}' --images {320_000 - 70_000 * place} --seed 0 --out run",
        "tries": []
        if outside
        else [{"rate": 1.0, "score": 6.2 + place}, {"rate": 0.5, "score": 7.9 + place}],
    }


def measure(
    key: str, title: str, unit: str, higher_is_better: bool | None, group: str, headline: bool
) -> dict[str, Any]:
    """One of ``measures``."""
    name = f"{title}, 10000 generated against 10000 of the test split, features conv64-labels-1a2b3c4d"
    return {
        "key": key,
        "title": title,
        "unit": unit,
        "higher_is_better": higher_is_better,
        "group": group,
        "headline": headline,
        "name": name,
    }


def runs(place: int, name: str, seeds: int, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """The cells of a system: the GAN's second seed collapses, the autoencoder's third fails."""
    shared = np.random.default_rng(99).normal(size=seeds)
    for seed in range(seeds):
        state = {(1, 1): "collapsed", (0, 2): "failed"}.get((place, seed), "done")
        truth = {} if state == "failed" else TRUTHS[place % 4]
        metrics = {
            key: value
            * (1 + 0.006 * shared[seed] + 0.004 * rng.normal())
            * (1 + 2 * (state == "collapsed") * (key == "frechet_distance"))
            for key, value in truth.items()
        }
        yield {
            "system": name,
            "seed": seed,
            "state": state,
            "reason": {
                "failed": "diverged three times at 48,000 images: a loss was not finite; lower --adam.rate",
                "collapsed": "samples differ by 0.02 of what real pictures differ by (below 0.1)",
            }.get(state),
            "metrics": {fields[0]: metrics.get(fields[0]) for fields in MEASURES},
            "names": {},
            "cost": {"cpu_seconds": metrics.get("cpu_seconds")},
            "curve": curve(place, seed, state),
            "log": log(place, seed) if place != 3 else [],
            "shown": f"runs/{place}-{seed}/shown.npz",
        }


def curve(place: int, seed: int, state: str) -> list[dict[str, float]]:
    """A validation curve of a system that reconstructs."""
    if place % 2:
        return []
    images = np.linspace(16_000, 320_000 - 70_000 * place, 20)[: 4 if state == "failed" else 20]
    noise = np.random.default_rng((place, seed)).normal(size=len(images)) * 0.12
    return [
        {"images": float(at), "psnr": float(23 - 8 * np.exp(-at / 60_000) - 0.2 * place + wobble)}
        for at, wobble in zip(images, noise, strict=True)
    ]


def log(place: int, seed: int) -> list[dict[str, float]]:
    """Losses that fall."""
    rng = np.random.default_rng((7, place, seed))
    names = (("autoencoder/closeness",), ("critic/adversarial", "generator/adversarial"))[place % 2]
    return [
        {"images": 3000.0 * k, **{name: float(np.exp(-k / 30) + 0.05 * rng.normal()) for name in names}}
        for k in range(1, 81)
    ]


def write_shown(
    target: Path, cell: dict[str, Any], place: int, shape: tuple[int, ...], classes: tuple[str, ...]
) -> None:
    """The examples of one run; nothing of a failed one."""
    if cell["state"] == "failed":
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    same = cell["state"] == "collapsed"
    arrays: dict[str, NDArray[Any]] = {"samples": examples(64, shape, 10 * place + cell["seed"], same=same)}
    arrays["real"] = examples(16, shape, 1000)
    if place % 2 == 0:
        arrays["faithful"] = examples(16, shape, 1000, blur=2)
        rng = np.random.default_rng(place)
        label = rng.integers(0, max(1, len(classes)), 2000)
        around = rng.normal(size=(max(1, len(classes)), 2)) * 3
        arrays["map"] = (around[label] + rng.normal(size=(2000, 2)) * 0.7).astype(np.float32)
        arrays["map_label"] = label
    if place == 2:
        arrays["realistic"] = examples(16, shape, 1001)
    np.savez(target, **arrays)


def examples(
    count: int, shape: tuple[int, ...], seed: int, *, blur: int = 1, same: bool = False
) -> NDArray[Any]:
    """Rings and bars of a few sizes, or points on a curve."""
    rng = np.random.default_rng(seed)
    if len(shape) == 1:
        turn = rng.uniform(0, 2 * np.pi, (count, 1))
        angles = turn + np.arange(shape[0]) * 0.7
        return (np.cos(angles) + 0.05 * rng.normal(size=(count, shape[0]))).astype(np.float32)
    down, across = np.mgrid[: shape[0], : shape[1]] / shape[0] - 0.5
    drawn = []
    for _ in range(count):
        a, b, c = (0.3, 0.1, 0.5) if same else rng.uniform(0, 1, 3)
        far = np.hypot(down * (0.7 + c), across + 0.2 * (b - 0.5))
        ring = np.exp(-(((far - 0.12 - 0.2 * a) / (0.05 * blur)) ** 2))
        picture = np.clip(255 * ring, 0, 255).astype(np.uint8)
        drawn.append(picture if len(shape) == 2 else np.stack([picture, 255 - picture, picture // 2], -1))
    return np.stack(drawn)


def table(cells: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """Means and intervals."""
    return {
        name: {
            fields[0]: summary([cell["metrics"][fields[0]] for cell in cells if cell["system"] == name])
            for fields in MEASURES
        }
        for name in names
    }


def summary(values: list[float | None]) -> dict[str, Any]:
    """One cell of the table."""
    known = [value for value in values if value is not None]
    found = interval(known) if len(known) > 1 else None
    return {
        "mean": float(np.mean(known)) if known else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "values": values,
        "n": len(known),
    }


def compared(cells: list[dict[str, Any]], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Every pair under every headline measure, by the seeds that both have."""
    for key in [fields[0] for fields in MEASURES if fields[5]]:
        for first, second in itertools.combinations(names, 2):
            of = [{c["seed"]: c["metrics"][key] for c in cells if c["system"] == n} for n in (first, second)]
            both = [seed for seed in of[0] if of[0][seed] is not None and of[1].get(seed) is not None]
            if len(both) < 2:
                continue
            found = paired_difference(*([float(side[seed]) for seed in both] for side in of))
            yield {
                "measure": key,
                "first": first,
                "second": second,
                "difference": found.interval.mean,
                "low": found.interval.low,
                "high": found.interval.high,
                "p": found.p_value,
            }


def adjust(comparisons: list[dict[str, Any]]) -> list[float]:
    """Holm's correction over all of them."""
    return holm([found["p"] for found in comparisons])


def better(found: dict[str, Any]) -> str:
    """Which of the two the difference speaks for."""
    higher = next(fields[3] for fields in MEASURES if fields[0] == found["measure"])
    return "first" if (found["difference"] > 0) == higher else "second"


def verdicts(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Sentences as compare writes them."""
    return [
        {
            "topic": "generation",
            "pick": None,
            "text": f"For generation nothing can be told between {names[1]} and {names[2]}: both come nearer to real "
            f"pictures than {names[0]} on this data and this budget.",
        },
        {
            "topic": "reconstruction",
            "pick": names[0],
            "text": f"For reconstruction pick {names[0]}: 22.8 dB, 0.05 dB above {names[2]}.",
        },
        {"topic": "features", "pick": names[2], "text": f"For features pick {names[2]}."},
    ]


def read_back(text: str) -> float:
    """The number that a text shows."""
    plain = text.replace(",", "").replace("−", "-").replace(" × 10", "e")
    return float("".join(BACK.get(c, c) for c in plain))
