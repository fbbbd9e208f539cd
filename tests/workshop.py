"""A folder in which small runs are ordered, stopped and resumed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.core import tensor_file
from amalgan.core.errors import Interrupted
from amalgan.training import loop, state
from amalgan.training.run import Result, TrainOptions, execute
from amalgan.training.state import TrainState
from support import small

BATCH = 8
ROUNDS = 20

Strike = Callable[[TrainState, loop.Report], None]


@dataclass(frozen=True)
class Workshop:
    """A folder with data, in which runs are ordered."""

    folder: Path
    patch: pytest.MonkeyPatch
    console: Console

    @classmethod
    def furnished(cls, folder: Path, patch: pytest.MonkeyPatch) -> Workshop:
        """One with 64 smooth pictures of 8x8 in three classes, a few without a label."""
        generator = torch.Generator().manual_seed(0)
        coarse = torch.rand(64, 1, 3, 3, generator=generator)
        x = torch.nn.functional.interpolate(coarse, (8, 8), mode="bilinear", align_corners=True)[:, 0]
        y = np.arange(64) % 3
        y[:5] = -1
        np.savez(folder / "data.npz", x=(255 * x).byte().numpy(), y=y)
        return cls(folder, patch, Console(stderr=True, width=200))

    def order(self, system: str = "autoencoder", out: str = "run", **changes: Any) -> TrainOptions:
        """Twenty rounds of a small system; the state stays, to be looked at."""
        plain = TrainOptions(
            data=str(self.folder / "data.npz"),
            system=system,
            settings=changes.pop("settings", None) or small(system),
            out=self.folder / out,
            images=ROUNDS * BATCH,
            batch=BATCH,
            validate_every=4 * BATCH,
            device="cpu",
            keep_state=True,
            reading=DataConfig(cache=str(self.folder / "cache")),
        )
        return replace(plain, **changes)

    def run(self, order: TrainOptions, **named: Any) -> Result:
        """Carry out an order."""
        return execute(order, self.console, **named)

    def strike(self, act: Strike) -> None:
        """Let ``act`` meddle right after each round, before anything that guards or saves has looked."""
        whole = loop.take_round

        def take_round(*args: Any, **named: Any) -> loop.Report:
            report = whole(*args, **named)
            act(args[2], report)
            return report

        self.patch.setattr(loop, "take_round", take_round)

    def stop_at(
        self, order: TrainOptions, *rounds: int, number: int = signal.SIGTERM, **named: Any
    ) -> Interrupted:
        """Run ``order`` and send a real signal in each of ``rounds``."""
        with self.patch.context() as patch:
            whole = loop.take_round

            def take_round(*args: Any, **options: Any) -> loop.Report:
                report = whole(*args, **options)
                if args[2].round in rounds and (order.out / "state.safetensors").exists():
                    os.kill(os.getpid(), number)
                return report

            patch.setattr(loop, "take_round", take_round)
            with pytest.raises(Interrupted) as caught:
                self.run(order, **named)
        return caught.value


def tensors_in(out: Path) -> dict[str, torch.Tensor]:
    """Everything in the state that a run saved last."""
    return state.read(out / "state.safetensors")[0]


def rewrite(file: Path, change: Callable[[dict[str, torch.Tensor], dict[str, Any]], None]) -> None:
    """Change a saved state as only a mistake in the code could: its digest is right."""
    tensors, header = tensor_file.read(file, expected="a training state")
    change(tensors, header)
    tensor_file.write(file, tensors, header)
