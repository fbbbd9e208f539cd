"""Runs with --minutes compute on one thread where more are slower, and leave torch as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from amalgan.training import loop
from amalgan.training.threads import faster, use_threads
from workshop import Workshop


@pytest.fixture
def two() -> Iterator[None]:
    """Torch computes on two threads."""
    with use_threads(2):
        yield


@pytest.mark.parametrize(("factor", "expected"), [(0.6, 2), (1.5, 1)])
def test_the_faster_number_is_taken(two: None, factor: float, expected: int) -> None:
    now = [0.0]

    def act() -> None:
        now[0] += factor if torch.get_num_threads() == 2 else 1.0

    assert faster(act, lambda: now[0]) == expected
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize(("factor", "expected"), [(0.6, 2), (1.5, 1)])
def test_a_run_computes_on_it_also_when_it_goes_on(
    two: None, factor: float, expected: int, workshop: Workshop
) -> None:
    now, used = [0.0], []
    whole = loop.take_round

    def take_round(*args: Any, **named: Any) -> loop.Report:
        now[0] += 0.2 * (factor if torch.get_num_threads() == 2 else 1.0)
        used.append(torch.get_num_threads())
        return whole(*args, **named)

    workshop.patch.setattr(loop, "take_round", take_round)
    order = workshop.order(images=None, minutes=0.3)
    workshop.stop_at(order, 20, clock=lambda: now[0])
    assert used[-1] == expected and torch.get_num_threads() == 2
    used.clear()
    workshop.run(replace(order, resume=True), clock=lambda: now[0])
    assert set(used) == {expected} and torch.get_num_threads() == 2


def test_a_number_of_images_leaves_the_threads_to_torch(two: None, workshop: Workshop) -> None:
    used: list[int] = []
    workshop.strike(lambda state, report: used.append(torch.get_num_threads()))
    workshop.run(workshop.order())
    assert set(used) == {2}
