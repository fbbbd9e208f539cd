"""Article S2, corrected: dense layers that compress, restore and generate. Writes runs/examples/s2.png.

The article's net is 784 - 64 - 784; the built-in digits have 64 pixels, so here 64 - 16 - 64, with a hidden
layer on either side (without one, the codes could say no more than principal components). Added is what the
article promises without a step for it: damaged pictures to learn restoring from, a distribution of codes to
generate from, and labels, for some pictures or for all. See docs/articles.md. Rows: test digits,
rebuilt; noisy, restored; new.
"""

from pathlib import Path

import torch
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.parts import Networks
from amalgan.config.systems import AutoencoderConfig, SupervisedConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.files import write_bytes
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import add_noise, grid, open_data, png_bytes, to_pixels
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import frechet_distance, moments
from amalgan.systems import model_file
from amalgan.systems.autoencoder import Autoencoder
from amalgan.systems.supervised import Supervised
from amalgan.training.run import execute

CODE_SIZE = 16
NOISE = 0.5  # its deviation, a quarter of the way from black to white


def train(out: Path, images: int, denoise: float) -> Autoencoder:
    """An autoencoder of dense layers; with ``denoise`` it learns from noisy pictures to their clean ones."""
    dense = Networks(dense=True, hidden=256, layers=1)
    settings = AutoencoderConfig(code_size=CODE_SIZE, denoise=denoise, network=dense)
    order = TrainOptions(
        data="digits", system="autoencoder", settings=settings, out=out, images=images, overwrite=True
    )
    return model_file.load(execute(order, Console(quiet=True)).model).require(Autoencoder)


def taught(out: Path, images: int, labels: int | None) -> Supervised:
    """The same net with a class head on the code, and so many labels; None leaves them all."""
    dense = Networks(dense=True, hidden=256, layers=1)
    order = TrainOptions(
        data="digits",
        system="supervised",
        settings=SupervisedConfig(code_size=CODE_SIZE, network=dense),
        out=out,
        images=images,
        reading=DataConfig(labeled=labels),
        overwrite=True,
    )
    return model_file.load(execute(order, Console(quiet=True)).model).require(Supervised)


def main(images: int = 100_000, out: Path = Path("runs/examples")) -> dict[str, float]:
    """Carry out the article's steps; return what is printed."""
    data = open_data("digits")
    x, seen = (records.take(slice(None)) for records in (data.test, data.train))
    draws = Draws(seed=0, round=0, total=len(x))

    # 1 to 4: encode, decode, descend the squared difference, until the images are used up.
    plain = train(out / "s2", images, denoise=0.0)
    rebuilt = plain.decode(plain.encode(x)).clamp(-1, 1)

    # Restore. The article expects it of a net that never saw a damaged picture.
    noisy = add_noise(x, NOISE, draws)
    hoped = plain.decode(plain.encode(noisy)).clamp(-1, 1)
    denoiser = train(out / "s2-denoiser", images, denoise=NOISE)
    restored = denoiser.decode(denoiser.encode(noisy)).clamp(-1, 1)

    # Generate: decode codes drawn from Gaussians that were fitted to the codes of the training digits.
    new = plain.generate(torch.full((len(x),), UNLABELED), draws).clamp(-1, 1)

    # With labels, of some pictures and of all: how often the head tells the class of a test digit.
    truth = torch.from_numpy(data.test.labels)
    told = {labels: taught(out / f"s2-{labels}", images, labels).classify(x) for labels in (50, None)}
    right = {labels: float((logits.argmax(1) == truth).double().mean()) for labels, logits in told.items()}

    rows = torch.cat([part[:16] for part in (x, rebuilt, noisy, restored, new)])
    write_bytes(out / "s2.png", png_bytes(grid(to_pixels(rows, data.spec), columns=16, scale=4)))
    return {
        "pixels for one number of the code": data.spec.size / CODE_SIZE,
        "PSNR dB: the mean picture": pooled_psnr(seen.mean(0).expand_as(x), x, 2.0),
        "PSNR dB: rebuilt": pooled_psnr(rebuilt, x, 2.0),
        "PSNR dB: noisy": pooled_psnr(noisy.clamp(-1, 1), x, 2.0),
        "PSNR dB: restored without having learned it": pooled_psnr(hoped, x, 2.0),
        "PSNR dB: restored": pooled_psnr(restored, x, 2.0),
        "Fréchet in pixels: test digits": frechet_distance(
            moments([x.flatten(1)]), moments([seen.flatten(1)])
        ),
        "Fréchet in pixels: new": frechet_distance(moments([new.flatten(1)]), moments([seen.flatten(1)])),
        "accuracy: 50 labels": right[50],
        "accuracy: all labels": right[None],
    }


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:44s} {value:6.2f}")
