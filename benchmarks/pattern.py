"""What the penalty on a pattern does: the generator of a finished fusion, trained anew with and without it.

    python benchmarks/pattern.py runs/flowers flowers/ [--rounds 120] [--weights 0 1000]

    model ─► encoder, decoder, prior, held still ─► generator and critic from the start, so many rounds of 64 ─► x''
                                                     └─► pattern, PSNR, Frechet distance, outer distance

``pattern`` is the energy of the detail that all cells of 4x4 pixels share, as a share of all detail: a weave that lies
on every picture. Kept in results/pattern.json, by folder and weight, beside those of x' and of real pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import writing
from amalgan.config.data import DataConfig
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import Batch, Tick
from amalgan.data import Dataset, Records, batch_at, open_data
from amalgan.features import outside_network
from amalgan.features.judge import features_of
from amalgan.metrics.distortion import psnr
from amalgan.metrics.distribution import Moments, frechet_distance, kernel_distance
from amalgan.objectives.lattice import PERIOD, detail_of
from amalgan.systems import model_file
from amalgan.systems.base import only_trainable
from amalgan.systems.fusion import Fusion

RESULTS = Path(__file__).parent / "results" / "pattern.json"
BATCH, SHOWN, KNOWN = 64, 400, 2_000
FOLLOW = 0.02
"""Share by which the average of the generator's weights follows them each round."""
LATE = 0.95
"""The progress at which a round is said to be: codes come from the prior too."""


class Judge:
    """What pictures are measured by."""

    def __init__(self, data: Dataset) -> None:
        self.held_out = some(data.test, SHOWN)
        known = some(data.train, KNOWN)
        self.features = features_of(data)
        self.real = Moments.of(self.features(known))
        self.outer = None
        if outside_network.applies(data.spec):
            self.outer = outside_network.imagenet_features([known])

    def far(self, x: Tensor) -> dict[str, float]:
        """Return the distances of pictures from real ones."""
        found = {"frechet_distance": frechet_distance(Moments.of(self.features(x)), self.real)}
        if self.outer is not None:
            found["outer_distance"] = 1_000 * kernel_distance(
                outside_network.imagenet_features([x]), self.outer
            )
        return found

    def line(self, rebuilt: Tensor, new: Tensor) -> dict[str, Any]:
        """Return all that is said of a decoder."""
        again = {"psnr": psnr(rebuilt, self.held_out, 2.0).mean().item(), **self.far(rebuilt)}
        return {"pattern": pattern(rebuilt), "rebuilt": again, "new": self.far(new)}


def some(records: Records, most: int) -> Tensor:
    """Return at most so many examples, evenly over all."""
    return records.take(records.spaced(most))


def pattern(x: Tensor) -> float:
    """Return the energy of what all cells share of the detail of pictures, as a share of all of it."""
    detail = detail_of(x)[:, :, PERIOD:-PERIOD, PERIOD:-PERIOD]
    down, across = (side // PERIOD * PERIOD for side in detail.shape[2:])
    detail = detail[:, :, :down, :across]
    cells = detail.unflatten(3, (-1, PERIOD)).unflatten(2, (-1, PERIOD))
    return float(cells.mean((2, 4)).square().mean() / detail.square().mean())


def trained(system: Fusion, data: Dataset, rounds: int) -> Fusion:
    """Train generator and critic; return the system with the average of the generator's weights."""
    phases = {phase.name: phase for phase in system.phases() if phase.name in ("generator", "critic")}
    adam = {
        name: torch.optim.Adam(getattr(system, name).parameters(), betas=phase.optimizer.betas)
        for name, phase in phases.items()
    }
    average = torch.optim.swa_utils.AveragedModel(
        system.generator, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(1 - FOLLOW)
    )
    for number in range(rounds):
        batch = batch_at(data.train, seed=0, round=number, batch=BATCH)
        draws = Draws(seed=0, round=number, total=BATCH, device="cpu")
        tick = Tick(round=number * system.config.every, progress=LATE, draws=draws, kept={})
        for name, phase in phases.items():
            rate = phase.optimizer
            rise, fall = (number + 1) / max(1, rate.warmup_rounds), 1 - (1 - rate.final) * number / rounds
            adam[name].param_groups[0]["lr"] = rate.rate * min(1, rise) * fall
            with only_trainable(system, phase):
                step(phase.loss, batch, tick, adam[name])
        average.update_parameters(system.generator)
    system.generator.load_state_dict(average.module.state_dict())
    return system


def step(loss: Any, batch: Batch, tick: Tick, adam: torch.optim.Adam) -> None:
    """Take one step."""
    adam.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        terms = loss(batch, tick).terms
    sum(terms.values()).backward()
    adam.step()


@torch.no_grad()
def decodes(system: Fusion, x: Tensor, *, realistic: bool) -> tuple[Tensor, Tensor]:
    """Return reconstructions of ``x``, and as many new pictures."""
    label = torch.arange(len(x)) % max(1, len(system.spec.classes))
    codes = system.encode(x), system.sample_code(label, Draws(seed=1, round=0, total=len(x), device="cpu"))

    def chunks(code: Tensor) -> Iterator[Tensor]:
        for number, part in enumerate(code.split(100)):
            draws = Draws(seed=2, round=number, total=len(part), device="cpu")
            yield (system.realize(part, draws) if realistic else system.decode(part)).clamp(-1, 1)

    rebuilt, new = (torch.cat([*chunks(code)]) for code in codes)
    return rebuilt, new


def begun(model: model_file.Model, weight: float) -> Fusion:
    """Return the model's system with a generator and a critic that have learned nothing."""
    config = replace(model.system.config, lattice=weight, encoder="frozen")
    system = build_seeded(lambda: Fusion(config, model.spec), 0)
    kept = model.system.state_dict()
    begun_anew = ("generator.", "critic.")
    system.load_state_dict(
        {
            name: value if name.startswith(begun_anew) else kept[name]
            for name, value in system.state_dict().items()
        }
    )
    return system


def main() -> None:
    """Train, measure, and print a line a weight."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("--keep", type=float, help="as that of amalgan train")
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--weights", type=float, nargs="+", default=[0.0, 1000.0])
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = model_file.load(asked.model)
    data = open_data(asked.data, DataConfig(keep=asked.keep), like=model.spec)
    judge, kept = Judge(data), json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    x = judge.held_out
    own = kept.setdefault(f"{data.name} {model.spec.shape[1]}x{model.spec.shape[2]}", {})
    own |= {
        "rounds": asked.rounds,
        "real": {"pattern": pattern(x), **judge.far(x)},
        "x'": judge.line(*decodes(model.system, x, realistic=False)),
    }
    print(json.dumps(own))
    for weight in asked.weights:
        started_at = time.process_time()
        system = trained(begun(model, weight), data, asked.rounds)
        spent = time.process_time() - started_at
        own[f"x'' {weight:g}"] = judge.line(*decodes(system.eval(), x, realistic=True)) | {
            "cpu_seconds": spent
        }
        writing.write_json(RESULTS, kept)
        print(f"weight {weight:g}: {json.dumps(own[f'''x'' {weight:g}'''])}", flush=True)


if __name__ == "__main__":
    main()
