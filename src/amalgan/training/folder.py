"""The folder of a run: whose it is, what an earlier run left there, and the weights of another that it begins with."""

from __future__ import annotations

import shutil
from pathlib import Path

from amalgan import modelfile
from amalgan.errors import UsageError
from amalgan.systems.base import System
from amalgan.training.order import Order
from amalgan.training.processes import Processes
from amalgan.training.state import STATE, previous_of


def refuse_taken(order: Order, peers: Processes) -> None:
    """Refuse to write over another run; all processes decide before the first one writes."""
    taken = peers.any((order.out / "run.json").exists())
    if taken and not order.resume and not order.overwrite:
        raise UsageError(
            f"{order.out} holds a run already. Go on with it by --resume, replace it by --overwrite, "
            "or choose another --out."
        )


def clear(out: Path) -> None:
    """Remove what an earlier run left in ``out``, lest it be taken for this one's."""
    for name in (STATE, previous_of(Path(STATE)).name, "log.jsonl", "model.safetensors"):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "samples", ignore_errors=True)


def initialize(system: System, source: Path) -> None:
    """Start from the weights of a model file.

    Raises:
        UsageError: the model's weights do not fit; names the first that differs.
    """
    weights = modelfile.load(source).system.state_dict()
    mine = system.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        if name not in mine or name not in weights or mine[name].shape != weights[name].shape:
            raise UsageError(
                f"--init {source}: {name} differs from this run's. Use the same system, sizes and data shape."
            )
    system.load_state_dict(weights)
