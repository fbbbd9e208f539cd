"""Examples as few bytes, and back, with any model that encodes and decodes.

records ─► encoder ─► code ─► whole numbers ─► bytes ─► container, one a picture or an archive of them
container ─► bytes ─► whole numbers ─► code ─► faithful or realistic decoder ─► examples

A codec that reads pictures of any size takes each as large as it is, by tiles (``mosaic``).

What is written depends on the device and the size of chunks in the last digits of floats, what is read does not:
the bytes say which whole numbers were meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.codec import amg_file
from amalgan.codec.amg_file import Head
from amalgan.codec.coders import AnyCoder
from amalgan.codec.context_coder import Map, MapCoder
from amalgan.codec.letter_coder import LetterCoder
from amalgan.codec.transform_coder import Coder
from amalgan.core.errors import AbilityError, BitstreamError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.data import from_pixels
from amalgan.data.dataset.native_size import Own
from amalgan.data.dataset.records import Chunked
from amalgan.systems.abilities import Decodes, Encodes, Quantizes, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import mosaic
from amalgan.tasks.generate import DecoderName, check_decoder

Row = list[int] | Map | bytes
"""What a coder reads its example from; a coder of letters reads many at a time, and keeps the bytes until then."""


class Packed(NamedTuple):
    """The code of one example, and what it was made with."""

    head: Head
    code: bytes


def coder_of(model: Model) -> AnyCoder:
    """What ``model`` compresses with.

    Raises:
        AbilityError: it has no code, or its file holds no tables.
    """
    model.require(Encodes)
    model.require(Decodes)
    if model.coder is None:
        raise AbilityError(
            "this model's file holds no tables to compress with: it is of an earlier version, or its codes are too "
            "large. Train again, or go on from it: amalgan train DATA --init MODEL."
        )
    return model.coder


def head_of(model: Model, quality: int | None = None) -> Head:
    """What codes of ``model`` at ``quality`` begin with."""
    return Head(digest_of(model), coder_of(model).level(quality))


def digest_of(model: Model) -> bytes:
    """The four bytes that name ``model`` in a file."""
    return bytes.fromhex(model.digest)[:4]


@torch.no_grad()
def compress(model: Model, records: Chunked, *, quality: int | None = None) -> Iterator[bytes]:
    """Yield the code of every record in order.

    Raises:
        AbilityError: the model cannot compress.
        UsageError: there is no such quality.
    """
    level = head_of(model, quality).level
    for _, x in records.chunks():
        yield from packed(model, x, level)


def any_size(model: Model) -> bool:
    """Whether pictures keep the size they have."""
    return isinstance(model.coder, MapCoder) and len(model.coder.size) > 0


@torch.no_grad()
def packed(model: Model, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
    """The code of each example of one chunk."""
    coder, device = coder_of(model), model.device
    if isinstance(coder, LetterCoder):
        code = model.require(Encodes).encode(x.to(device)).cpu()
        return coder.pack_all(x.round().long().numpy(), coder.nearest(code))
    if isinstance(coder, Coder):
        code = model.require(Encodes).encode(x.to(device)).cpu()
        return [coder.pack(row, level) for row in coder.numbers(code, level).tolist()]
    system = model.require(Quantizes)
    if not any_size(model):
        return [
            coder.pack(Map(one, None), level) for one in system.quantize(x.to(device), level).cpu().numpy()
        ]
    numbers = [mosaic.quantized(system, one[None], level, device)[0].numpy() for one in x]
    return [coder.pack(Map(one, (x.shape[2], x.shape[3])), level) for one in numbers]


def compress_own(
    model: Model, pictures: Iterable[Own], skipped: list[dict[str, str]], *, quality: int | None = None
) -> Iterator[tuple[str, bytes]]:
    """Yield name and code of every picture that can be read; the others are added to ``skipped``.

    Raises:
        AbilityError: the model cannot compress.
        UsageError: there is no such quality.
    """
    level = head_of(model, quality).level
    for name, pixels, reason in pictures:
        if pixels is None:
            skipped.append({"name": name, "reason": reason})
        else:
            yield name, packed(model, from_pixels(np.stack([pixels]), model.spec), level)[0]


def unpacked(model: Model, found: Packed, place: object) -> Row:
    """The whole numbers in ``found``.

    Raises:
        BitstreamError: another model made it, or it is damaged.
    """
    found.head.require(digest_of(model), place)
    try:
        coder = coder_of(model)
        return coder.unpack(found.code, found.head.level)
    except BitstreamError as error:
        raise BitstreamError(f"{place} is {error}. Copy it again.") from None


class Numbers(NamedTuple):
    """What the bytes of one example say."""

    level: int
    row: Row


@torch.no_grad()
def decoded(
    model: Model,
    found: Sequence[Numbers],
    *,
    decoder: DecoderName = "faithful",
    chunk: int = 0,
    seed: int = 0,
) -> Float[Tensor, "B ..."]:
    """The examples of one chunk; ``chunk`` and ``seed`` draw what the realistic decoder adds."""
    check_decoder(decoder)
    coder, device = coder_of(model), model.device
    if isinstance(coder, LetterCoder):
        return spelled(coder, found, decoder)
    if isinstance(coder, MapCoder):
        if decoder == "realistic":
            model.require(Realizes)
        return rendered(model.require(Quantizes), found, model.spec.shape, device)
    rows = [coder.values(torch.tensor([one.row]), one.level) for one in found]
    code = torch.cat([torch.empty(0, coder.center.shape[1]), *rows]).to(device)
    if decoder == "faithful":
        return model.require(Decodes).decode(code).cpu()
    draws = Draws(
        seed=key(seed, "decompress"), round=chunk, total=max(CHUNK, len(code)), count=len(code), device=device
    )
    return model.require(Realizes).realize(code, draws).cpu()


def spelled(coder: LetterCoder, found: Sequence[Numbers], decoder: DecoderName) -> Float[Tensor, "B ..."]:
    """Strings, as they were."""
    if decoder == "realistic":
        raise UsageError("strings come back exactly; leave out --decoder realistic")
    return torch.from_numpy(coder.read_all([bytes(one.row) for one in found])).float()  # type: ignore[arg-type]


def rendered(
    system: Quantizes, found: Sequence[Numbers], shape: tuple[int, ...], device: str
) -> Float[Tensor, "B ..."]:
    """What maps stand for: examples of one size."""
    parts = [torch.empty(0, *shape)] if not found else []
    for level, row in found:
        assert isinstance(row, Map)
        number = torch.from_numpy(row.number)[None]
        if row.size is None:
            parts.append(system.render(number.to(device), level, shape).cpu())
        else:
            parts.append(mosaic.rendered(system, number, level, (shape[0], *row.size), device))
    return torch.cat(parts)


def one(model: Model, x: Float[Tensor, "1 ..."], quality: int | None = None) -> bytes:
    """One example as the bytes of an .amg file.

    Raises:
        UsageError: it is not one.
    """
    if len(x) != 1:
        raise UsageError(f"found {len(x)} examples; compress takes one at a time")
    head = head_of(model, quality)
    return amg_file.pack(head, packed(model, x, head.level)[0])


def one_code(model: Model, data: bytes, place: object = "this") -> Numbers:
    """What the bytes of one .amg file say.

    Raises:
        BitstreamError: they are damaged, foreign, or of another model.
    """
    found = Packed(*amg_file.unpack(data, place))
    return Numbers(found.head.level, unpacked(model, found, place))
