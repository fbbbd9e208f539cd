"""pythae's VAE, RAE and VAE-GAN on MNIST, with the networks and settings that it ships, for so many CPU-seconds.

    python pythae_samples.py --model vae|rae|vaegan --data MNIST_FOLDER --cpu-minutes 20 --out x.npz

pythae (Chadebec et al. 2022, arXiv:2206.08309; pip: pythae 0.1.2): its trainer, its ``benchmarks.mnist`` ConvNets, and
of its repository's examples/scripts/configs/mnist the model settings (16 entries of code everywhere; RAE-L2 with
embedding weight 1e-2 and decoder decay 1e-4; VAE-GAN with adversarial scale 0.8 and reconstruction layer 3) and the
training settings (batch 100, Adam 1e-3). Those scripts train 100 passes; here a callback stops at the CPU-seconds.

Samples: ``normal`` from N(0, 1), where the model was trained for that, and ``mixture`` from 10 Gaussians fitted to the
training codes (Ghosh et al. 2020, and pythae's default). Neither fitting nor sampling counts as training.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from clock import Clock
from mnist import pictures, pooled_psnr, to_bytes, write_samples
from pythae.data.datasets import BaseDataset
from pythae.models import RAE_L2, VAE, VAEGAN, RAE_L2_Config, VAEConfig, VAEGANConfig
from pythae.models.nn.benchmarks.mnist import (
    Decoder_Conv_AE_MNIST,
    Discriminator_Conv_MNIST,
    Encoder_Conv_AE_MNIST,
    Encoder_Conv_VAE_MNIST,
)
from pythae.samplers import GaussianMixtureSampler, GaussianMixtureSamplerConfig, NormalSampler
from pythae.trainers import (
    BaseTrainer,
    BaseTrainerConfig,
    CoupledOptimizerAdversarialTrainer,
    CoupledOptimizerAdversarialTrainerConfig,
    CoupledOptimizerTrainer,
    CoupledOptimizerTrainerConfig,
)
from pythae.trainers.training_callbacks import TrainingCallback

SAMPLES, BATCH, PARTS, RATE = 10_000, 100, 10, 1e-3
FIT_PICTURES = 10_000
"""Training pictures whose codes the mixture is fitted to."""
SHAPE: dict[str, Any] = {"input_dim": (1, 28, 28), "latent_dim": 16}


class Spent(Exception):
    """Raised within pythae's trainer when the CPU-seconds are spent."""


class Budget(TrainingCallback):
    """Counts steps and stops the trainer; the first steps may be left out of the count, as a warm-up."""

    def __init__(self, seconds: float, untimed: int = 0) -> None:
        self.seconds, self.steps, self.clock = seconds, -untimed, Clock()

    def on_train_begin(self, training_config: Any, **kwargs: Any) -> None:
        self.clock = Clock()

    def on_train_step_end(self, training_config: Any, **kwargs: Any) -> None:
        self.steps += 1
        if self.steps == 0:
            self.clock = Clock()
        if self.steps > 0 and self.clock.spent() >= self.seconds:
            raise Spent


def vae() -> tuple[Any, type, type, dict[str, Any]]:
    """Kingma & Welling 2013."""
    config = VAEConfig(**SHAPE, reconstruction_loss="mse")
    model = VAE(config, Encoder_Conv_VAE_MNIST(config), Decoder_Conv_AE_MNIST(config))
    return model, BaseTrainer, BaseTrainerConfig, {"learning_rate": RATE}


def rae() -> tuple[Any, type, type, dict[str, Any]]:
    """Ghosh et al. 2020, arXiv:1903.12436, with the L2 penalty."""
    config = RAE_L2_Config(**SHAPE, embedding_weight=1e-2, reg_weight=1e-4)
    model = RAE_L2(config, Encoder_Conv_AE_MNIST(config), Decoder_Conv_AE_MNIST(config))
    decay = {"decoder_optimizer_params": {"weight_decay": config.reg_weight}}
    rates = {f"{part}_learning_rate": RATE for part in ("encoder", "decoder")}
    return model, CoupledOptimizerTrainer, CoupledOptimizerTrainerConfig, rates | decay


