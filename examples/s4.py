"""Article S4, corrected: an autoencoder and a GAN of dense layers on the same data. Writes runs/examples/s4.png.

The article trains both on 1,000 vectors of 100 uniform random numbers, in which there is nothing to learn: half as many
numbers keep half of the variance at best. It is measured first; then the two are compared on 100 numbers that
ten would tell (the word ``gaussians``, its classes untold) and on pictures. Corrected: the generator takes noise
alone, generator and critic are one of each with a loss of their own, the critic sees data, outputs are linear.
See docs/articles.md. Rows: test digits, rebuilt, new by the autoencoder's prior, new by the GAN.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console

from amalgan.config.parts import Critic, Networks
from amalgan.config.systems import AutoencoderConfig, GanConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.files import replacing, write_bytes
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, grid, open_data, png_bytes, to_pixels
from amalgan.metrics.distribution import frechet_distance, moments
from amalgan.metrics.modes import Landmarks, modes
from amalgan.systems import model_file
from amalgan.training.run import execute

DENSE = Networks(
    dense=True, hidden=128, layers=2
)  # two hidden layers: with none, codes are principal components
AUTOENCODER = AutoencoderConfig(code_size=10, network=DENSE)
GAN = GanConfig(noise_size=50, network=DENSE, critic=Critic(loss="nonsaturating", network=DENSE))
"""The loss that the article's listing uses, steadied by R1 and R2."""


def untold(word: str, out: Path) -> str:
    """A file with the examples of ``word``, split as they are, without their classes."""
    data = open_data(word)
    pixels = data.records.pixels(slice(None))
    pixels = pixels[:, 0] if pixels.ndim == 4 else pixels
    held_out = np.isin(np.arange(len(pixels)), data.test.index)
    return saved(out / f"s4-{word}.npz", {"x_train": pixels[~held_out], "x_test": pixels[held_out]})


def saved(target: Path, arrays: dict[str, Any]) -> str:
    """Where they were written."""
    with replacing(target) as part, part.open("wb") as file:
        np.savez(file, **arrays)
    return str(target)


def train(system: str, settings: Any, data: str, images: int) -> tuple[Any, float]:
    """A trained system, and its CPU-seconds."""
    out, started = Path(data).with_suffix("") / system, time.process_time()
    order = TrainOptions(data=data, system=system, settings=settings, out=out, images=images, overwrite=True)
    model = model_file.load(execute(order, Console(quiet=True)).model)
    return model.system, time.process_time() - started


def kept(autoencoder: Any, x: torch.Tensor) -> float:
    """R²: the share of the variance that reconstructions keep."""
    error = (autoencoder.decode(autoencoder.encode(x)) - x).square().sum()
    return 1 - float(error / (x - x.mean(0)).square().sum())


def compare(data: Dataset, file: str, images: int) -> tuple[dict[str, float], torch.Tensor]:
    """Both on one data set: what was measured, and the rows (4, N, *shape) test, rebuilt, new, new."""
    x = data.test.take(slice(None))
    mark = Landmarks.of(data.train.take(slice(None)).flatten(1), torch.from_numpy(data.train.labels))
    autoencoder, autoencoder_seconds = train("autoencoder", AUTOENCODER, file, images)
    gan, gan_seconds = train("gan", GAN, file, images)
    anything, draws = torch.full((len(x),), UNLABELED), Draws(seed=0, round=0, total=len(x))
    made = {"autoencoder": autoencoder.generate(anything, draws), "GAN": gan.generate(anything, draws)}
    real = moments([x.flatten(1)])
    found = {"R² of the autoencoder": kept(autoencoder, x)}
    for name, new in made.items():
        found[f"Fréchet distance, {name}"] = frechet_distance(moments([new.flatten(1)]), real)
        found[f"classes of 10, {name}"] = modes(mark.near(new.flatten(1)))
    found |= {"CPU-seconds, autoencoder": autoencoder_seconds, "CPU-seconds, GAN": gan_seconds}
    return found, torch.stack([x, autoencoder.decode(autoencoder.encode(x)), *made.values()])


def noise(out: Path, images: int) -> float:
    """R² of the article's own autoencoder, 100 - 50 - 100, on its own data; on new vectors of it."""
    x = np.random.default_rng(0).uniform(size=(2000, 100)).astype(np.float32)
    file = saved(out / "s4-noise.npz", {"x_train": x[:1000], "x_test": x[1000:]})
    plain = AutoencoderConfig(code_size=50, network=Networks(layers=0))
    return kept(train("autoencoder", plain, file, images)[0], open_data(file).test.take(slice(None)))


def main(images: int = 100_000, out: Path = Path("runs/examples")) -> dict[str, dict[str, float]]:
    """Carry out the article's steps; return what is printed."""
    measured = {"100 random numbers": {"R² of the autoencoder": noise(out, images)}}
    for word, title in (("gaussians", "100 numbers that ten would tell"), ("digits", "pictures, 8x8")):
        data = open_data(word)
        measured[title], rows = compare(data, untold(word, out), images)
    sheet = grid(to_pixels(rows[:, :16].flatten(0, 1).clamp(-1, 1), data.spec), columns=16, scale=4)
    write_bytes(out / "s4.png", png_bytes(sheet))
    return measured


if __name__ == "__main__":
    for data, found in main().items():
        print(data)
        for name, value in found.items():
            print(f"    {name:32s} {value:7.3f}")
