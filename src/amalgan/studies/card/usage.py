"""How a model is used: lines for a shell, and a program in Python, of what this one can do."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator

from amalgan.kinds import kind_of
from amalgan.systems.abilities import Classifies, Decodes, Encodes, Generates, Restores
from amalgan.systems.model_file import Model


def commands(model: Model, named: str) -> list[str]:
    """Return command lines; ``named`` is where the model is."""
    place, system = shlex.quote(named), model.system
    data, sheet = (
        ("pictures/", "new.png") if not kind_of(model.spec).refuses("files") else ("data.csv", "new.csv")
    )
    lines = ["pip install amalgan" + ("[hub]" if named.startswith("hf://") else "")]
    if isinstance(system, Generates):
        lines.append(f"amalgan generate {place} --count 64 --out {sheet}")
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        lines.append(f"amalgan reconstruct {place} {data} --out again/")
    if isinstance(system, Encodes):
        lines.append(f"amalgan embed {place} {data} --out codes.npz")
    if isinstance(system, Restores):
        lines.append(f"amalgan restore {place} {data} --out restored/ --task {system.tasks[0]}")
    if isinstance(system, Classifies) and model.spec.classes:
        lines.append(f"amalgan classify {place} {data} --out classes.csv")
    return lines


def program(model: Model, named: str) -> str:
    """Return a program; ``named`` is where the model is."""
    return "\n".join(statements(model, named))


def statements(model: Model, named: str) -> Iterator[str]:
    """Yield the lines of the program."""
    system, image = model.system, not kind_of(model.spec).refuses("files")
    yield "import amalgan as ag"
    yield from ("from PIL import Image",) * image
    yield ""
    yield f"model = ag.load({json.dumps(named)})"
    if isinstance(system, Generates):
        shape = "uint8 (16, H, W) or (16, H, W, 3)" if image else f"float32 (16, {model.spec.size})"
        yield f"new = model.generate(16)  # {shape}"
    yield from ('picture = Image.open("picture.png")',) * image
    given = "picture" if image else "new"
    if not image and not isinstance(system, Generates):
        return
    if isinstance(system, Encodes):
        yield f"codes = model.encode({given})  # float32 (N, K)"
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        yield f"again = model.reconstruct({given})"
    if isinstance(system, Restores):
        yield f"restored = model.restore({given}, task={json.dumps(system.tasks[0])})"
    if isinstance(system, Classifies) and model.spec.classes:
        yield f"chances = model.classify({given})  # float32 (N, classes)"
