"""Article S2, corrected: an autoencoder of dense layers that compresses, restores and generates.

    python examples/s2.py        under a minute on one core -> runs/examples/s2.png

The article's net is 784 - 64 - 784; the built-in digits have 64 pixels, so here 64 - 16 - 64, with one hidden layer
on either side (without it the codes could not say more than principal components). What the article leaves out is
added: a corruption for restoring, and a distribution of codes for generating. See docs/articles.md.
"""

from __future__ import annotations

from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor

from amalgan import modelfile
from amalgan.config.parts import Networks, Prior
from amalgan.config.systems import AutoencoderConfig
from amalgan.data import add_noise, grid, open_data, png_bytes, to_pixels
from amalgan.files import write_bytes
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.streams import Draws
from amalgan.systems.autoencoder import Autoencoder
from amalgan.tasks.generate import generate
from amalgan.train.run import Order, execute

CODE_SIZE = 16
NOISE = 0.5
"""Deviation of the noise to be removed, a quarter of the way from black to white."""
SHOWN = 16


def train(out: Path, images: int, denoise: float) -> modelfile.Model:
    """An autoencoder of dense layers; with ``denoise`` it learns from noisy pictures to their clean ones."""
    dense = Networks(dense=True, hidden=256, layers=1)
    settings = AutoencoderConfig(code_size=CODE_SIZE, denoise=denoise, network=dense, prior=Prior(parts=20))
    order = Order(data="digits", system="autoencoder", settings=settings, out=out, images=images, overwrite=True)
    return modelfile.load(execute(order, Console(quiet=True)).model)


def main(images: int = 100_000, out: Path = Path("runs/examples")) -> dict[str, float]:
    """Carry out the steps of the article; return what is printed."""
    data = open_data("digits")
    train_x, x = data.train.take(slice(None)), data.test.take(slice(None))

    # 1-3. Encode, decode, descend the squared difference; 4. repeat until the images are used up.
    plain = train(out / "s2", images, denoise=0.0)
    decoded = rebuild(plain, x)
    # Restore: the article promises it of a net that never saw a damaged picture. This one did.
    restorer = train(out / "s2-restore", images, denoise=NOISE)
    noisy = add_noise(x, NOISE, Draws(seed=0, round=0, total=len(x)))
    restored = rebuild(restorer, noisy)
    # Generate: new codes come from a mixture fitted to the codes of the training pictures.
    made = next(generate(plain, len(x)))

    rows = torch.cat([part[:SHOWN] for part in (x, decoded, noisy, restored, made)])
    write_bytes(out / "s2.png", png_bytes(grid(to_pixels(rows, data.spec), columns=SHOWN, scale=4)))
    mean = train_x.mean(0, keepdim=True).expand_as(x)
    real = Moments.of(train_x.flatten(1))
    return {
        "numbers per picture / numbers per code": data.spec.size / CODE_SIZE,
        "PSNR of the mean picture, dB": pooled_psnr(mean, x, 2.0),
        "PSNR of reconstructions, dB": pooled_psnr(decoded, x, 2.0),
        "PSNR of noisy pictures, dB": pooled_psnr(noisy.clamp(-1, 1), x, 2.0),
        "PSNR restored by the plain autoencoder, dB": pooled_psnr(rebuild(plain, noisy), x, 2.0),
        "PSNR restored by the denoising autoencoder, dB": pooled_psnr(restored, x, 2.0),
        "Fréchet distance in pixels, held-out": frechet_distance(Moments.of(x.flatten(1)), real),
        "Fréchet distance in pixels, generated": frechet_distance(Moments.of(made.flatten(1).clamp(-1, 1)), real),
    }


@torch.no_grad()
def rebuild(model: modelfile.Model, x: Tensor) -> Tensor:
    """Encode and decode."""
    system = model.require(Autoencoder)
    return system.decode(system.encode(x)).clamp(-1, 1)


if __name__ == "__main__":
    for name, value in main().items():
        print(f"{name:48s} {value:6.2f}")
