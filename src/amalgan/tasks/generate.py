"""New examples from a model.

    labels, seed ─► prior or noise ─► decoder ─► chunks of examples (b, *shape)

The temperature is the deviation of the normal numbers that codes and noise are drawn by: below 1 examples are more
typical and vary less (of a prior's noise: Kingma & Dhariwal 2018, arXiv:1807.03039, section 6.1; of a GAN's, by
truncation: Brock et al. 2018, arXiv:1809.11096, section 3.1). What it costs and brings: ``benchmarks/temperature.py``.

Chunk ``i`` draws from (seed, "generate", i), so the first hundred pictures are the same whether a hundred or a
million are asked for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Literal, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.data import from_pixels, to_pixels
from amalgan.data.writing.picture_arrays import channels_first
from amalgan.data.writing.watermark import marked
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Generates, Realizes, Samples
from amalgan.systems.model_file import Model

HEARD, MOST_HEARD = 4, 8
"""Examples of a class, and classes, that are made to know whether asking for a class makes a difference."""

DecoderName = Literal["realistic", "faithful"]


@torch.no_grad()
def generate(
    model: Model,
    count: int,
    *,
    label: str | None = None,
    seed: int = 0,
    decoder: DecoderName | None = None,
    temperature: float = 1.0,
    watermark: bool = False,
    first: int = 0,
    codes: dict[int, Tensor] | None = None,
) -> Iterator[Tensor]:
    """Yield ``count`` new examples, float32, in chunks of at most 256.

    Args:
        first: leave out so many, whole chunks of them, that are there already.
        codes: of a call before, by chunk, to be decoded again; those that are drawn here join them. For models with two
            decoders alone: what others make does not follow from a code.
        label: a class name; any class by default, as often as it occurs in the training data.
        decoder: for models with two; by default the realistic one where there is one.
        temperature: 0 or more, 1 as trained: below it examples are more typical and vary less.
        watermark: mark pictures invisibly as this model's; they are then as files will hold them.

    Raises:
        AbilityError: the model cannot generate, or has no such decoder.
        UsageError: the class is unknown (names the classes), the count negative, or the temperature out of range.
            Vectors bear no watermark.
    """
    if count < 0:
        raise UsageError(f"count is {count}; it cannot be negative")
    check_temperature(temperature)
    if watermark and (why := kind_of(model.spec).refuses("watermark")):
        raise UsageError(why)
    number = class_number(model, label)
    for start in range(first, count, CHUNK):
        chunk = start // CHUNK
        draws = Draws(
            seed=key(seed, "generate"), round=chunk, total=CHUNK, device=model.device, temperature=temperature
        )
        asked = torch.full((CHUNK,), number, device=model.device)
        examples = draw(model, asked, draws, decoder, codes)[: count - start].cpu()
        yield watermarked(model, examples) if watermark else examples


@torch.no_grad()
def generate_each(model: Model, asked: Int[Tensor, " N"], *, seed: int, purpose: str) -> Iterator[Tensor]:
    """Yield one new example for each label, float32, in chunks; ``purpose`` names the stream of random numbers."""
    for chunk, label in enumerate(asked.split(CHUNK)):
        draws = Draws(seed=key(seed, purpose), round=chunk, total=len(label), device=model.device)
        yield draw(model, label.to(model.device), draws).cpu()


def draw(
    model: Model,
    label: Tensor,
    draws: Draws,
    decoder: DecoderName | None = None,
    codes: dict[int, Tensor] | None = None,
) -> Tensor:
    """One example for each label, from the decoder asked for; ``codes`` as ``generate`` has them."""
    if decoder is None and (codes is None or not has_two_decoders(model)):
        return model.require(Generates).generate(label, draws)
    decoder = decoder or "realistic"
    check_decoder(decoder)
    code = None if codes is None else codes.get(draws.round)
    if code is None:
        code = model.require(Samples).sample_code(label, draws)
    if codes is not None:
        codes[draws.round] = code
    if decoder == "realistic":
        return model.require(Realizes).realize(code, draws)
    return model.require(Decodes).decode(code)


def has_two_decoders(model: Model) -> bool:
    """Whether a new code becomes an example in two ways."""
    system = model.system
    return isinstance(system, Samples) and isinstance(system, Decodes) and isinstance(system, Realizes)


def watermarked(model: Model, x: Float[Tensor, "B C H W"]) -> Float[Tensor, "B C H W"]:
    """Pictures that bear the mark of ``model``."""
    pixels = marked(to_pixels(x, model.spec), model.mark_key)
    return from_pixels(channels_first(pixels), model.spec)


def check_decoder(decoder: str) -> None:
    """Refuse a decoder that there is not."""
    if decoder not in get_args(DecoderName):
        raise UsageError(f"decoder is {decoder!r}; it is one of {', '.join(get_args(DecoderName))}")


def check_temperature(temperature: float) -> None:
    """Refuse what no normal number can have as its deviation."""
    if not 0 <= temperature < math.inf:
        raise UsageError(
            f"temperature is {temperature}; it is 0 or more, and 1 draws as the model was trained"
        )


@torch.no_grad()
def classes_heard(model: Model) -> tuple[int, ...]:
    """Numbers of the classes that can be asked for: of those shown in training, unless all asking is in vain.

    It is in vain where the same random numbers give the same examples for every class.
    """
    shown = model.system.classes_shown
    if len(shown) < 2 or not isinstance(model.system, Generates):
        return shown
    draws = Draws(seed=key(0, "classes heard"), round=0, total=HEARD, device=model.device)
    asked = (torch.full((HEARD,), number, device=model.device) for number in shown)
    first, *others = (model.system.generate(label, draws) for label in itertools.islice(asked, MOST_HEARD))
    return shown if any(not torch.equal(first, other) for other in others) else ()


def class_number(model: Model, label: str | None) -> int:
    """The number of a class, or UNLABELED for none."""
    if label is None:
        return UNLABELED
    known = [model.spec.classes[number] for number in model.system.classes_shown]
    if known and not classes_heard(model):
        raise UsageError(
            f"label {label!r}: a model of system {model.name!r} makes the same examples whatever class is asked for. "
            "Leave the label out, or train a system that generates by class, as fusion."
        )
    if str(label) not in known:  # from Python, 7 is as good as "7"
        raise UsageError(f"label {label!r}: this model knows {', '.join(known) or 'no classes'}")
    return model.spec.classes.index(str(label))
