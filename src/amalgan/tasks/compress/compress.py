"""Examples as few bytes, and back, with any model that encodes and decodes.

records ─► encoder ─► code ─► whole numbers ─► bytes ─► container, one a picture or an archive of them
container ─► bytes ─► whole numbers ─► code ─► faithful or realistic decoder ─► examples

A codec that reads pictures of any size takes each as large as it is, by tiles (``mosaic``).

What is written depends on the device and the size of chunks in the last digits of floats, what is read does not:
the bytes say which whole numbers were meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.codec import amg_file
from amalgan.codec.amg_file import Head
from amalgan.codec.base import Coder
from amalgan.core.errors import BitstreamError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.data import from_pixels
from amalgan.data.dataset.native_size import Own
from amalgan.data.dataset.records import Chunked
from amalgan.systems.model_file import Model
from amalgan.tasks.compress.bound import Numbers, bind
from amalgan.tasks.generate import DecoderName, check_decoder


class Packed(NamedTuple):
    """The code of one example, and what it was made with."""

    head: Head
    code: bytes


def coder_of(model: Model) -> Coder:
    """Return what ``model`` was published with, to compress by.

    Raises:
        AbilityError: it has no code, or its file holds no tables.
    """
    coder: Coder = bind(model).coder
    return coder


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
        yield from pack_chunk(model, x, level)


def any_size(model: Model) -> bool:
    """Return whether pictures keep the size they have."""
    return model.coder is not None and bind(model).any_size


@torch.no_grad()
def pack_chunk(model: Model, x: Float[Tensor, "B ..."], level: int) -> list[bytes]:
    """Return the code of each example of one chunk."""
    return bind(model).write(x, level)


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
            yield name, pack_chunk(model, from_pixels(np.stack([pixels]), model.spec), level)[0]


def unpack_file(model: Model, found: Packed, place: object) -> Any:
    """Return what the bytes of ``found`` say.

    Raises:
        BitstreamError: another model made it, or it is damaged.
    """
    found.head.require(digest_of(model), place)
    try:
        return coder_of(model).unpack(found.code, found.head.level)
    except BitstreamError as error:
        raise BitstreamError(f"{place} is {error}. Copy it again.") from None


@torch.no_grad()
def decode_chunk(
    model: Model,
    found: Sequence[Numbers],
    *,
    decoder: DecoderName = "faithful",
    chunk: int = 0,
    seed: int = 0,
) -> Float[Tensor, "B ..."]:
    """The examples of one chunk; ``chunk`` and ``seed`` draw what the realistic decoder adds."""
    check_decoder(decoder)

    def draws(count: int) -> Draws:
        total = max(CHUNK, count)
        of = key(seed, "decompress")
        return Draws(seed=of, round=chunk, total=total, count=count, device=model.device)

    return bind(model).rebuild(found, decoder, draws)


def one(model: Model, x: Float[Tensor, "1 ..."], quality: int | None = None) -> bytes:
    """One example as the bytes of an .amg file.

    Raises:
        UsageError: it is not one.
    """
    if len(x) != 1:
        raise UsageError(f"found {len(x)} examples; compress takes one at a time")
    head = head_of(model, quality)
    return amg_file.pack(head, pack_chunk(model, x, head.level)[0])


def one_code(model: Model, data: bytes, place: object = "this") -> Numbers:
    """What the bytes of one .amg file say.

    Raises:
        BitstreamError: they are damaged, foreign, or of another model.
    """
    found = Packed(*amg_file.unpack(data, place))
    return Numbers(found.head.level, unpack_file(model, found, place))
