"""Where memory ends, a sentence names the size to try, and that size works."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from amalgan.config.run import RunConfig
from amalgan.core.errors import OutOfMemory
from amalgan.core.types import Batch, Step, Tick
from amalgan.systems.base import Phase
from amalgan.training import loop
from amalgan.training.memory import advice
from support import build
from workshop import BATCH, Workshop

TORCH = RuntimeError(
    "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
)


def small_machine(workshop: Workshop, rows: int, error: Exception) -> None:
    """Let every loss of more than ``rows`` examples raise ``error``."""
    whole = loop.descend

    def descend(state: Any, phase: Phase, *rest: Any, **named: Any) -> loop.Report:
        def loss(batch: Batch, tick: Tick) -> Step:
            if len(batch.x) > rows:
                raise error
            return phase.loss(batch, tick)

        return whole(state, replace(phase, loss=loss), *rest, **named)

    workshop.patch.setattr(loop, "descend", descend)


@pytest.mark.parametrize("error", [MemoryError(), TORCH], ids=["Python", "torch"])
def test_the_size_that_is_named_works(error: Exception, workshop: Workshop) -> None:
    small_machine(workshop, BATCH // 2, error)
    order = workshop.order()
    with pytest.raises(OutOfMemory, match=f"with {BATCH} examples at once.*--overwrite and --micro-batch 4"):
        workshop.run(order)
    assert workshop.run(replace(order, overwrite=True, micro_batch=4)).images == order.images


def test_other_errors_stay_what_they_are(workshop: Workshop) -> None:
    small_machine(workshop, 0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        workshop.run(workshop.order())


def test_what_can_be_halved_is_named() -> None:
    run = RunConfig(system="autoencoder", settings=None, data="x", images=64, batch=64)  # type: ignore[arg-type]
    (phase,) = build("autoencoder").phases()
    assert "--micro-batch 16:" in advice(replace(run, micro_batch=32), [phase], 64)
    assert "--batch 32: phase" in advice(run, [replace(phase, whole_batch=True)], 64)
    assert "--network.width" in advice(replace(run, micro_batch=1), [phase], 64)
