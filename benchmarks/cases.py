"""Additions to real examples whose worth is known by construction: what verdicts.py judges.

a world to draw from ─► real examples, few or many ─► what is added: must help, must hurt, must not matter
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits, make_moons

from amalgan.core.types import DataSpec
from amalgan.features.classifier_training import Labeled

TESTED = 2000

Draw = Callable[[np.random.Generator, NDArray[np.int64]], NDArray[Any]]
"""Fresh examples of given classes."""


class World(NamedTuple):
    """Where examples come from."""

    spec: DataSpec
    draw: Draw
    test: Labeled


class Case(NamedTuple):
    """Real examples, and what is added to them."""

    name: str
    truth: str
    world: Callable[[], World]
    real: dict[int, int]
    """Real examples of each class."""
    add: Callable[[World, Labeled, np.random.Generator], Labeled]


def lesson(world: World, rng: np.random.Generator, label: NDArray[np.int64]) -> Labeled:
    """Fresh examples of given classes."""
    return Labeled(world.draw(rng, label), torch.from_numpy(label), world.spec)


@cache
def normal(classes: int, size: int, apart: float) -> World:
    """Normal classes of unit covariance, their centers drawn so that two are about ``apart`` from each other."""
    centers = np.random.default_rng(classes * size).normal(size=(classes, size)) * apart / (2 * size) ** 0.5
    return vectors(classes, size, lambda rng, label: centers[label] + rng.normal(size=(len(label), size)))


@cache
def moons() -> World:
    """Two half-circles, each around an end of the other."""

    def draw(rng: np.random.Generator, label: NDArray[np.int64]) -> NDArray[Any]:
        x, y = make_moons(4 * len(label) + 100, noise=0.25, random_state=int(rng.integers(2**31)))
        rows = [
            rng.permutation(np.flatnonzero(y == one))[: int((label == one).sum())] for one in np.unique(label)
        ]
        return x[np.concatenate(rows)]

    return vectors(2, 2, draw)


def vectors(classes: int, size: int, draw: Draw) -> World:
    """A world of vectors, with its test examples."""
    names = tuple(map(str, range(classes)))
    flat = (0.0,) * size, (1.0,) * size
    spec = DataSpec(kind="vector", shape=(size,), classes=names, center=flat[0], spread=flat[1])

    def as_float(rng: np.random.Generator, label: NDArray[np.int64]) -> NDArray[np.float32]:
        return draw(rng, label).astype(np.float32)

    label = np.sort(np.arange(TESTED) % classes)
    test = Labeled(as_float(np.random.default_rng(99), label), torch.from_numpy(label), spec)
    return World(spec, as_float, test)


@cache
def digits() -> World:
    """scikit-learn's digits: half to draw from without a model, half to test by."""
    found = load_digits()
    x, y = (found.images[:, None] * 255 / 16).round().astype(np.uint8), found.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(x))
    pool, held = order[:900], order[900:]
    spec = DataSpec(kind="image", shape=(1, 8, 8), classes=tuple(map(str, range(10))))

    def draw(rng: np.random.Generator, label: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Fresh in that hardly any is among the few real ones, which are drawn from the same 900."""
        return x[[rng.choice(pool[y[pool] == one]) for one in label]]

    return World(spec, draw, Labeled(x[held], torch.from_numpy(y[held]), spec))


def fresh(
    world: World,
    real: Labeled,
    rng: np.random.Generator,
    *,
    each: int = 0,
    fill: bool = False,
    wrong: float = 0.0,
) -> Labeled:
    """Draws of real data: ``each`` a class, or as many as ``fill`` it; a share with ``wrong`` labels."""
    sizes = np.bincount(real.label, minlength=len(world.spec.classes))
    label = np.repeat(np.arange(len(sizes)), sizes.max() - sizes if fill else each)
    made = lesson(world, rng, label)
    other = (label + rng.integers(1, len(sizes), len(label))) % len(sizes)
    label = np.where(rng.random(len(label)) < wrong, other, label)
    return Labeled(made.x, torch.from_numpy(label), world.spec)


def copies(
    world: World, real: Labeled, rng: np.random.Generator, *, times: int = 1, noise: float = 0.0
) -> Labeled:
    """All real examples again, with or without a little noise."""
    x = np.concatenate([real.x] * times)
    x = x if not noise else (x + noise * rng.normal(size=x.shape)).astype(x.dtype)
    return Labeled(x, real.label.repeat(times), world.spec)


def one_for_all(
    world: World, real: Labeled, rng: np.random.Generator, *, each: int, noise: float = 0.0
) -> Labeled:
    """A collapsed generator: whatever the class, about the same example."""
    label = np.repeat(np.arange(len(world.spec.classes)), each)
    x = np.repeat(real.x[rng.integers(len(real.x))][None], len(label), axis=0).astype(np.float64)
    x = x + noise * rng.normal(size=x.shape)
    whole = x.clip(0, 255) if real.x.dtype == np.uint8 else x
    return Labeled(whole.astype(real.x.dtype), torch.from_numpy(label), world.spec)


def flood(world: World, real: Labeled, rng: np.random.Generator, *, count: int) -> Labeled:
    """Examples of all classes, all called the first one."""
    label = rng.integers(len(world.spec.classes), size=count)
    return Labeled(world.draw(rng, label), torch.zeros(count, dtype=torch.int64), world.spec)


def of(classes: int, count: int, **fewer: int) -> dict[int, int]:
    """As many of each class, but for some: ``c3=5``."""
    return dict.fromkeys(range(classes), count) | {int(name[1:]): few for name, few in fewer.items()}


CASES = (
    # What must help: fresh draws of real data, where there is little of it or of some classes.
    Case("few: 3 classes in 10", "helps", partial(normal, 3, 10, 3.0), of(3, 5), partial(fresh, each=100)),
    Case("few: 5 classes in 20", "helps", partial(normal, 5, 20, 4.0), of(5, 10), partial(fresh, each=100)),
    Case("few: 10 classes in 20", "helps", partial(normal, 10, 20, 5.0), of(10, 10), partial(fresh, each=50)),
    Case("few: 2 classes in 5", "helps", partial(normal, 2, 5, 2.0), of(2, 5), partial(fresh, each=100)),
    Case("few: moons", "helps", moons, of(2, 6), partial(fresh, each=100)),
    Case("few: digits, 5 each", "helps", digits, of(10, 5), partial(fresh, each=30)),
    Case("few: digits, 3 each", "helps", digits, of(10, 3), partial(fresh, each=20)),
    Case("few: digits, 8 each", "helps", digits, of(10, 8), partial(fresh, each=40)),
    Case(
        "few, 10 % wrong: 5 classes in 20",
        "helps",
        partial(normal, 5, 20, 4.0),
        of(5, 5),
        partial(fresh, each=100, wrong=0.1),
    ),
    Case(
        "unbalanced: 3 classes in 10",
        "helps",
        partial(normal, 3, 10, 3.0),
        of(3, 300, c2=6),
        partial(fresh, fill=True),
    ),
    Case(
        "unbalanced: 5 classes in 20",
        "helps",
        partial(normal, 5, 20, 4.0),
        of(5, 200, c0=5, c4=5),
        partial(fresh, fill=True),
    ),
    Case(
        "unbalanced: 2 classes in 10",
        "helps",
        partial(normal, 2, 10, 2.5),
        of(2, 400, c1=8),
        partial(fresh, fill=True),
    ),
    Case(
        "unbalanced: digits, three of them rare",
        "helps",
        digits,
        of(10, 40, c3=2, c5=2, c8=2),
        partial(fresh, fill=True),
    ),
    Case(
        "unbalanced: digits, five of them rare",
        "helps",
        digits,
        of(10, 30, c0=3, c2=3, c4=3, c6=3, c8=3),
        partial(fresh, fill=True),
    ),
    # What must hurt: wrong labels, a collapsed generator, a flood of one class.
    Case(
        "wrong labels: 3 classes in 10",
        "hurts",
        partial(normal, 3, 10, 4.0),
        of(3, 100),
        partial(fresh, each=300, wrong=0.8),
    ),
    Case(
        "wrong labels: 5 classes in 20",
        "hurts",
        partial(normal, 5, 20, 5.0),
        of(5, 100),
        partial(fresh, each=200, wrong=1.0),
    ),
    Case(
        "wrong labels: 2 classes in 5",
        "hurts",
        partial(normal, 2, 5, 3.0),
        of(2, 100),
        partial(fresh, each=100, wrong=0.9),
    ),
    Case("wrong labels: moons", "hurts", moons, of(2, 100), partial(fresh, each=200, wrong=0.7)),
    Case("wrong labels: digits", "hurts", digits, of(10, 20), partial(fresh, each=40, wrong=0.9)),
    Case(
        "wrong labels: digits, half of them", "hurts", digits, of(10, 20), partial(fresh, each=100, wrong=0.6)
    ),
    Case(
        "random labels: 10 classes in 20",
        "hurts",
        partial(normal, 10, 20, 6.0),
        of(10, 50),
        partial(fresh, each=200, wrong=0.9),
    ),
    Case(
        "flood: 3 classes in 10", "hurts", partial(normal, 3, 10, 4.0), of(3, 50), partial(flood, count=600)
    ),
    Case(
        "flood: 5 classes in 20", "hurts", partial(normal, 5, 20, 5.0), of(5, 50), partial(flood, count=1000)
    ),
    Case("flood: digits", "hurts", digits, of(10, 20), partial(flood, count=600)),
    Case(
        "collapsed: digits, nearly one picture",
        "hurts",
        digits,
        of(10, 15),
        partial(one_for_all, each=200, noise=60.0),
    ),
    Case(
        "blind to classes: 5 classes in 20",
        "hurts",
        partial(normal, 5, 20, 4.0),
        of(5, 40),
        partial(fresh, each=400, wrong=0.8),
    ),
    Case(
        "blind to classes: 3 classes in 10",
        "hurts",
        partial(normal, 3, 10, 3.0),
        of(3, 40),
        partial(fresh, each=400, wrong=0.667),
    ),
    # What must not matter: copies of all real examples, and more of what is there in plenty.
    Case("copies: 3 classes in 10", "none", partial(normal, 3, 10, 4.0), of(3, 200), partial(copies)),
    Case("copies: 5 classes in 20", "none", partial(normal, 5, 20, 6.0), of(5, 200), partial(copies)),
    Case("copies: 2 classes in 5", "none", partial(normal, 2, 5, 3.0), of(2, 300), partial(copies)),
    Case(
        "copies, three times: 3 classes in 10",
        "none",
        partial(normal, 3, 10, 4.0),
        of(3, 300),
        partial(copies, times=3),
    ),
    Case(
        "copies, three times: 2 classes in 5",
        "none",
        partial(normal, 2, 5, 3.0),
        of(2, 400),
        partial(copies, times=3),
    ),
    Case("copies: moons", "none", moons, of(2, 300), partial(copies)),
    Case(
        "near copies: 3 classes in 10",
        "none",
        partial(normal, 3, 10, 4.0),
        of(3, 400),
        partial(copies, noise=0.01),
    ),
    Case("near copies: moons", "none", moons, of(2, 400), partial(copies, noise=0.003)),
    Case("copies: 10 classes in 20", "none", partial(normal, 10, 20, 9.0), of(10, 100), partial(copies)),
    Case(
        "enough: 2 classes in 5", "none", partial(normal, 2, 5, 3.0), of(2, 4000), partial(fresh, each=4000)
    ),
    Case(
        "enough: 3 classes in 10", "none", partial(normal, 3, 10, 5.0), of(3, 3000), partial(fresh, each=3000)
    ),
    Case("enough: moons", "none", moons, of(2, 4000), partial(fresh, each=2000)),
    Case(
        "enough: 5 classes in 20", "none", partial(normal, 5, 20, 7.0), of(5, 2000), partial(fresh, each=1000)
    ),
)
