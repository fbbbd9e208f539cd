"""Every odd file is read, or named with its reason."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import BadPicture
from amalgan.kinds.sound import recordings
from amalgan.kinds.sound.clips import Tally, clip
from amalgan.kinds.sound.geometry import PEAK, Geometry
from amalgan.kinds.sound.recordings import recording
from sounding import RATE, note, wav, wav24, whole

soundfile = pytest.importorskip("soundfile")

CLIP = Geometry.lasting(0.3, RATE)
NAMED = {"AIFF DWVW_12", "AIFF DWVW_16", "AIFF DWVW_24"}
"""What libsndfile writes, and cannot read from memory: its reason is named."""
LEFT_OUT = {"RAW", "XI", "SD2"}
"""Formats whose files do not say their rate, or are two files each."""


def codings() -> list[tuple[str, str]]:
    """Every format that libsndfile writes here, with every coding of it."""
    pairs = [
        (form, coding)
        for form in soundfile.available_formats()
        for coding in soundfile.available_subtypes(form)
    ]
    return [pair for pair in pairs if pair[0] not in LEFT_OUT]


def written(form: str, coding: str) -> bytes:
    """A note in that format; empty where libsndfile refuses one channel at 8,000 Hz."""
    file = io.BytesIO()
    try:
        soundfile.write(file, note(), RATE, format=form, subtype=coding)
    except (soundfile.SoundFileError, ValueError, TypeError):
        return b""
    return file.getvalue()


def test_every_coding_is_read_or_named() -> None:
    read, named = list[str](), list[str]()
    for form, coding in codings():
        if not (data := written(form, coding)):
            continue
        try:
            found = clip(recording(data), CLIP, longest=None)
        except BadPicture as bad:
            assert str(bad).strip(), form
            named.append(f"{form} {coding}")
            continue
        assert found.shape == (CLIP.samples,) and np.abs(found).max() == round(PEAK * 32767)
        assert loudest_hertz(found) == pytest.approx(440, abs=20), (form, coding)
        read.append(f"{form} {coding}")
    assert len(read) >= 100 and set(named) <= NAMED, (len(read), named)
    assert {"MP3 MPEG_LAYER_III", "OGG VORBIS", "OGG OPUS", "FLAC PCM_16", "WAV ALAW"} <= set(read)


def loudest_hertz(wave: np.ndarray) -> float:
    """The pitch of the strongest partial."""
    size = np.abs(np.fft.rfft(wave.astype(float)))
    return float(np.fft.rfftfreq(len(wave), 1 / RATE)[size.argmax()])


@pytest.mark.parametrize(
    ("data", "within"),
    [
        (wav(whole(note(), 8)), 0.01),
        (wav(whole(note(), 16)), 1e-4),
        (wav24(note()), 1e-6),
        (wav(whole(note(), 32)), 1e-7),
        (wav(note()), 0.0),
        (wav(note().astype(np.float64)), 1e-7),
    ],
    ids=["8 bits", "16 bits", "24 bits", "32 bits", "floats", "doubles"],
)
def test_plain_wav_needs_no_package(data: bytes, within: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "find_spec", lambda name: None)
    found = recording(data)
    assert found.rate == RATE and np.abs(found.samples[:, 0] - note()).max() <= within


def test_other_formats_say_which_package_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings, "find_spec", lambda name: None)
    with pytest.raises(BadPicture, match=r"needs soundfile.*pip install 'amalgan\[sound\]'"):
        recording(written("FLAC", "PCM_16"))


def picture() -> bytes:
    """A PNG."""
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, "PNG")
    return file.getvalue()


WHOLE = wav(whole(note(), 16))
ODD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty file": (lambda: b"", "is empty"),
    "a picture": (picture, "is a PNG picture, no sound"),
    "a text": (lambda: b"kick, snare\n" * 20, "cannot be read as a sound"),
    "a header alone": (lambda: WHOLE[:20], "cannot be read as a sound"),
    "half of it": (lambda: WHOLE[: len(WHOLE) // 2], "ends after"),
    "no samples": (lambda: wav(np.zeros(0, np.int16)), "holds no samples"),
    "silence": (lambda: wav(np.zeros(800, np.int16)), "is silent"),
    "NaN": (lambda: wav(np.full(800, np.nan, np.float32)), "not finite"),
    "infinite": (lambda: wav(np.full(800, np.inf, np.float32)), "not finite"),
    "a rate of 1 Hz": (lambda: wav(whole(note(), 16), 1), "has 1 samples a second"),
    "six seconds": (lambda: wav(whole(note(seconds=6), 16)), "lasts"),
    "half a FLAC": (lambda: written("FLAC", "PCM_16")[:700], "ends after|cannot be read"),
    "an archive": (lambda: b"PK\x03\x04" + bytes(100), "is a ZIP archive"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_clip_is_named(name: str) -> None:
    make, why = ODD[name]
    longer = note(seconds=6) * 0 + 0.1  # a constant does not fade below the threshold of silence
    data = wav(whole(longer, 16)) if name == "six seconds" else make()
    with pytest.raises(BadPicture, match=why):
        clip(recording(data), CLIP, longest=4.0)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000, 96_000, 192_000])
def test_any_rate_keeps_the_pitch(rate: int) -> None:
    found = clip(recording(wav(whole(note(rate=rate), 16), rate)), CLIP, longest=None)
    assert loudest_hertz(found) == pytest.approx(440, abs=5)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_channels_are_mixed_down(channels: int) -> None:
    tally, values = Tally(), np.stack([whole(note(), 16)] * channels, axis=1)
    found = clip(recording(wav(values)), CLIP, longest=None, tally=tally)
    alone = clip(recording(WHOLE), CLIP, longest=None)
    assert np.abs(found.astype(int) - alone).max() <= 1
    assert tally.counts["mixed"] == (channels > 1)


def test_channels_that_cancel_out_are_heard() -> None:
    opposed = np.stack([note(), -note()], axis=1)
    assert loudest_hertz(clip(recording(wav(opposed)), CLIP, longest=None)) == pytest.approx(440, abs=5)


def test_of_no_clip_nothing_is_told() -> None:
    assert list(Tally().describe(CLIP)) == []


def test_what_is_done_to_a_clip_is_told() -> None:
    tally, quiet = Tally(), np.zeros(RATE // 2, np.float32)
    clip(recording(wav(np.concatenate([quiet, note(seconds=0.1), quiet]))), CLIP, longest=None, tally=tally)
    clip(recording(wav(note(seconds=0.5, rate=16_000), 16_000)), CLIP, longest=None, tally=tally)
    said = " | ".join(tally.describe(CLIP))
    assert "resampled to 8,000 Hz: 1 of 16,000 Hz" in said
    assert "silence at both ends is cut off" in said
    assert f"1 files are longer than {CLIP.seconds:.2f} s" in said
    assert f"1 files are shorter than {CLIP.seconds:.2f} s" in said


def test_a_stream_of_unknown_length_is_read() -> None:
    at = WHOLE.index(b"data") + 4
    streamed = WHOLE[:at] + b"\xff\xff\xff\xff" + WHOLE[at + 4 :]
    found = recording(streamed)
    assert np.abs(found.samples[:, 0] - note()).max() < 1e-4
