"""What one model is shown by: samples, reconstructions, walks, near training examples, a map of its codes.

    labels, seed ─► samples, a row a class              samples ─► features ─► the nearest training examples
    test examples ─► x', x''                            two codes ─► a walk between them
    test examples ─► codes ─► principal components ─► map

Pictures become strips of the page, vectors points on their first two principal components. What the model cannot do
is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from amalgan.core.randomness import Draws, key
from amalgan.data import Dataset, Records, drawn
from amalgan.data.dataset.subsets import picked
from amalgan.features import Features
from amalgan.kinds import kind_of
from amalgan.metrics.novelty import nearness
from amalgan.studies.html import figures
from amalgan.studies.html.palette import Face
from amalgan.studies.html.pictures import Sheet, of_rows
from amalgan.studies.html.plots import Drawing
from amalgan.studies.html.stored_examples import Shown
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.embed.embed import embed
from amalgan.tasks.generate import classes_heard, generate
from amalgan.tasks.reconstruct import reconstruct

ACROSS = 16
"""Pictures in a row."""
CLASSES_SHOWN = 20
LOOSE_ROWS = 4
"""Rows of samples where there are no classes."""
WALKS, STEPS = 3, 11
LOOKED_AT, NEAREST_SHOWN, AMONG = 256, 12, 10_000
"""Samples whose nearest training example is sought, how many are shown, and among how many training examples."""
MAPPED = 2000

Strip = list[tuple[str, Sheet]]


@dataclass(frozen=True, kw_only=True)
class Exhibits:
    """Everything that a page shows of a model besides numbers."""

    samples: Strip
    classes: int
    """How many samples can be asked for, a strip each; where there are none, strips show any."""
    rebuilt: Strip
    walks: list[Strip]
    nearest: Strip
    near: list[dict[str, Any]]
    """Of each sample shown beside its nearest training example: ratio and name."""
    codes: Drawing | None
    drawn: list[Drawing]
    """Of vectors, what the strips are of pictures."""


def exhibits(
    model: Model, data: Dataset, features: Features | None, *, seed: int, tell: Callable[[str], None]
) -> Exhibits:
    """Show what the model can do."""
    system, pictures = model.system, not kind_of(model.spec).refuses("drawing")
    both = isinstance(system, Encodes) and isinstance(system, Decodes)
    tell("drawing the page")
    near = nearest(model, data.train, features, seed) if isinstance(system, Generates) and pictures else None
    return Exhibits(
        samples=list(by_class(model, seed)) if isinstance(system, Generates) and pictures else [],
        classes=len(classes_heard(model)),
        rebuilt=list(rebuilt(model, data.test, seed)) if both and pictures else [],
        walks=list(walks(model, data.test, seed)) if both and pictures else [],
        nearest=near[0] if near else [],
        near=near[1] if near else [],
        codes=code_map(model, data.test, seed) if isinstance(system, Encodes) else None,
        drawn=[] if pictures else list(drawings(model, data.test, seed)),
    )


def strip(model: Model, x: Tensor, said: str, alt: str) -> tuple[str, Sheet]:
    """Examples as one row; ``alt`` follows their number."""
    return said, of_rows([drawn(x, model.spec)], alt)


def by_class(model: Model, seed: int) -> Iterator[tuple[str, Sheet]]:
    """New pictures, a row a class."""
    for number in classes_heard(model)[:CLASSES_SHOWN]:
        name = model.spec.classes[number]
        made = next(generate(model, ACROSS, label=name, seed=seed))
        yield strip(model, made, name, f"new pictures of class {name}")
    if not classes_heard(model):
        made = torch.cat(list(generate(model, LOOSE_ROWS * ACROSS, seed=seed)))
        rows = np.split(drawn(made, model.spec), LOOSE_ROWS)
        yield "new", of_rows(rows, "new pictures")


def rebuilt(model: Model, records: Records, seed: int) -> Iterator[tuple[str, Sheet]]:
    """Test pictures beside the decodes of their codes."""
    chosen = records.select(records.spaced(ACROSS))
    yield strip(model, chosen.take(slice(None)), "original", "test pictures")
    for said, x in decodes(model, chosen, seed):
        yield strip(model, x, said, f"the same test pictures, decoded as {said}")


def decodes(model: Model, records: Records, seed: int) -> Iterator[tuple[str, Tensor]]:
    """Each decoder's reconstructions."""
    yield "x′", torch.cat(list(reconstruct(model, records, seed=seed)))
    if isinstance(model.system, Realizes):
        yield "x″", torch.cat(list(reconstruct(model, records, decoder="realistic", seed=seed)))


