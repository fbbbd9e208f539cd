"""Article S3, corrected: an autoencoder as data augmentation for a GAN, in dense layers. Writes runs/examples/s3.png.

    x ─► E ─► code ─► changed at random ─► Dec ─► another example, mixed with the real ones

Corrected: the code is changed (printed, it is only decoded again); the decoder has as many outputs as a picture has
pixels; critic and generator are trained. A tenth of the digits, where augmentation should matter most: the plain GAN,
then the article's policy with each of the three changes, then the policy that treats real and generated digits alike.
See docs/articles.md. Rows: training digits, what becomes of them by noise, interpolation and extrapolation; new digits.
"""

from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.parts import Critic, Networks, Perturbation
from amalgan.config.systems import AugmentedConfig, GanConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.files import write_bytes
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import grid, open_data, png_bytes, to_pixels
from amalgan.metrics.distribution import frechet_distance, moments
from amalgan.systems import model_file
from amalgan.systems.augmented import Augmented
from amalgan.systems.base import System
from amalgan.training.run import execute

DENSE = Networks(dense=True, hidden=256, layers=1)
CRITIC = Critic(loss="nonsaturating", network=DENSE)
FEW = DataConfig(keep=0.1)
REALS = AugmentedConfig(code_size=16, critic=CRITIC, network=DENSE)
SYSTEMS = {
    "no autoencoder": GanConfig(critic=CRITIC, network=DENSE),
    "reals, noise": REALS,
    "reals, interpolate": replace(REALS, perturbation=Perturbation(kind="interpolate", strength=1.0)),
    "reals, extrapolate": replace(REALS, perturbation=Perturbation(kind="extrapolate", strength=0.5)),
    "both, noise": replace(REALS, policy="both"),
}


def train(name: str, out: Path, images: int) -> System:
    """One system to its end."""
    settings = SYSTEMS[name]
    system = "gan" if isinstance(settings, GanConfig) else "augmented"
    folder = out / f"s3-{name.replace(', ', '-').replace(' ', '-')}"
    order = TrainOptions(
        data="digits",
        system=system,
        settings=settings,
        out=folder,
        images=images,
        overwrite=True,
        reading=FEW,
    )
    return model_file.load(execute(order, Console(quiet=True)).model).system


def main(images: int = 40_000, out: Path = Path("runs/examples")) -> dict[str, float]:
    """Train them all; return what is printed: Fréchet distance in pixels to all digits that were not trained on."""
    data = open_data("digits", FEW)
    few, x = (records.take(slice(None)) for records in (data.train, data.test))
    draws, anything = Draws(seed=0, round=0, total=len(x)), torch.full((len(x),), UNLABELED)
    measured, rows = {"training digits": apart(few, x)}, [few[:16]]
    for name in SYSTEMS:
        system = train(name, out, images)
        with torch.no_grad():
            new = system.generate(anything, draws).clamp(-1, 1)
            if isinstance(system, Augmented) and name.startswith("reals"):
                label = torch.from_numpy(data.train.labels[:16])
                now = Draws(seed=0, round=0, total=16)
                rows.append(system.made_anew(few[:16], label, now, "shown"))
        measured[name] = apart(new, x)
    sheet = grid(to_pixels(torch.cat([*rows, new[:16]]), data.spec), columns=16, scale=4)
    write_bytes(out / "s3.png", png_bytes(sheet))
    return measured


def apart(new: torch.Tensor, real: torch.Tensor) -> float:
    """Fréchet distance in pixels."""
    return frechet_distance(moments([new.flatten(1)]), moments([real.flatten(1)]))


if __name__ == "__main__":
    for name, distance in main().items():
        print(f"{name:20s}   Fréchet {distance:6.2f}")