def vaegan() -> tuple[Any, type, type, dict[str, Any]]:
    """Larsen et al. 2015, arXiv:1512.09300."""
    config = VAEGANConfig(
        **SHAPE, adversarial_loss_scale=0.8, reconstruction_layer=3, margin=0.4, equilibrium=0.68
    )
    parts = Encoder_Conv_VAE_MNIST(config), Decoder_Conv_AE_MNIST(config), Discriminator_Conv_MNIST(config)
    rates = {f"{part}_learning_rate": RATE for part in ("encoder", "decoder", "discriminator")}
    trainer, settings = CoupledOptimizerAdversarialTrainer, CoupledOptimizerAdversarialTrainerConfig
    return VAEGAN(config, *parts), trainer, settings, rates


MODELS = {"vae": vae, "rae": rae, "vaegan": vaegan}


def train(options: argparse.Namespace, real: torch.Tensor) -> tuple[Any, Budget]:
    """The model after so many CPU-seconds in pythae's own trainer."""
    model, trainer, settings, rates = MODELS[options.model]()
    if options.rate:
        rates |= {key: options.rate for key in rates if key.endswith("learning_rate")}
    budget = Budget(options.cpu_minutes * 60, options.untimed)
    with tempfile.TemporaryDirectory() as scratch:
        config = settings(
            output_dir=scratch,
            per_device_train_batch_size=BATCH,
            num_epochs=100_000,
            seed=options.seed,
            no_cuda=True,
            **rates,
        )
        data = BaseDataset(real, torch.ones(len(real)))
        teacher = trainer(model=model, train_dataset=data, training_config=config, callbacks=[budget])
        with suppress(Spent):
            teacher.train()
    return model.eval(), budget


@torch.no_grad()
def sampled(model: Any, kind: str, real: torch.Tensor) -> np.ndarray[Any, Any]:
    """10,000 pictures, uint8 (N, 28, 28), from one of pythae's samplers."""
    if kind == "normal":
        sampler: Any = NormalSampler(model)
    else:
        sampler = GaussianMixtureSampler(model, GaussianMixtureSamplerConfig(n_components=PARTS))
        sampler.fit(real[:FIT_PICTURES])
    return to_bytes(sampler.sample(num_samples=SAMPLES))


@torch.no_grad()
def rebuilt(model: Any, x: torch.Tensor) -> np.ndarray[Any, Any]:
    """Decodes of the codes (of their means, for a variational model), uint8."""
    decode = lambda part: model.decoder(model.encoder(part).embedding).reconstruction  # noqa: E731 - two steps
    return to_bytes(torch.cat([decode(part) for part in x.split(500)]))


def report(options: argparse.Namespace) -> dict[str, Any]:
    """Train, sample, measure."""
    real = torch.from_numpy(pictures(options.data, "train").copy()).float()[:, None] / 255
    model, budget = train(options, real)
    seconds, images = budget.clock.spent(), budget.steps * BATCH
    facts = {
        "system": f"pythae-{options.model}",
        "seed": options.seed,
        "images": images,
        "cpu_seconds": seconds,
    }
    facts["images_per_cpu_second"] = images / seconds
    return facts | (results(options, model, real) if options.out else {})


def results(options: argparse.Namespace, model: Any, real: torch.Tensor) -> dict[str, Any]:
    """Samples of every sampler that fits the model, written; and how well it rebuilds the test pictures."""
    torch.manual_seed(options.seed)
    np.random.seed(options.seed)  # scikit-learn's mixture draws from it
    clock = Clock()
    kinds = ("mixture",) if options.model == "rae" else ("normal", "mixture")
    targets = {kind: options.out.with_name(f"{options.out.stem}-{kind}.npz") for kind in kinds}
    for kind, target in targets.items():
        write_samples(target, sampled(model, kind, real))
    test = pictures(options.data, "test")
    psnr = pooled_psnr(rebuilt(model, torch.from_numpy(test.copy()).float()[:, None] / 255), test)
    files = {kind: str(target) for kind, target in targets.items()}
    return {"psnr": psnr, "samples": files, "sampling_cpu_seconds": clock.spent()}


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", choices=sorted(MODELS), required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder of MNIST's IDX files")
    parser.add_argument(
        "--cpu-minutes", type=float, default=20.0, help="of training; sampling is not counted"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="x.npz: writes x-SAMPLER.npz; without it, no samples")
    parser.add_argument("--rate", type=float, help=f"learning rate; {RATE} as published")
    parser.add_argument("--untimed", type=int, default=0, help="first steps that do not count (for rate.py)")
    return parser.parse_args()


if __name__ == "__main__":
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    print(json.dumps(report(parsed())))
