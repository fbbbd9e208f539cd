"""A run that goes on elsewhere stays the same run, or says that it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from amalgan.core.errors import StateError
from amalgan.training.surroundings import surroundings, threads_of
from workshop import BATCH, ROUNDS, Workshop, rewrite


def altered(workshop: Workshop, order: Any, **changes: Any) -> None:
    """Make the saved state one that was computed on something else."""
    file = order.out / "state.safetensors"
    rewrite(file, lambda tensors, header: header["surroundings"].update(changes))


def test_a_state_says_what_it_was_computed_on(workshop: Workshop) -> None:
    from amalgan.training import state

    order = workshop.order()
    workshop.stop_at(order, 3)
    found = state.read(order.out / "state.safetensors")[1]["surroundings"]
    assert found == surroundings("cpu") and found["threads"] == torch.get_num_threads()
    assert found["torch"] == torch.__version__ and found["device"].startswith("cpu ")


@pytest.mark.parametrize("kept", [1, 2])
def test_a_run_goes_on_with_the_threads_it_was_begun_with(
    kept: int, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = workshop.order()
    workshop.stop_at(order, ROUNDS - 1)
    altered(workshop, order, threads=kept)
    before, used = torch.get_num_threads(), list[int]()
    capsys.readouterr()
    workshop.strike(lambda state, report: used.append(torch.get_num_threads()))
    workshop.run(replace(order, resume=True))
    assert set(used) == {kept} and torch.get_num_threads() == before
    assert (f"computed on {kept} threads" in capsys.readouterr().err) == (kept != before)


@pytest.mark.parametrize("kept", [0, -1, True, "two", None, 10**9])
def test_a_number_of_threads_that_is_none_is_not_taken(kept: Any) -> None:
    now = {"threads": 1, "device": "cpu", "torch": "2"}
    assert threads_of(now | {"threads": kept}, now, lambda text: None) == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"torch": "1.0"}, "torch: 1.0, now"),
        ({"device": "cuda NVIDIA H200"}, "device: cuda NVIDIA H200, now cpu"),
        ({"device": None}, "device: None, now cpu"),
    ],
)
def test_another_device_or_torch_is_refused_until_accepted(
    changes: dict[str, Any], named: str, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = workshop.order()
    workshop.stop_at(order, 3)
    altered(workshop, order, **changes)
    with pytest.raises(StateError, match=rf"{named}.*\n.*--accept-changes"):
        workshop.run(replace(order, resume=True))
    result = workshop.run(replace(order, resume=True, accept_changes=True))
    assert result.resumed_at_images == 3 * BATCH
    assert "not that of a run that never stopped" in capsys.readouterr().err


def test_accepted_changes_take_the_threads_of_now(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.stop_at(order, ROUNDS - 1)
    altered(workshop, order, threads=torch.get_num_threads() + 1)
    used: list[int] = []
    workshop.strike(lambda state, report: used.append(torch.get_num_threads()))
    workshop.run(replace(order, resume=True, accept_changes=True))
    assert set(used) == {torch.get_num_threads()}


def test_a_state_of_an_earlier_version_goes_on_and_says_what_it_lacks(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = workshop.order()
    workshop.stop_at(order, 3)
    rewrite(order.out / "state.safetensors", lambda tensors, header: header.pop("surroundings"))
    workshop.run(replace(order, resume=True))
    assert "does not say what it was computed on" in capsys.readouterr().err
