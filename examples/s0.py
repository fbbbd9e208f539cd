"""Article S0, corrected: an autoencoder and a GAN of dense layers, fused. Writes runs/examples/s0.png.

    z = E(x);  x′ = Dec(z);  x″ = G(z joined with noise);  L = L_GAN + L_rec(x, x′) + L_rec(x, x″)

Corrected: the losses have the signs of Goodfellow et al. 2014 (the printed critic calls fakes real); the
critic is in the generator's loss, where the article compares pictures with ones; z is joined with noise, not
with a picture; pictures are flattened, so that dense layers see them whole. See docs/articles.md.
"""

from math import ceil
from pathlib import Path

import torch

from amalgan.config.parts import Critic, Networks
from amalgan.config.run import RunConfig
from amalgan.config.systems import FusionConfig
from amalgan.core.files import write_bytes
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import UNLABELED
from amalgan.data import grid, open_data, png_bytes, to_pixels
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.systems.fusion import Fusion
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

DENSE = Networks(dense=True, hidden=256, layers=1)
SETTINGS = FusionConfig(
    start="nothing",  # G paints the whole picture, as in the article
    closeness=1.0,  # the article's sum has no weights,
    adversarial=1.0,  # and L_GAN(G, D) does not reach the encoder
    critic=Critic(loss="minimax", network=DENSE),  # the article's game, steadied by R1 and R2
    network=DENSE,
    generator_network=DENSE,
    stages=(0.4, 0.7),
    every=1,  # and all play in every round
    listen_every=1,
)
STEPS = {0.4: "1 the autoencoder", 0.7: "2, 3 the GAN, told the code", 1.0: "4 the whole"}
"""The article's steps, by the share of training at which each ends."""


def main(images: int = 150_000, out: Path = Path("runs/examples")) -> dict[str, dict[str, float]]:
    """Train step by step; return what was measured at the end of each."""
    data = open_data("digits")
    run = RunConfig(system="fusion", settings=SETTINGS, data=data.name, images=images)
    state = TrainState.fresh(build_seeded(lambda: Fusion(SETTINGS, data.spec), run.seed))
    ends = {ceil(share * run.rounds): step for share, step in STEPS.items()}
    x, seen = (records.take(slice(None)) for records in (data.test, data.train))
    measured: dict[str, dict[str, float]] = {}

    @torch.no_grad()
    def measure(state: TrainState, report: loop.Report) -> None:
        if state.round in ends:
            loop.settle(state.average, run, data, Processes())
            rows = pictures(state.average, x)
            sheet = grid(to_pixels(rows[:, :16].flatten(0, 1), data.spec), columns=16, scale=4)
            write_bytes(out / "s0.png", png_bytes(sheet))
            losses = {name: value for name, value in report.items() if name.endswith("adversarial")}
            measured[ends[state.round]] = numbers(*rows, seen) | losses

    loop.train(run, data, state, Processes(), [measure])
    return measured


def pictures(fusion: Fusion, x: torch.Tensor) -> torch.Tensor:
    """Test digits, x′, x″, and x″ of new codes, (4, N, C, H, W): the rows of s0.png."""
    draws, anything = Draws(seed=0, round=0, total=len(x)), torch.full((len(x),), UNLABELED)
    decodes = fusion.decode(fusion.encode(x)), fusion.realize(fusion.encode(x), draws)
    return torch.stack([x, *decodes, fusion.generate(anything, draws)]).clamp(-1, 1)


def numbers(*sets: torch.Tensor) -> dict[str, float]:
    """Pooled PSNR of x′ and x″ in dB; Fréchet distance in pixels, as many new digits as test digits (189)."""
    x, faithful, realistic, new, seen = (examples.flatten(1) for examples in sets)
    apart = {name: frechet_distance(Moments.of(a), Moments.of(seen)) for name, a in (("x", x), ("new", new))}
    reached = {"x′ dB": pooled_psnr(faithful, x, 2.0), "x″ dB": pooled_psnr(realistic, x, 2.0)}
    return reached | {f"Fréchet {name}": value for name, value in apart.items()}


if __name__ == "__main__":
    for step, measured in main().items():
        print(f"{step:28s}", *(f"{name} {value:6.3f}" for name, value in measured.items()), sep="   ")
