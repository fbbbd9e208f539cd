"""The caller's world stays as it was: generators, threads, folder, environment, signals, streams, umask, warnings.

the world before ─► every method of the Python door ─► the world after ─► equal, part by part

The first call imports torch, scikit-learn and others, which add to the environment and to the filters of warnings by
themselves. So these two are compared from the second call on.
"""

from __future__ import annotations

import locale
import logging
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import amalgan as ag
from stress.figure import Figure

IMAGES = 640
OF_IMPORTS = ("the environment", "filters of warnings")


def figure(share: float, scratch: Path) -> Figure:
    """Every method, and every part of the world."""
    broken, calls = list[str](), 0
    parts: dict[str, Any] = {}
    for name, call in calls_of(scratch):
        before = world()
        call()
        after = world()
        calls += 1
        parts = before
        changed = [part for part in before if before[part] != after[part]]
        broken += [f"{name} changed {part}" for part in changed if calls > 1 or part not in OF_IMPORTS]
    return Figure(
        asked="nothing of the caller's process is changed",
        reached=f"{len(broken)} changes of {len(parts)} parts over {calls} calls",
        broken=broken,
    )


def world() -> dict[str, Any]:
    """Parts of this process that belong to whoever calls."""
    return {
        "Python's generator": random.getstate(),
        "NumPy's generator": numpy_state(),
        "torch's generator": torch.random.get_rng_state().tolist(),
        "torch's threads": torch.get_num_threads(),
        "torch's default type": torch.get_default_dtype(),
        "whether gradients are recorded": torch.is_grad_enabled(),
        "whether torch is deterministic": torch.are_deterministic_algorithms_enabled(),
        "NumPy's treatment of errors": np.geterr(),
        "the working folder": Path.cwd(),
        "the environment": dict(os.environ),
        "the path of imports": list(sys.path),
        "handlers of signals": [
            str(signal.getsignal(one))
            for one in signal.valid_signals()
            if one not in (signal.SIGKILL, signal.SIGSTOP)
        ],
        "streams": [id(sys.stdout), id(sys.stderr), id(sys.stdin)],
        "file descriptors 0 to 2": [os.fstat(number).st_ino for number in range(3)],
        "the mask of new files": mask(),
        "filters of warnings": len(warnings.filters),
        "handlers of the root logger": [*map(id, logging.getLogger().handlers)],
        "the language": locale.setlocale(locale.LC_ALL),
        "threads": len([one for one in threading.enumerate() if not one.daemon]),
    }


def numpy_state() -> tuple[Any, ...]:
    """The state of NumPy's global generator, all numbers of it."""
    name, keys, *rest = np.random.get_state()
    return (name, keys.tobytes(), *rest)


def draw_of_all(event: ag.Event) -> None:
    """Draw from every global generator, as code of others may that training calls."""
    random.random()
    np.random.random()
    torch.rand(1)


def mask() -> int:
    """The mask of new files, which can only be read by setting it."""
    found = os.umask(0o022)
    os.umask(found)
    return found


def calls_of(scratch: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """A name, and what calls one method of the Python door."""
    values = np.random.default_rng(0).integers(0, 256, (96, 12, 12), dtype=np.uint8)
    labels = np.arange(96) % 3
    made: dict[str, Any] = {}

    def train() -> None:
        made["model"] = ag.train(
            "fusion",
            values,
            labels,
            images=IMAGES,
            batch=16,
            out=scratch / "run",
            overwrite=True,
            quiet=True,
            callbacks=draw_of_all,
        )

    yield "train", train
    yield "train again", train
    yield "load", lambda: ag.load(scratch / "run")
    model = made["model"]
    for name, words in {
        "generate": (4,),
        "reconstruct": (values[:4],),
        "encode": (values[:4],),
        "walk": (),
        "evaluate": (values,),
        "explore": (values, scratch / "explored"),
        "report": (values, scratch / "page"),
        "export": (scratch / "onnx",),
    }.items():
        yield name, partial(getattr(model, name), *words)
    yield "detect", partial(model.detect, values[:8], normals=values[8:40])
