"""Series go through every command that applies to them, in the data's own units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import amalgan as ag
from amalgan.cli import main
from amalgan.config.data import DataConfig
from amalgan.core.errors import ConfigError, DataError
from amalgan.core.randomness import Draws
from amalgan.data import open_data
from amalgan.evaluation.scores.reconstruction import rebuild
from amalgan.evaluation.scores.score import Trial
from amalgan.kinds import kind_named
from amalgan.kinds.series import measures
from amalgan.kinds.series.features import Convolutions
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import load
from asking import answer
from series_data import BASE, SMALL, STEPS, windows, write

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("series")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    return write(place / "waves.npz")


@pytest.fixture(scope="module")
def model(place: Path, data: Path) -> Path:
    """A finished run on them."""
    words = [
        "train",
        str(data),
        "--system",
        "fusion",
        "--images",
        "4000",
        *SMALL,
        "--out",
        str(place / "run"),
    ]
    assert main(words) == 0
    return place / "run"


@pytest.mark.parametrize(("flags", "shape"), [([], (3, STEPS)), (["--layout", "channels-last"], (STEPS, 3))])
def test_an_array_that_is_called_series_is_read_as_such(
    capsys, data: Path, flags: list[str], shape: Any
) -> None:
    found = answer(capsys, "inspect", data, *flags)
    assert found["spec"]["kind"] == "series" and tuple(found["spec"]["shape"]) == shape
    assert found["classes"] == {"fast": 160, "slow": 160}


def test_long_fractions_are_never_guessed(capsys, place: Path) -> None:
    x, _ = windows(40)
    np.save(place / "x.npy", x)
    asked = answer(capsys, "inspect", place / "x.npy", code=1)["error"]
    assert "--kind series --layout channels-first" in asked and "--kind image" in asked
    asked = answer(capsys, "inspect", place / "x.npy", "--kind", "series", code=1)["error"]
    assert "which axis is time? --layout channels-first reads 3 channels and 64 steps" in asked
    last = answer(capsys, "inspect", place / "x.npy", "--layout", "channels-last")
    assert last["spec"]["shape"] == [STEPS, 3]
    np.save(place / "narrow.npy", np.random.default_rng(0).random((40, 9, 128), np.float32))
    assert answer(capsys, "inspect", place / "narrow.npy", "--kind", "image")["spec"]["kind"] == "image"


def test_both_layouts_hold_the_same_windows(place: Path) -> None:
    x, _ = windows(40)
    for name, array in (("first", x), ("last", x.transpose(0, 2, 1))):
        np.save(place / f"{name}.npy", np.ascontiguousarray(array))
    one, other = (
        open_data(place / f"{name}.npy", DataConfig(layout=f"channels-{name}")) for name in ("first", "last")
    )
    assert torch.equal(one.records.take(slice(None)), other.records.take(slice(None)))
    assert one.fingerprint == other.fingerprint


def test_an_option_of_series_is_refused_for_other_kinds(place: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match="--window is for windows of series"):
        open_data(data, DataConfig(kind="vector", window=8))
    with pytest.raises(DataError, match="windows have two axes"):
        np.save(place / "four.npy", np.zeros((20, 8, 8, 3), np.float32))
        open_data(place / "four.npy", DataConfig(kind="series"))


def test_windows_are_standardized_channel_by_channel(data: Path) -> None:
    found = open_data(data)
    x = found.train.take(slice(None))
    assert torch.allclose(x.mean((0, 2)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(x.var((0, 2)), torch.tensor([1.0, 1.0, 0.0]), atol=1e-2)
    assert found.spec.spread[2] == 0 and found.spec.center[2] == BASE[2]
    kind = kind_named("series")
    assert np.allclose(kind.to_stored(x[:5], found.spec), found.train.pixels(range(5)), atol=1e-4)
    assert (kind.to_stored(x[:5] + 3, found.spec)[:, 2] == BASE[2]).all()


def test_it_is_generated_in_the_units_of_the_data(capsys, place: Path, model: Path) -> None:
    answer(capsys, "generate", model, "--count", 40, "--out", place / "new.npz")
    x = np.load(place / "new.npz")["x"]
    assert x.shape == (40, 3, STEPS) and x.dtype == np.float32
    assert (x[:, 2] == BASE[2]).all() and 60 < x[:, 1].mean() < 140
    answer(capsys, "generate", model, "--count", 3, "--out", place / "new.csv")
    lines = (place / "new.csv").read_text().splitlines()
    assert lines[0] == "series,time (steps),channel 1,channel 2,channel 3" and len(lines) == 1 + 3 * STEPS
    assert lines[1 + STEPS].startswith("1,0,") and lines[-1].startswith(f"2,{STEPS - 1},")
    assert "windows of series go to tables" in answer(
        capsys, "generate", model, "--count", 3, "--out", place / "folder", code=2
    )["error"].replace(
        "would hold pictures and these are windows of series; write", "windows of series go to tables"
    )


def test_windows_are_drawn_as_lines_with_axes(capsys, place: Path, data: Path, model: Path) -> None:
    spec = open_data(data).spec
    kind = kind_named("series")
    x, _ = windows(2)
    flat = np.full((1, 3, STEPS), 0.0, np.float32)
    pictures = kind.drawn(np.concatenate([x, flat]), spec)
    assert pictures.dtype == np.uint8 and pictures.ndim == 4 and len(pictures) == 3
    assert (pictures[0] != pictures[1]).any() and (pictures[:, :, :30] == pictures[:1, :, :30]).all()
    answer(capsys, "generate", model, "--count", 4, "--out", place / "new.png")
    with Image.open(place / "new.png") as grid:
        height, width = pictures.shape[1:3]
        assert grid.size == (2 * (width + 2) + 2, 2 * (height + 2) + 2)
    assert list((model / "samples").glob("generated-*.png"))


def test_it_is_reconstructed_and_measured(capsys, place: Path, data: Path, model: Path) -> None:
    answer(capsys, "reconstruct", model, data, "--out", place / "again.npz")
    again, (x, _) = np.load(place / "again.npz")["x"], windows()
    assert np.corrcoef(again[:, 1].ravel(), x[:, 1].ravel())[0, 1] > 0.6
    metrics = answer(capsys, "evaluate", model, data, "--count", 60)["metrics"]
    for key in ("autocorrelation_error", "spectrum_error", "variance_error"):
        assert 0 < metrics[f"{key}_floor"] < metrics[key]
    assert metrics["forecast"] < metrics["forecast_floor"]
    assert metrics["accuracy_from_real"] > 0.9
    assert {"r_squared", "frechet_distance", "linear_probe", "accuracy_from_samples"} <= set(metrics)
    assert not {"psnr", "ssim", "bits_per_pixel"} & set(metrics)


def test_each_window_is_held_against_its_own_reconstruction(place: Path, model: Path) -> None:
    (x, _), (later, _) = windows(100), windows(300, seed=1)
    np.savez(place / "own.npz", series_train=x, series_test=later)
    held = load(model / "model.safetensors", "cpu")
    data = open_data(place / "own.npz", like=held.spec)
    found = rebuild(held, Trial(data=data, features=None, count=1000, seed=0), "faithful")
    real = data.test.take(slice(None))
    with torch.no_grad():
        again = held.require(Decodes).decode(held.require(Encodes).encode(real))
    expected = (again - real).square().flatten(1).mean(1)
    assert found.errors.shape == (300,) and torch.allclose(found.errors.float(), expected, atol=1e-4)


def test_it_is_compared_reported_and_explored(capsys, place: Path, data: Path, model: Path) -> None:
    row = "autoencoder:network.hidden=16:code_size=4"
    words = ("--systems", row, "--seeds", 1, "--images", 4000, "--count", 40)
    answer(capsys, "compare", data, *words, "--out", place / "compared")
    page = (place / "compared" / "report.html").read_text()
    assert "ACF error" in page and "Spectrum error of real examples" in page and "data:image/png" in page
    answer(capsys, "report", model, data, "--count", 40, "--out", place / "report")
    assert "data:image/png" in (place / "report" / "report.html").read_text()
    answer(capsys, "explore", model, data, "--count", 20, "--out", place / "explored")
    assert "channel 2 at step" in (place / "explored" / "explore.html").read_text()
    answer(capsys, "augment", model, data, "--times", 0.1, "--out", place / "more")
    assert (place / "more" / "examples.csv").read_text().startswith("series,time (steps),channel 1")


def test_python_takes_windows(model: Path) -> None:
    held = ag.load(model)
    x, _ = windows(6)
    assert held.encode(x).shape[0] == 6 and held.encode(x[0]).shape[0] == 1
    assert held.reconstruct(x).shape == x.shape


def test_equal_sets_have_no_error_and_known_ones_the_right_one() -> None:
    x = torch.randn(400, 2, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert measures.autocorrelation_error(x, x) == measures.spectrum_error(x, x) == 0
    assert measures.variance_error(x * 1.5, x) == pytest.approx(1.25)
    assert measures.spectrum_error(x * 10, x) == pytest.approx(20, abs=1e-3)
    assert measures.autocorrelation(x).abs().max() < 0.05
    walk = torch.sin(torch.arange(32.0) * torch.pi / 8).expand(400, 1, 32).double() * x[:, :1, :1]
    # at half a turn, 8 steps apart, the product of a sine and itself is minus its square
    assert measures.autocorrelation(walk)[0, 7] == pytest.approx(-1, abs=0.05)
    assert measures.forecast(walk, walk) > 0.999 and abs(measures.forecast(x, x.flip(0))) < 0.3


def test_features_tell_speeds_apart_whatever_the_phase() -> None:
    x, label = windows(200)
    x = torch.from_numpy((x - BASE[:, None].astype(np.float32)) / np.array([[1], [20], [1]], np.float32))
    found = Convolutions(x[:100])(x)
    means = torch.stack([found[:100][label[:100] == one].mean(0) for one in (0, 1)])
    nearest = torch.cdist(found[100:], means).argmin(1)
    assert (nearest.numpy() == label[100:]).mean() > 0.95
    assert torch.equal(Convolutions(x[:100])(x), found)


def test_hidden_parts_are_stretches_of_time() -> None:
    kind, x = kind_named("series"), torch.ones(5, 3, STEPS)
    draws = Draws(seed=0, round=0, total=5)
    masked = kind.masked(x, 0.25, draws)
    assert (masked == masked[:, :1]).all() and (masked.mean((1, 2)) == 0.75).all()
    mask = kind.spliced(x, draws)
    turns = (mask[:, 0, 1:] != mask[:, 0, :-1]).sum(1)
    assert mask.shape == (5, 1, STEPS) and (turns <= 2).all() and 0.25 < mask.float().mean() < 0.65
    covered = torch.cat(list(kind.parts((3, STEPS)))).float().sum(0)
    assert covered.shape == (3, STEPS) and (covered > 0).all()
