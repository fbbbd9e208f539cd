"""New examples from a model.

    labels, seed ─► prior or noise ─► decoder ─► chunks of examples (b, *shape)

Chunk ``i`` draws from (seed, "generate", i), so the first hundred pictures are the same whether a hundred or a
million are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.data import from_pixels, to_pixels
from amalgan.data.watermark import marked
from amalgan.errors import UsageError
from amalgan.modelfile import Model
from amalgan.streams import Draws, key
from amalgan.systems.abilities import Decodes, Generates, Realizes, Samples
from amalgan.types import UNLABELED

CHUNK = 256

DecoderName = Literal["realistic", "faithful"]


@torch.no_grad()
def generate(
    model: Model,
    count: int,
    *,
    label: str | None = None,
    seed: int = 0,
    decoder: DecoderName | None = None,
    watermark: bool = False,
    first: int = 0,
) -> Iterator[Tensor]:
    """Yield ``count`` new examples, float32, in chunks of at most 256.

    Args:
        first: leave out so many, whole chunks of them, that are there already.
        label: a class name; any class by default, as often as it occurs in the training data.
        decoder: for models with two; by default the realistic one where there is one.
        watermark: mark pictures invisibly as this model's; they are then as files will hold them.

    Raises:
        AbilityError: the model cannot generate, or has no such decoder.
        UsageError: the class is unknown or the count negative; names the classes. Vectors bear no watermark.
    """
    if count < 0:
        raise UsageError(f"count is {count}; it cannot be negative")
    if watermark and model.spec.kind != "image":
        raise UsageError("vectors bear no watermark; only pictures do")
    number = class_number(model, label)
    for start in range(first, count, CHUNK):
        chunk = start // CHUNK
        draws = Draws(seed=key(seed, "generate"), round=chunk, total=CHUNK, device=model.device)
        examples = draw(model, torch.full((CHUNK,), number, device=model.device), draws, decoder)[
            : count - start
        ].cpu()
        yield watermarked(model, examples) if watermark else examples


@torch.no_grad()
def generate_each(model: Model, asked: Int[Tensor, " N"], *, seed: int, purpose: str) -> Iterator[Tensor]:
    """Yield one new example for each label, float32, in chunks; ``purpose`` names the stream of random numbers."""
    for chunk, label in enumerate(asked.split(CHUNK)):
        draws = Draws(seed=key(seed, purpose), round=chunk, total=len(label), device=model.device)
        yield draw(model, label.to(model.device), draws, None).cpu()


def draw(model: Model, label: Tensor, draws: Draws, decoder: DecoderName | None) -> Tensor:
    """One example for each label, from the decoder asked for."""
    if decoder is None:
        return model.require(Generates).generate(label, draws)
    check_decoder(decoder)
    code = model.require(Samples).sample_code(label, draws)
    if decoder == "realistic":
        return model.require(Realizes).realize(code, draws)
    return model.require(Decodes).decode(code)


def watermarked(model: Model, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Pictures that bear the mark of ``model``."""
    pixels = marked(to_pixels(x, model.spec), model.digest)
    channels_first = pixels[:, None] if pixels.ndim == 3 else pixels.transpose(0, 3, 1, 2).copy()
    return from_pixels(channels_first, model.spec)


def check_decoder(decoder: str) -> None:
    """Refuse a decoder that there is not."""
    if decoder not in get_args(DecoderName):
        raise UsageError(f"decoder is {decoder!r}; it is one of {', '.join(get_args(DecoderName))}")


def class_number(model: Model, label: str | None) -> int:
    """The number of a class, or UNLABELED for none."""
    known = [model.spec.classes[number] for number in model.system.classes_shown]
    if label is None:
        return UNLABELED
    if str(label) not in known:  # from Python, 7 is as good as "7"
        raise UsageError(f"label {label!r}: this model knows {', '.join(known) or 'no classes'}")
    return model.spec.classes.index(str(label))
