"""A film of a walk through what a model can make.

two pictures ─► encoder ─► two codes ────┐
                                         ├─► great circles, there and back or around ─► decoder ─► frames
labels, seed ─► prior ─► a few codes ────┘                          noise of the realistic decoder: the same in each
labels, seed ─► noise that flows from frame to frame (no code) ─► generator ────────────────────────► frames

Codes are walked through on great circles about their mean, in deviations of each entry: half-way pictures come out
nearer to real ones than those of the straight line (``benchmarks/walks.py``). The walk is closed and rests for a moment
at each station, where the frame is what decoding that very code gives.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.kinds import kind_of, text_of
from amalgan.kinds.refusals import FILM
from amalgan.networks.priors import Scale
from amalgan.systems.abilities import Decodes, Encodes, Generates, Realizes, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName, check_decoder, check_temperature, class_number
from amalgan.tasks.walk.closed_paths import Course, loop

FRAMES_A_STATION = 15
"""About so many frames from one code, or draw of noise, to the next."""
MEASURED = 1024
"""Codes drawn to learn the mean and the deviation of codes."""


@torch.no_grad()
def walk(
    model: Model,
    *,
    between: Float[Tensor, "N ..."] | None = None,
    frames: int = 60,
    label: str | None = None,
    seed: int = 0,
    decoder: DecoderName | None = None,
    temperature: float = 1.0,
) -> Float[Tensor, "T ..."]:
    """``frames`` pictures (T, C, H, W) that flow into one another, the last into the first.

    Args:
        between: two; walk from the first of these examples to the second and back; by default through random ones.
        label: the class of random stations; any by default. Without a code, the class is the same all the way.
        decoder, temperature: as ``generate`` has them.

    Raises:
        AbilityError: the model has no code to encode to or decode from, or cannot generate.
        UsageError: the model makes no pictures or has nothing to walk through; fewer than 2 frames; no such class or
            temperature.
    """
    check(model, frames, decoder)
    check_temperature(temperature)
    still = Course(
        seed=key(seed, "walk noise"),
        round=0,
        total=frames,
        stations=1,
        device=model.device,
        temperature=temperature,
    )
    if between is not None:
        if label is not None:
            raise UsageError(
                f"label {label!r} and two pictures are both given; the pictures say where to walk"
            )
        return through(model, model.require(Encodes).encode(two(between).to(model.device)), still, decoder)
    number = class_number(model, label)
    stations = max(2, frames // FRAMES_A_STATION)
    if decoder is not None or has_codes(model):
        return through(model, drawn(model, number, stations, seed, temperature), still, decoder)
    return flowing(model, number, replace(still, seed=key(seed, "walk"), stations=stations))


def check(model: Model, frames: int, decoder: str | None) -> None:
    """Refuse what no film can be made of."""
    kind = kind_of(model.spec)
    if why := kind.refuses("film") or (kind.refuses("drawing") and FILM["film"]):
        raise UsageError(f"{why}; this model makes {text_of(model.spec)}. Use generate.")
    if frames < 2:
        raise UsageError(f"frames is {frames}; a walk has at least 2")
    if decoder is not None:
        check_decoder(decoder)


def has_codes(model: Model) -> bool:
    """Whether codes can be drawn and decoded."""
    return isinstance(model.system, Samples) and isinstance(model.system, Decodes | Realizes)


def drawn(model: Model, number: int, count: int, seed: int, temperature: float = 1.0) -> Float[Tensor, "S K"]:
    """New codes of a class, or of any."""
    draws = Draws(seed=key(seed, "walk"), round=0, total=count, device=model.device, temperature=temperature)
    return model.require(Samples).sample_code(torch.full((count,), number, device=model.device), draws)


def through(
    model: Model, stations: Float[Tensor, "S K"], still: Course, decoder: DecoderName | None
) -> Float[Tensor, "T ..."]:
    """Decodes of a closed walk through the codes ``stations``; the noise of ``still`` is the same in each."""
    scale = scale_of(model, stations)
    path = scale.undo(loop(scale(stations), still.total))
    starts = range(0, still.total, CHUNK)
    made = [
        decode_codes(model, part, still.narrow(at, len(part)), decoder)
        for at, part in zip(starts, path.split(CHUNK), strict=True)
    ]
    return torch.cat(made)


def scale_of(model: Model, code: Float[Tensor, "S K"]) -> Scale:
    """Mean and deviation of the model's codes; of a model that draws none, 0 and 1."""
    scale = Scale(code.shape[1]).to(code.device)
    if isinstance(model.system, Samples):
        scale.fit(drawn(model, class_number(model, None), MEASURED, 0))
    return scale


def decode_codes(
    model: Model, code: Float[Tensor, "B K"], draws: Draws, decoder: DecoderName | None
) -> Float[Tensor, "B ..."]:
    """Decodes of codes, by the decoder asked for or else the realistic one where there is one."""
    if decoder == "realistic" or (decoder is None and isinstance(model.system, Realizes)):
        return model.require(Realizes).realize(code, draws).cpu()
    return model.require(Decodes).decode(code).cpu()


def flowing(model: Model, number: int, course: Course) -> Float[Tensor, "T ..."]:
    """What a model makes of noise that flows along ``course``.

    Raises:
        UsageError: nothing moves, since the model takes no normal noise.
    """
    generate = model.require(Generates).generate
    made = []
    for start in range(0, course.total, CHUNK):
        part = course.narrow(start, min(CHUNK, course.total - start))
        made.append(generate(torch.full((part.count or 0,), number, device=model.device), part).cpu())
    film = torch.cat(made)
    if torch.equal(film[1:], film[:-1]):
        raise UsageError(
            f"a model of system {model.name!r} makes the same of any noise, so it has nothing to walk through. "
            "A system walks if it draws its noise by draws.normal, or has a code."
        )
    return film


def two(x: Tensor) -> Tensor:
    """``x``, known to be two examples.

    Raises:
        UsageError: it is not.
    """
    if len(x) != 2:
        raise UsageError(f"between holds {len(x)} pictures; a walk leads from one picture to one other")
    return x
