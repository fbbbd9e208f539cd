"""Examples as few bytes, and back, with any model that encodes and decodes.

records ─► encoder ─► code ─► whole numbers ─► bytes ─► container, one a picture or an archive of them
container ─► bytes ─► whole numbers ─► code ─► faithful or realistic decoder ─► examples

What is written depends on the device and the size of chunks in the last digits of floats, what is read does not:
the bytes say which whole numbers were meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.coder import Coder
from amalgan.coding import container
from amalgan.coding.container import Head
from amalgan.data import Records
from amalgan.errors import AbilityError, BitstreamError, UsageError
from amalgan.modelfile import Model
from amalgan.streams import Draws, key
from amalgan.systems.abilities import Decodes, Encodes, Realizes
from amalgan.tasks.generate import CHUNK, DecoderName, check_decoder


class Packed(NamedTuple):
    """The code of one example, and what it was made with."""

    head: Head
    code: bytes


def coder_of(model: Model) -> Coder:
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
def compress(model: Model, records: Records, *, quality: int | None = None) -> Iterator[bytes]:
    """Yield the code of every record in order.

    Raises:
        AbilityError: the model cannot compress.
        UsageError: there is no such quality.
    """
    level = head_of(model, quality).level
    for batch in records.batches(CHUNK):
        yield from packed(model, batch.x, level)


@torch.no_grad()
def packed(model: Model, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
    """The code of each example of one chunk."""
    coder = coder_of(model)
    code = model.require(Encodes).encode(x.to(device_of(model))).cpu()
    return [coder.pack(row, level) for row in coder.numbers(code, level).tolist()]


def unpacked(model: Model, found: Packed, place: object) -> list[int]:
    """The whole numbers in ``found``.

    Raises:
        BitstreamError: another model made it, or it is damaged.
    """
    found.head.require(digest_of(model), place)
    try:
        return coder_of(model).unpack(found.code, found.head.level)
    except BitstreamError as error:
        raise BitstreamError(f"{place} is {error}. Copy it again.") from None


class Numbers(NamedTuple):
    """What the bytes of one example say."""

    level: int
    row: list[int]


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
    coder, device = coder_of(model), device_of(model)
    rows = [coder.values(torch.tensor([one.row]), one.level) for one in found]
    code = torch.cat([torch.empty(0, coder.center.shape[1]), *rows]).to(device)
    if decoder == "faithful":
        return model.require(Decodes).decode(code).cpu()
    draws = Draws(
        seed=key(seed, "decompress"), round=chunk, total=max(CHUNK, len(code)), count=len(code), device=device
    )
    return model.require(Realizes).realize(code, draws).cpu()


def one(model: Model, x: Float[Tensor, "1 ..."], quality: int | None = None) -> bytes:
    """One example as the bytes of an .amg file.

    Raises:
        UsageError: it is not one.
    """
    if len(x) != 1:
        raise UsageError(f"found {len(x)} examples; compress takes one at a time")
    head = head_of(model, quality)
    return container.pack(head, packed(model, x, head.level)[0])


def one_code(model: Model, data: bytes, place: object = "this") -> Numbers:
    """What the bytes of one .amg file say.

    Raises:
        BitstreamError: they are damaged, foreign, or of another model.
    """
    found = Packed(*container.unpack(data, place))
    return Numbers(found.head.level, unpacked(model, found, place))


def device_of(model: Model) -> str:
    """Where the model computes."""
    return str(next(model.system.parameters()).device)
