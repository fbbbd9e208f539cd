"""Every command that applies works on a folder of sounds, and what does not apply says why."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

import amalgan as ag
from amalgan.cli import main
from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.data import open_data
from asking import answer
from sounding import RATE, note, wav, whole, write_notes

pytestmark = pytest.mark.usefixtures("own_cache")

SMALL = (
    *(
        "--network.width",
        8,
        "--network.widest",
        16,
        "--critic.network.width",
        8,
        "--critic.network.widest",
        16,
    ),
    *("--code-size", 16, "--code", "flat", "--prior.kind", "mixture", "--prior.parts", 2, "--batch", 16),
    *("--device", "cpu"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sounds")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return write_notes(place / "notes")


@pytest.fixture(scope="module")
def model(place: Path, data: Path) -> Path:
    """A finished run."""
    words = ("train", data, "--system", "fusion", "--images", 160, *SMALL, "--out", place / "run")
    assert main([*map(str, words)]) == 0
    return place / "run"


def test_a_folder_of_sounds_is_known_by_its_look(capsys, data: Path) -> None:
    found = answer(capsys, "inspect", data)
    assert found["spec"]["kind"] == "sound" and found["read"] == 40
    assert found["classes"] == {"high": 20, "low": 20}
    assert found["spec"]["facts"]["rate"] == RATE and "8,000 Hz" in found["shape"]
    assert any("filled up with silence" in text for text in found["warnings"])


def test_rate_and_length_can_be_asked_for(capsys, data: Path) -> None:
    found = answer(capsys, "inspect", data, "--rate", 16_000, "--seconds", 0.1)
    assert found["spec"]["facts"]["rate"] == 16_000 and 0.1 <= found["spec"]["facts"]["seconds"] < 0.2
    assert any("resampled to 16,000 Hz" in text for text in found["warnings"])
    said = answer(capsys, "inspect", data, "--seconds", 5, code=2)["error"]
    assert "--seconds is 5; sounds last at most 4 s" in said


def test_bad_files_are_named_and_the_rest_is_read(capsys, place: Path, data: Path) -> None:
    mixed = write_notes(place / "mixed")
    (mixed / "low" / "empty.wav").write_bytes(b"")
    Image.new("L", (8, 8)).save(mixed / "low" / "picture.png")
    (mixed / "low" / "picture.png").rename(mixed / "low" / "picture.wav")
    long = np.tile(note(300, 0.5) + 0.1, 12)
    (mixed / "high" / "long.wav").write_bytes(wav(whole(long, 16)))
    found = answer(capsys, "inspect", mixed, code=3)
    assert found["read"] == 40
    reasons = {one["name"]: one["reason"] for one in found["skipped"]}
    assert reasons["low/empty.wav"] == "is empty" and "PNG picture" in reasons["low/picture.wav"]
    assert "lasts 6.0 s; the most is 4" in reasons["high/long.wav"]
    asked = answer(capsys, "inspect", mixed, "--seconds", 0.3, code=3)
    assert asked["read"] == 41, "whoever asks for a length has longer sounds cut"


def test_new_sounds_are_wav_files_that_say_where_they_come_from(capsys, place: Path, model: Path) -> None:
    answer(capsys, "generate", model, "--count", 4, "--label", "low", "--out", place / "new")
    files = sorted((place / "new").glob("*.wav"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy says that it skips the chunk for XMP
        rate, values = wavfile.read(files[0])
    assert len(files) == 4 and rate == RATE and values.dtype == np.int16
    assert np.abs(values.astype(int)).max() == pytest.approx(0.9 * 32767, abs=2)
    said = answer(capsys, "info", files[0])
    assert said["kind"] == "a sound" and said["rate"] == RATE and said["channels"] == 1
    assert said["provenance"]["source"].startswith("synthetic") and said["provenance"]["seed"] == "0"
    assert answer(capsys, "info", place / "notes" / "low" / "000.wav")["provenance"] is None
    again = answer(capsys, "generate", model, "--count", 4, "--label", "low", "--out", place / "new")
    assert again["written"] == 0


def test_sheets_are_spectrograms(capsys, place: Path, model: Path) -> None:
    sheets = sorted((model / "samples").glob("*.png"))
    assert {sheet.name.split("-")[0] for sheet in sheets} == {"generated", "rebuilt"}
    answer(capsys, "generate", model, "--count", 4, "--out", place / "new.png")
    bands, frames = ag.load(model).spec.shape[1:]
    with Image.open(place / "new.png") as grid:
        assert grid.size == (2 * (frames + 2) + 2, 2 * (bands + 2) + 2) and grid.mode == "RGB"


def test_sounds_are_rebuilt_compressed_and_embedded(capsys, place: Path, data: Path, model: Path) -> None:
    answer(capsys, "reconstruct", model, data, "--out", place / "again.npz")
    x = np.load(place / "again.npz")["x"]
    assert x.dtype == np.int16 and len(x) == 40
    answer(capsys, "compress", model, data, "--out", place / "small.amg")
    answer(capsys, "decompress", model, place / "small.amg", "--out", place / "back")
    assert len(list((place / "back").rglob("*.wav"))) == 40
    answer(capsys, "embed", model, data, "--out", place / "codes.npz", "--plot", place / "map.html")
    assert np.load(place / "codes.npz")["code"].shape == (40, 16)
    assert answer(capsys, "detect", model, data, "--out", place / "scores.csv")["n"] > 0


def test_noise_is_removed_file_by_file_and_only_once(capsys, place: Path, model: Path) -> None:
    noisy, chance = place / "noisy", np.random.default_rng(0)
    noisy.mkdir()
    for row in range(3):
        wave = note(300 + 50 * row, 0.25) + 0.05 * chance.standard_normal(2000).astype(np.float32)
        (noisy / f"{row}.wav").write_bytes(wav(whole(wave, 16)))
    (noisy / "long.wav").write_bytes(wav(whole(note(300, 3) * 0 + note(200, 3), 16)))
    words = ("restore", model, noisy, "--task", "denoise", "--out", place / "clean")
    found = answer(capsys, *words, code=3)
    assert found["n"] == 3 and found["written"] == 3
    assert "this model cleans sounds of at most" in found["skipped"][0]["reason"]
    assert answer(capsys, "info", place / "clean" / "0.wav")["provenance"]["source"].startswith("restored")
    assert answer(capsys, *words, code=3)["written"] == 0


def test_sounds_are_measured_by_their_own_measures(capsys, data: Path, model: Path) -> None:
    found = answer(capsys, "evaluate", model, data, "--count", 8)
    metrics = found["metrics"]
    assert 0 < metrics["log_spectral_distance"] < 40 and "dB" in found["names"]["log_spectral_distance"]
    assert {"frechet_distance", "label_agreement", "label_agreement_real"} <= set(metrics)
    assert not {"psnr", "ssim", "bits_per_pixel", "r_squared"} & set(metrics)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("generate MODEL --watermark --out OUT/x", "sounds bear no watermark; files say in their metadata"),
        ("generate MODEL --walk OUT/walk.webp --frames 4", "a film shows pictures"),
        ("export MODEL --to page --out OUT/page.html", "a page shows pictures"),
        ("restore MODEL DATA --task dejpeg --out OUT/d", "models of sounds remove noise and do nothing else"),
        ("train DATA --system restorer --out OUT/mended", "and the data is sounds"),
        ("train DATA --flip --out OUT/flipped", "the data is sounds: leave out --flip"),
    ],
)
def test_what_sounds_refuse_is_said(
    capsys, place: Path, data: Path, model: Path, words: str, why: str
) -> None:
    named = {"MODEL": str(model), "DATA": str(data)}
    given = [named.get(word, word).replace("OUT", str(place)) for word in words.split()]
    assert why in answer(capsys, *given, code=2)["error"]


def test_a_model_reads_other_rates_and_refuses_pictures(capsys, place: Path, model: Path) -> None:
    other = write_notes(place / "faster", 4, 22_050)
    found = answer(capsys, "reconstruct", model, other, "--out", place / "slower.npz")
    assert found["n"] == 8
    (place / "pictures").mkdir()
    Image.new("L", (16, 16)).save(place / "pictures" / "x.png")
    said = answer(capsys, "reconstruct", model, place / "pictures", "--out", place / "no.npz", code=1)
    assert "x.png: is a PNG picture, no sound" in said["error"]


def test_python_takes_paths_and_waves(data: Path, model: Path) -> None:
    held = ag.load(model)
    file = data / "low" / "000.wav"
    by_path, by_wave = held.encode(str(file)), held.encode(wavfile.read(file)[1])
    assert np.allclose(by_path, by_wave, atol=1e-5)
    again = held.reconstruct(note(300))
    assert again.dtype == np.int16 and again.shape[-1] == open_data(data).records.pixels([0]).shape[1]
    with pytest.raises(UsageError, match="is silent"):
        held.encode(np.zeros(800, np.float32))


def test_waves_in_an_array_need_a_rate(capsys, place: Path) -> None:
    rows = np.stack([note(300 + 20 * row, 0.2) for row in range(20)])
    rows[3] = 0
    np.savez(place / "waves.npz", x=rows, y=np.arange(20) % 2)
    said = answer(capsys, "inspect", place / "waves.npz", "--kind", "sound", code=1)
    assert "does not say how many samples a second" in said["error"] and "--rate" in said["error"]
    found = answer(capsys, "inspect", place / "waves.npz", "--kind", "sound", "--rate", RATE, code=3)
    assert found["read"] == 19 and found["skipped"][0]["reason"] == "is silent"


def test_drums_are_made_on_the_spot_and_always_the_same() -> None:
    first = open_data("drums", DataConfig(rate=8_000))
    assert first.spec.classes == ("clap", "hat", "kick", "snare", "tom", "tone")
    assert len(first.records) == 900 and len(first.test) == 180 and first.own_splits
    assert first.inspection.duplicates.count == 0 and first.inspection.skipped == ()
