"""Tensors and JSON in one safetensors file that vouches for every byte.

    8 bytes length │ header: names, shapes, __metadata__ {"amalgan": JSON, "digest": 32 hex} │ tensor bytes

The digest is BLAKE2b of the whole file with the digest's own 32 characters read as zeros, so any flipped bit and
any missing byte is found. It is written tensor by tensor: a save needs no memory of its own. Equal contents make equal
bytes. Sizes are checked before memory is taken. There is no pickle and nothing is executed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as unpack
from safetensors.torch import save as pack
from torch import Tensor

from amalgan.core import files
from amalgan.core.errors import FileError

MOST_HEADER_BYTES = 4 * 2**20
MOST_TENSORS = 20_000
BLANK = b"0" * 32


def write(
    target: Path, tensors: dict[str, Tensor], header: dict[str, Any], *, previous: Path | None = None
) -> None:
    """Write ``tensors`` and ``header`` (plain JSON data) to ``target``, whole or not at all.

    Args:
        previous: where to keep the file that stood at ``target``.

    Raises:
        FileError: a tensor holds NaN or infinity (such numbers are never kept), or the disk refuses.
    """
    if broken := not_finite(tensors):
        raise FileError(f"{target} was not written: {broken[0]} holds numbers that are not finite")
    text = json.dumps(header, ensure_ascii=True, allow_nan=False, sort_keys=True)
    entries = entries_of(tensors)
    head = head_of(entries, {"amalgan": text, "digest": BLANK.decode()})
    state = hashlib.blake2b(head, digest_size=16)
    for name in entries:
        state.update(bytes_of(tensors[name]))
    place = digest_place(head)
    signed = head[:place] + state.hexdigest().encode() + head[place + 32 :]
    with files.replacing(target, previous=previous) as part, part.open("wb") as file:
        file.write(signed)
        for name in entries:
            file.write(bytes_of(tensors[name]))


def entries_of(tensors: dict[str, Tensor]) -> dict[str, dict[str, Any]]:
    """Return what the header says of each tensor, in the order of the file, which is that of safetensors."""
    packed = pack({name: torch.empty(0, dtype=tensor.dtype) for name, tensor in tensors.items()})
    entries: dict[str, dict[str, Any]] = json.loads(packed[8 : 8 + int.from_bytes(packed[:8], "little")])
    end = 0
    for name, entry in entries.items():
        start, end = end, end + tensors[name].numel() * tensors[name].element_size()
        entry.update(shape=list(tensors[name].shape), data_offsets=[start, end])
    return entries


def bytes_of(tensor: Tensor) -> memoryview:
    """Return the bytes of a tensor; of one that lies in the memory of the CPU nothing is copied."""
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    return plain.view(torch.uint8).numpy().data


def head_of(entries: dict[str, dict[str, Any]], metadata: dict[str, str]) -> bytes:
    """Return the header of a safetensors file with ``metadata``, whose order safetensors would leave to chance.

    Raises:
        FileError: there is more to say than a header may hold.
    """
    text = json.dumps({"__metadata__": metadata, **entries}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    if len(text) > MOST_HEADER_BYTES or len(entries) > MOST_TENSORS:
        raise FileError(
            f"{len(entries):,} tensors and {len(text):,} bytes of header; a file holds at most {MOST_TENSORS:,} "
            f"and {MOST_HEADER_BYTES:,}. Use fewer or smaller networks."
        )
    return len(text).to_bytes(8, "little") + text


def read(source: Path, *, expected: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the header of a file that ``write`` made.

    Args:
        expected: what the file should be, for messages: "a model file".

    Raises:
        FileError: missing, foreign, too large a header, or damaged; says which.
    """
    header = read_header(source, expected=expected)
    with readable(source):
        data = bytearray(source.read_bytes())
    place = digest_place(bytes(data[: 8 + int.from_bytes(data[:8], "little")]))
    found = bytes(data[place : place + 32])
    data[place : place + 32] = BLANK
    if found != digest_of(data):
        raise FileError(
            f"{source} is damaged: its contents do not match its digest. Copy it again from its origin."
        )
    data[place : place + 32] = found
    try:
        tensors = unpack(bytes(data))
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise FileError(f"{source} is damaged: {error}. Copy it again from its origin.") from None
    if broken := not_finite(tensors):
        raise FileError(
            f"{source} is not as amalgan writes it: {broken[0]} holds numbers that are not finite. "
            "Take the file that was written, or train again."
        )
    return tensors, header


def not_finite(tensors: dict[str, Tensor]) -> list[str]:
    """Return the names of tensors that hold NaN or infinity."""
    return [name for name, tensor in tensors.items() if not bool(torch.isfinite(tensor).all())]


def read_header(source: Path, *, expected: str) -> dict[str, Any]:
    """The header alone, without reading the tensors or checking the digest.

    Raises:
        FileError: as ``read``, but for damage among the tensors.
    """
    if not source.is_file():
        raise FileError(
            f"{source}: there is no such file. {expected.capitalize()} is what amalgan train writes."
        )
    with readable(source), open(source, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MOST_HEADER_BYTES, os.path.getsize(source) - 8):
            raise FileError(
                f"{source} is not {expected}, or it is cut short. Expected what amalgan train writes."
            )
        raw = file.read(length)
    try:
        header = json.loads(raw)
        meta = header.get("__metadata__", {})
        inner = json.loads(meta["amalgan"])
        reach = max(
            (entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0
        )
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise FileError(
            f"{source} is not {expected}: it was not written by amalgan, or it is damaged."
        ) from None
    if (
        len(header) > MOST_TENSORS + 1
        or reach != os.path.getsize(source) - 8 - length
        or not isinstance(inner, dict)
    ):
        raise FileError(
            f"{source} is damaged: its size does not match its header. Copy it again from its origin."
        )
    return inner


@contextmanager
def readable(source: Path) -> Iterator[None]:
    """Turn what the disk says into our error."""
    try:
        yield
    except OSError as error:
        raise FileError(f"cannot read {source}: {error.strerror or error}.") from error


def digest_place(head: bytes) -> int:
    """Where the 32 digest characters stand in the file."""
    mark = b'"digest":"'
    place = head.find(mark)
    if place < 0 or place + len(mark) + 32 > len(head):
        raise FileError("the file has no digest: it was not written by amalgan")
    return place + len(mark)


def digest_of(blanked: bytes | bytearray) -> bytes:
    """32 hexadecimal characters that stand for the file."""
    return hashlib.blake2b(blanked, digest_size=16).hexdigest().encode()


def hash_tensors(tensors: dict[str, Tensor], state: hashlib.blake2b) -> str:
    """Return what ``state`` makes of the names and values of tensors, in hexadecimal digits."""
    for name in sorted(tensors):
        state.update(name.encode())
        state.update(tensors[name].contiguous().numpy().tobytes())
    return state.hexdigest()
