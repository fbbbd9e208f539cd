"""Article S1, corrected: a GAN of dense layers that an autoencoder holds. Writes runs/examples/s1.png.

    L = L_adv + λ ‖G(n) − AE(G(n))‖²

Corrected: the autoencoder is trained, on real digits, first alone and then throughout; the critic sees real digits
and has a step of its own; what is reconstructed is what the generator made. Beside the article's term the two that
the literature found, and a plain GAN with the same nets. See docs/articles.md. Rows: test digits, rebuilt; new ones
of each.
"""

from pathlib import Path

import torch
from rich.console import Console

from amalgan.config.parts import Critic, Networks
from amalgan.config.systems import GanConfig, RegularizedConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.files import write_bytes
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import grid, open_data, png_bytes, to_pixels
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import frechet_distance, moments
from amalgan.systems import model_file
from amalgan.systems.base import System
from amalgan.training.run import execute

DENSE = Networks(dense=True, hidden=256, layers=1)
CRITIC = Critic(
    loss="nonsaturating", network=DENSE
)  # the article's cross-entropy, with a sign for each player
PLAIN = GanConfig(critic=CRITIC, network=DENSE)
HELD = RegularizedConfig(code_size=16, critic=CRITIC, network=DENSE, reader_network=DENSE)
SYSTEMS = {
    "no autoencoder": PLAIN,
    "fakes (the article)": HELD,
    "reals": RegularizedConfig(
        code_size=16, critic=CRITIC, network=DENSE, reader_network=DENSE, hold="reals"
    ),
    "noise": RegularizedConfig(code_size=16, critic=CRITIC, network=DENSE, hold="noise"),
}


def train(name: str, out: Path, images: int) -> System:
    """One system to its end."""
    settings = SYSTEMS[name]
    system = "gan" if settings is PLAIN else "regularized"
    folder = out / f"s1-{name.split()[0]}"
    order = TrainOptions(
        data="digits", system=system, settings=settings, out=folder, images=images, overwrite=True
    )
    return model_file.load(execute(order, Console(quiet=True)).model).system


def main(images: int = 60_000, out: Path = Path("runs/examples")) -> dict[str, dict[str, float]]:
    """Train them all; return what is printed: Fréchet distance in pixels of as many new digits as test digits."""
    data = open_data("digits")
    x, seen = (records.take(slice(None)) for records in (data.test, data.train))
    draws, anything = Draws(seed=0, round=0, total=len(x)), torch.full((len(x),), UNLABELED)
    measured, rows = {"test digits": {"Fréchet": apart(x, seen)}}, [x]
    for name in SYSTEMS:
        system = train(name, out, images)
        with torch.no_grad():
            new = system.generate(anything, draws).clamp(-1, 1)
            measured[name] = {"Fréchet": apart(new, seen)}
            if hasattr(system, "decode"):
                rebuilt = system.decode(system.encode(x)).clamp(-1, 1)
                rows[1:] = rows[1:] if len(rows) > 2 else [rebuilt, *rows[1:]]
                measured[name]["PSNR dB: rebuilt"] = pooled_psnr(rebuilt, x, 2.0)
        rows.append(new)
    sheet = grid(to_pixels(torch.cat([row[:16] for row in rows]), data.spec), columns=16, scale=4)
    write_bytes(out / "s1.png", png_bytes(sheet))
    return measured


def apart(new: torch.Tensor, seen: torch.Tensor) -> float:
    """Fréchet distance in pixels."""
    return frechet_distance(moments([new.flatten(1)]), moments([seen.flatten(1)]))


if __name__ == "__main__":
    for name, numbers in main().items():
        print(f"{name:20s}", *(f"{key} {value:6.2f}" for key, value in numbers.items()), sep="   ")
