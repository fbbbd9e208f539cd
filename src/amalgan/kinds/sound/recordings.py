"""What a file of sound holds: samples and their rate.

    bytes ─┬─ RIFF ─► scipy ────────────────────────────────┐
           └─ others, and what scipy cannot read ─► soundfile ┴─► Recording: float32 (samples, channels), rate
                                                   (extra: sound)

A file that cannot be read is a BadPicture, which is what a reader of many files skips and lists.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import BadPicture
from amalgan.data.readers.extras import first_line

ENDINGS = (
    *(".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd"),
    *(".caf", ".w64", ".rf64"),
)
"""Of files that are taken for sounds."""
LEAST_RATE, MOST_RATE = 1_000, 768_000
"""Samples a second."""
MOST_SECONDS = 600
"""Longer files are no clips, and are not decoded."""
UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""What programs write into the header of a stream whose length they do not know yet."""
TAG = b"ID3\x04" + bytes(5) + b"\x0a" + bytes(10)
"""An empty one, as MP3 files begin with."""
PICTURES = {b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture", b"GIF8": "a GIF picture"}
OTHERS = PICTURES | {b"PK\x03\x04": "a ZIP archive", b"%PDF": "a PDF document", b"\x1f\x8b": "gzip data"}


class Recording(NamedTuple):
    """What a file holds."""

    samples: NDArray[np.float32]
    """(n, channels), full scale 1; files of floats may go beyond."""
    rate: int
    """Samples a second."""


def recording(data: bytes) -> Recording:
    """Return what the bytes of a file hold.

    Raises:
        BadPicture: it is no sound, damaged, or of a format that is not read here.
    """
    if not data:
        raise BadPicture("is empty")
    if other := next((what for mark, what in OTHERS.items() if data.startswith(mark)), None):
        raise BadPicture(f"is {other}, no sound")
    is_riff = data[:4] in (b"RIFF", b"RIFX", b"RF64") and data[8:12] == b"WAVE"
    found = (by_scipy(data) if is_riff else None) or by_soundfile(data)
    if not LEAST_RATE <= found.rate <= MOST_RATE:
        raise BadPicture(f"has {found.rate:,} samples a second; read are {LEAST_RATE:,} to {MOST_RATE:,}")
    if not len(found.samples):
        raise BadPicture("holds no samples")
    return found


def by_scipy(data: bytes) -> Recording | None:
    """Return what scipy reads of a WAV file; None where its coding is not one that scipy knows."""
    from scipy.io import wavfile

    refuse_cut(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that it skips
            rate, values = wavfile.read(io.BytesIO(data))
    except Exception:  # scipy raises whatever comes of a damaged header; soundfile then says what is wrong
        return None
    return Recording(in_full_scale(np.atleast_2d(values.T).T), rate)


def in_full_scale(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return samples of 8 bits (without sign), of 16, 24 and 32 bits, or floats, as floats whose full scale is 1."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    if values.dtype.kind == "u":
        return ((values.astype(np.float32) - 128) / 128).astype(np.float32)
    return (values.astype(np.float64) / 2 ** (8 * values.dtype.itemsize - 1)).astype(np.float32)


def by_soundfile(data: bytes) -> Recording:
    """Return what libsndfile reads.

    Raises:
        BadPicture: it cannot, or it is not installed.
    """
    if find_spec("soundfile") is None:
        raise BadPicture("needs soundfile, which is not installed. Run: pip install 'amalgan[sound]'")
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(tagged(data))) as file:
            if file.frames > MOST_SECONDS * file.samplerate:
                raise BadPicture(f"lasts more than {MOST_SECONDS // 60} minutes; cut it into clips")
            expected = file.frames
            samples = file.read(expected, dtype="float32", always_2d=True)  # a count: not all can seek
            rate = file.samplerate
    except (soundfile.SoundFileError, ValueError) as error:
        raise BadPicture(f"cannot be read as a sound: {reason(error)}") from error
    if len(samples) < 0.9 * expected:
        raise BadPicture(f"ends after {len(samples):,} of {expected:,} samples")
    return Recording(samples, rate)


def tagged(data: bytes) -> bytes:
    """Return a file for libsndfile, which knows MP3 by its tag where it has no path to go by, and not by its frames."""
    return TAG + data if data[0] == 0xFF and data[1:2] >= b"\xe0" else data


def reason(error: Exception) -> str:
    """Return what libsndfile says, without the object that it names."""
    return first_line(error).rpartition(">: ")[2].removeprefix("Error : ") or "damaged"


def refuse_cut(data: bytes) -> None:
    """Raise BadPicture where a WAV file ends before its samples do."""
    for name, start, size in chunks(data):
        if name == b"data" and size not in UNKNOWN_SIZES and start + size > len(data) + 1:
            raise BadPicture(f"ends after {len(data) - start:,} of {size:,} bytes of samples")


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of a RIFF file: name, where its content starts, and how many bytes it says to have."""
    order = "big" if data[:4] == b"RIFX" else "little"
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], order)  # type: ignore[arg-type]
        yield data[at : at + 4], at + 8, size
        at += 8 + size + size % 2