@torch.no_grad()
def walks(model: Model, records: Records, seed: int) -> Iterator[Strip]:
    """From one test picture to another in equal steps of the code, by each decoder."""
    ends = records.take(records.spaced(2 * WALKS))
    half = len(ends) // 2
    for number in range(half):
        steps = walk(model, ends[number], ends[number + half], seed)
        yield [strip(model, x, said, f"steps of walk {number + 1}, {said}") for said, x in steps]


def walk(model: Model, first: Tensor, last: Tensor, seed: int) -> Iterator[tuple[str, Tensor]]:
    """Decodes of the codes between those of two examples; the realistic one draws the same noise at each step."""
    device = model.device
    codes = model.require(Encodes).encode(torch.stack([first, last]).to(device))
    path = torch.lerp(codes[:1], codes[1:], torch.linspace(0, 1, STEPS, device=device)[:, None])
    yield "x′", model.require(Decodes).decode(path).cpu()
    if isinstance(model.system, Realizes):
        draws = Draws(seed=key(seed, "walk"), round=0, total=1, device=str(device))
        yield "x″", torch.cat([model.system.realize(code[None], draws).cpu() for code in path])


def nearest(
    model: Model, train: Records, features: Features | None, seed: int
) -> tuple[Strip, list[dict[str, Any]]] | None:
    """The samples that come nearest to training pictures, the nearest first, each above its neighbor."""
    if features is None or len(train) < 2:
        return None
    among = picked(train, AMONG, seed)
    made = torch.cat(list(generate(model, LOOKED_AT, seed=seed)))
    seen = torch.cat([features(batch.x) for batch in among.batches(LOOKED_AT)])
    ratio, row = nearness(features(kind_of(model.spec).delivered(made)), seen)
    order = ratio.argsort()[:NEAREST_SHOWN]
    rows = row[order].numpy()
    facts = [
        {"sample": int(k), "ratio": float(ratio[k]), "train": among.name(int(row[k]))} for k in order.tolist()
    ]
    shown = [
        strip(model, made[order], "new", "new pictures nearest to training pictures"),
        strip(model, among.take(rows), "training", "training pictures, the nearest to each"),
    ]
    return shown, facts


def code_map(model: Model, records: Records, seed: int) -> Drawing | None:
    """Codes of test examples on their first two principal components."""
    chosen = picked(records, MAPPED, seed)
    code = embed(model, chosen).code
    if len(code) < 3:
        return None
    shown = {"map": np.array(figures.components(code)(code)), "map_label": chosen.labels}
    return figures.code_map(shown, model.spec.classes, "Codes of test examples")


def drawings(model: Model, records: Records, seed: int) -> Iterator[Drawing]:
    """Vectors as points: new ones among real ones, and reconstructions joined to their originals."""
    system, chosen = model.system, records.select(records.spaced(LOOKED_AT))
    found: dict[str, Tensor] = {}
    if isinstance(system, Generates):
        found["samples"] = torch.cat(list(generate(model, len(chosen), seed=seed)))
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        names = ("faithful", "realistic")
        found |= {name: x for name, (_, x) in zip(names, decodes(model, chosen, seed), strict=False)}
    shown: Shown = {name: x.numpy() for name, x in found.items()}
    real = chosen.take(slice(None)).numpy()
    yield from (drawing for _, drawing in figures.vectors(shown, Face(model.name, 0), real))
