"""What commands do with a trained model of a system: a tiny one is trained, and every task is asked of it.

A task may refuse, in words (AbilityError, UsageError): what a system cannot do it leaves out. Anything else is a fault.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from amalgan.api.model import Model
from amalgan.checking.contract import Check, LeftOut
from amalgan.checking.places import place_of
from amalgan.checking.subject import GRAY, SPECS, examples, small
from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import ConfigError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data, to_pixels
from amalgan.evaluation.evaluate import evaluate
from amalgan.features import features_of
from amalgan.kinds import kind_of
from amalgan.studies.compare.cell_examples import of_model
from amalgan.studies.compare.costs import costs_of_use
from amalgan.studies.explore import explore
from amalgan.studies.report.report import report
from amalgan.systems import model_file
from amalgan.training.run import execute

EXAMPLES, ROUNDS, BATCH = 96, 20, 16


@dataclass(frozen=True)
class Scene:
    """A trained model, and what it is asked to work on."""

    model: Model
    data: Dataset
    file: Path
    """The data as a file."""
    x: NDArray[np.generic]
    """Some examples in its units."""
    out: Path
    """Where results go."""


def scene_of(name: str, spec: DataSpec, folder: Path) -> Scene:
    """Train the system called ``name`` for some rounds.

    Raises:
        LeftOut: it refuses such data.
    """
    try:
        settings = small(name).resolved(spec)
    except ConfigError as error:
        raise LeftOut(str(error)) from None
    file, reading = folder / "data.npz", DataConfig(cache=str(folder / "cache"))
    batch = examples(spec, EXAMPLES)
    x = to_pixels(batch.x, spec)
    np.savez(file, x=x, y=batch.label.numpy())
    order = TrainOptions(
        data=str(file),
        system=name,
        settings=settings,
        out=folder / "run",
        images=ROUNDS * BATCH,
        batch=BATCH,
        device="cpu",
        reading=reading,
    )
    made = model_file.load(execute(order, Console(quiet=True)).model)
    return Scene(Model(made), open_data(file, reading, like=made.spec), file, x[:6], folder)


def tasks(scene: Scene) -> Iterator[tuple[str, Callable[[], object]]]:
    """Everything that a command or the interface in Python asks of a model, by what it is called."""
    model, x, data, out = scene.model, scene.x, scene.data, scene.out
    loaded = model.model
    yield "generate", lambda: model.generate(3)
    yield "generate --label", lambda: model.generate(3, label=model.spec.classes[0])
    yield "generate --decoder faithful", lambda: model.generate(3, decoder="faithful")
    yield "generate --film", lambda: model.walk(frames=3)
    yield "generate --film between pictures", lambda: model.walk(frames=3, between=x[:2])
    for decoder in ("faithful", "realistic"):
        yield f"reconstruct --decoder {decoder}", partial(model.reconstruct, x, decoder=decoder)
    yield "embed", lambda: model.decode(model.encode(x))
    yield "compress, decompress", lambda: model.decompress(model.compress(x[0]))
    yield "classify", lambda: model.classify(x)
    yield "detect", lambda: model.detect(x, normals=x, known=x)
    yield "explore", lambda: explore(loaded, data, count=16).write(out / "explored")
    kind = kind_of(model.spec)
    looks = None if kind.needs_teaching() else features_of(data)
    yield "evaluate", lambda: evaluate(loaded, data, features=looks, count=40)
    yield "report", lambda: report(loaded, data, features=looks, count=40).write(out / "report")
    yield "compare", lambda: (costs_of_use(loaded, data), of_model(loaded, data, 0))
    for policy in ("interpolate", "noise", "generate"):
        target = str(out / f"more-{policy}")
        yield (
            f"augment --policy {policy}",
            partial(model.augment, str(scene.file), target, policy=policy, times=1),
        )
    yield "a file written again", lambda: model.save(out / "again.safetensors")
    if not kind.refuses("restoring"):
        mask = np.pad(np.ones((2, 2)), 3)
        for task in ("denoise", "upscale", "inpaint"):
            holes = mask if task == "inpaint" else None
            yield f"restore --task {task}", partial(model.restore, x[0], task=task, mask=holes)
        yield "trace", lambda: model.trace(x)
        if find_spec("onnxruntime") is not None:
            yield "export", lambda: model.export(out / "onnx")


def works(name: str, spec: DataSpec) -> Iterator[str]:
    """Ask every task of a model trained on examples of ``spec``; yield what is wrong."""
    with tempfile.TemporaryDirectory(prefix="amalgan-") as folder:
        scene = scene_of(name, spec, Path(folder))
        for task, act in tasks(scene):
            try:
                act()
            except UsageError:  # in words: the system cannot do this
                continue
            except Exception as error:
                yield f"{task}: {type(error).__name__}: {error} ({place_of(error)})"


CHECKS = tuple(
    Check(f"Every command works on a model trained on {what}, or refuses in words", partial(works, spec=spec))
    for what, spec in (("pictures", GRAY), ("vectors", SPECS["vectors with classes"]))
)
