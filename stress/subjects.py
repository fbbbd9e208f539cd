"""A small model that compresses, and what it has compressed."""

from __future__ import annotations

from pathlib import Path

import torch

from amalgan.codec import amg_file
from amalgan.config.parts import Networks
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.compress import coder_of, head_of
from amalgan.training import coders
from support import SPECS, build, examples, settled

TINY = Networks(width=4, widest=4, blocks=1, hidden=4, layers=1)


def model(
    folder: Path, system: str = "autoencoder", spec: str = "gray with classes", **changes: object
) -> Model:
    """A model with a coder, published in ``folder`` and read again."""
    made = settled(build(system, SPECS[spec], **changes), examples(SPECS[spec], 64))
    coder = coders.fit(made, [examples(made.spec, 200, seed=3)])
    model_file.publish(folder / "model.safetensors", made, name=system, facts={}, coder=coder)
    return model_file.load(folder)


def rows(model: Model, count: int, level: int) -> list[list[int]]:
    """Whole numbers of codes of that many random codes, some of them far out."""
    coder = coder_of(model)
    chance = torch.Generator().manual_seed(5)
    spread = torch.randn(count, 1, generator=chance).mul(1.5).exp()
    code = torch.randn(count, coder.center.shape[1], generator=chance) * spread + coder.center.mean(0)
    return coder.numbers(code, level).tolist()


def pictures(model: Model, count: int) -> list[bytes]:
    """Compressed pictures, each as a file."""
    head = head_of(model, None)
    return [
        amg_file.pack(head, coder_of(model).pack(row, head.level)) for row in rows(model, count, head.level)
    ]


def archive(model: Model, count: int) -> bytes:
    """Compressed pictures in one file."""
    head, found = head_of(model, None), pictures(model, count)
    codes = [amg_file.unpack(one)[1] for one in found]
    return amg_file.pack_archive(head, [(f"cat/{row}.png", code) for row, code in enumerate(codes)])
