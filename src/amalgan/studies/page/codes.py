"""What a page knows of a model's codes: where they lie, and the directions along which they mean something.

training pictures, else new ones of every class ─► codes, labels ─► components by variance, ways to each class

A component has no name of its own: it is told by what it changes in decodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset
from amalgan.studies.explore.subject import Subject
from amalgan.studies.html.numbers import percent
from amalgan.studies.html.page import readable
from amalgan.studies.page.changes import ends_of
from amalgan.studies.page.packed_numbers import pack_numbers
from amalgan.systems.abilities import Encodes, Generates, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import Direction, class_means, encode_all, principal, to_classes
from amalgan.tasks.generate import classes_heard, generate_each
from amalgan.tasks.walk.walk import scale_of

AMONG = 2000
"""At most so many codes are looked at."""
COMPONENTS, CLASSES = 8, 10
DEVIATIONS, WAY = (-3.0, 3.0), (-0.5, 1.5)
"""How far a slider goes: in deviations, and in shares of the way to a class."""


def codes_of(model: Model, data: Dataset | None, size: int) -> dict[str, Any]:
    """Return where codes of ``size`` numbers lie, and which directions there are, as JSON."""
    found = collect_codes(model, data)
    start = torch.zeros(size) if found is None else found[0].mean(0)
    scale = scale_of(model, start[None])
    return {
        "size": size,
        "start": pack_numbers(start),
        "scale": {"mean": pack_numbers(scale.mean), "deviation": pack_numbers(scale.deviation)},
        "directions": [] if found is None else list(directions(model, *found)),
    }


def collect_codes(
    model: Model, data: Dataset | None
) -> tuple[Float[Tensor, "N K"], Int[Tensor, " N"]] | None:
    """Return codes and labels: of training pictures, else new ones; None where there are neither."""
    if data is not None and isinstance(model.system, Encodes):
        subject = Subject(model=model, data=data, count=AMONG, seed=0)
        return subject.code[:AMONG], subject.label[:AMONG]
    shown = torch.tensor(classes_heard(model) or [UNLABELED])
    label = shown.repeat(-(-AMONG // len(shown)))[:AMONG]
    if isinstance(model.system, Samples):
        draws = Draws(seed=key(0, "page codes"), round=0, total=AMONG, device=model.device)
        with torch.no_grad():
            return model.system.sample_code(label.to(model.device), draws).cpu(), label
    if isinstance(model.system, Generates) and isinstance(model.system, Encodes):
        x = torch.cat(list(generate_each(model, label, seed=0, purpose="page codes")))
        return encode_all(model, x), label
    return None


def directions(
    model: Model, code: Float[Tensor, "N K"], label: Int[Tensor, " N"]
) -> Iterator[dict[str, Any]]:
    """Yield the sliders, as ``amalgan explore`` finds their directions."""
    means = class_means(code, label)
    for one in principal(code, COMPONENTS):
        share = f"{percent(one.share or 0)} of the variance"
        changed = readable(str(ends_of(model, one, code, means)))
        yield slider(one, DEVIATIONS, f"{changed} · {share}" if changed else share, "What varies most")
    for one in to_classes(means, model.spec.classes, CLASSES) if means else []:
        yield slider(one, WAY, "", "Toward a class")


def slider(direction: Direction, reach: tuple[float, float], note: str, group: str) -> dict[str, Any]:
    """Return a direction as JSON."""
    low, high = reach
    name, step = readable(direction.name), pack_numbers(direction.step)
    return {"name": name, "note": note, "group": group, "step": step, "low": low, "high": high}
