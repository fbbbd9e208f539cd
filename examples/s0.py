"""Article S0, corrected: an autoencoder and a GAN of dense layers, fused.

    python examples/s0.py        under a minute on one core -> runs/examples/s0.png

    z = E(x);  x' = Dec(z);  x'' = G(z joined with noise);  L = L_GAN + L_rec(x, x') + L_rec(x, x'')

Corrected: the losses have the signs of Goodfellow et al. 2014 (the printed critic calls fakes real); the critic is
part of the generator's loss, which is not compared with ones as if they were pictures; z is joined with noise, not
with a picture; pictures are flattened, so dense layers see them whole. See docs/articles.md. Rows of the picture:
test digits, x', x'', and x'' of new codes.
"""

from __future__ import annotations

from pathlib import Path

import torch

from amalgan.config.parts import Critic, Networks, Prior
from amalgan.config.run import RunConfig
from amalgan.config.systems import FusionConfig
from amalgan.data import grid, open_data, png_bytes, to_pixels
from amalgan.files import write_bytes
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.streams import Draws, seeded
from amalgan.systems.fusion import Fusion
from amalgan.train import loop
from amalgan.train.processes import Processes
from amalgan.train.state import TrainState
from amalgan.types import UNLABELED

DENSE = Networks(dense=True, hidden=256, layers=1)
STEPS = {0.4: "1 autoencoder", 0.7: "2 + 3 GAN on its codes", 1.0: "4 all together"}
"""The share of training at which each of the article's steps ends."""
SHOWN = 16


def main(images: int = 150_000, out: Path = Path("runs/examples")) -> dict[str, dict[str, float]]:
    """Carry out the steps of the article; return what is printed after each."""
    data = open_data("digits")
    settings = FusionConfig(
        code_size=16,
        start="nothing",  # the article's generator paints the whole picture
        stages=(0.4, 0.7),
        critic=Critic(loss="minimax", network=DENSE),
        network=DENSE,
        prior=Prior(parts=20),
    )
    run = RunConfig(system="fusion", settings=settings, data=data.name, images=images)
    state = TrainState.fresh(seeded(lambda: Fusion(settings, data.spec), run.seed))
    x = data.test.take(slice(None))
    draws = Draws(seed=0, round=0, total=len(x))
    real = Moments.of(data.train.take(slice(None)).flatten(1))
    ends = {loop.round_at(run, share): step for share, step in STEPS.items()}
    reached: dict[str, dict[str, float]] = {}

    @torch.no_grad()
    def measure(state: TrainState, report: loop.Report) -> None:
        if state.round not in ends:
            return
        loop.settle(state.average, run, data, Processes())
        fused, anything = state.average, torch.full((len(x),), UNLABELED)
        code = fused.encode(x)
        rows = [x, fused.decode(code), fused.realize(code, draws), fused.generate(anything, draws)]
        x, faithful, realistic, new  = rows
        reached[ends[state.round]] = {
            "x' dB": pooled_psnr(faithful.clamp(-1,1), x, 2.0),
        }
