"""How often a state is saved follows what a save costs; a save takes no memory of its own."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
import torch

from amalgan.core import tensor_file
from amalgan.training import hooks
from amalgan.training.hooks import Save, Signals
from amalgan.training.processes import Processes


def saved_times(seconds: float, size: int, *, rounds: int, each: float = 1.0) -> list[float]:
    """When a run of so many rounds saves, where a save takes so many seconds and bytes."""
    now, found = [0.0], list[float]()

    def write(state: Any) -> None:
        found.append(now[0])
        now[0] += seconds

    alone = Processes(rank=0, world=1, device="cpu")
    save = Save(write, Signals(), alone, lambda: size, lambda: now[0])
    for _ in range(rounds):
        now[0] += each
        save(cast(Any, None), {})
    return found


@pytest.mark.parametrize(
    ("seconds", "size", "interval"),
    [
        (0.01, 2_000_000, 12.0),  # a cheap one: as before
        (1.0, 2_000_000, 50.0),  # a slow disk: a fiftieth of the time
        (0.5, 333_000_000, 333e6 * 86_400 / 250e9),  # a large one: 250 GB a day
        (10.0, 333_000_000, 500.0),
    ],
)
def test_the_interval_follows_the_cost(seconds: float, size: int, interval: float) -> None:
    found = saved_times(seconds, size, rounds=4000)
    apart = {later - earlier - seconds for earlier, later in pairwise(found)}
    assert all(interval < gap <= interval + 1.01 for gap in apart)
    days = (found[-1] + seconds) / 86_400
    assert len(found) * size <= hooks.MOST_BYTES_A_DAY * days + 2 * size
    assert len(found) * seconds <= hooks.SAVE_SHARE * days * 86_400 + 2 * seconds or interval == 12.0


def test_a_signal_saves_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from amalgan.core.errors import Interrupted

    found = list[int]()
    save = Save(lambda state: found.append(1), Signals(number=15), Processes(rank=0, world=1, device="cpu"))

    class State:
        images = 64

    with pytest.raises(Interrupted):
        save(cast(Any, State()), {})
    assert found == [1]


def test_a_save_takes_no_memory_of_its_own(tmp_path: Path) -> None:
    tensors = {f"part{number}": torch.ones(1_000_000) for number in range(20)}
    tracemalloc.start()
    tensor_file.write(tmp_path / "x.safetensors", tensors, {"what": "x"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000, "of 80 MB"
    again, _ = tensor_file.read(tmp_path / "x.safetensors", expected="a file")
    assert again.keys() == tensors.keys() and all(torch.equal(again[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(
    "dtype",
    [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool],
)
def test_what_is_streamed_is_a_safetensors_file(dtype: torch.dtype, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tensors = {
        "b.turned": torch.arange(12).reshape(3, 4).T.to(dtype),
        "a": torch.ones(3).to(dtype),
        "scalar": torch.tensor(1).to(dtype),
        "empty": torch.zeros(0, 4).to(dtype),
        "other": torch.ones(2, 2),
    }
    tensor_file.write(tmp_path / "x.safetensors", tensors, {"what": "x"})
    whole = tensor_file.read(tmp_path / "x.safetensors", expected="a file")[0]
    for found in (load_file(tmp_path / "x.safetensors"), whole):
        for name, tensor in tensors.items():
            assert torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype
