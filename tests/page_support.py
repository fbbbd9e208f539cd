"""What tests of a page in a browser share: its numbers as tensors, the same by Python, and hands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from amalgan.systems.model_file import Model
from amalgan.tasks.export.graphs import Given

NEAR = 1e-4


def floats(numbers: list[float], *shape: int) -> Tensor:
    """What the browser had, as a tensor of rows of that shape."""
    return torch.tensor(numbers, dtype=torch.float32).reshape(-1, *shape)


def given(last: Any) -> Given:
    """The random numbers that the page drew, for the model."""
    drawn = {name: floats(one["data"], *one["dims"][1:]) for name, one in last["given"].items()}
    return Given(seed=0, round=0, total=0, numbers=drawn)


@torch.no_grad()
def decodes(model: Model, code: Tensor, decoder: str, draws: Given) -> Tensor:
    """What Python makes of codes."""
    system: Any = model.system
    made = system.realize(code, draws) if decoder == "realistic" else system.decode(code)
    return made.clamp(-1, 1)


def close(found: list[float], wanted: Tensor) -> None:
    """Assert that the browser has what Python has."""
    np.testing.assert_allclose(np.asarray(found), wanted.flatten().numpy(), atol=NEAR, rtol=0)


def slide(opened: Any, selector: str, value: float) -> None:
    """Move a slider as a hand does."""
    opened.tab.eval_on_selector(
        selector,
        f"one => {{ one.value = {value}; one.dispatchEvent(new Event('input', {{bubbles: true}})); }}",
    )


def download(opened: Any, selector: str, target: Path) -> Path:
    """Save what a button gives."""
    with opened.tab.expect_download() as waited:
        opened.tab.click(selector)
    waited.value.save_as(target)
    return target


def place_of(tab: Any, row: int) -> tuple[float, float]:
    """Return where an example of a map lies in its tab."""
    x, y = tab.evaluate(
        """row => { const { map } = document.getElementById("map"), box = map.getBoundingClientRect();
          return [box.left + map.camera.across(row), box.top + map.camera.down(row)]; }""",
        row,
    )
    return x, y
