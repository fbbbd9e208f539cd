"""The examples run as they are printed, and reach what a dull answer does not."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from amalgan.data import open_data
from amalgan.metrics.distortion import decibels

EXAMPLES = Path(__file__).parents[1] / "examples"


def load(name: str) -> ModuleType:
    """An example as a module; importing it must not run it."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def principal_components_psnr(count: int) -> float:
    """PSNR of test digits rebuilt from so many principal components: the best that linear layers can learn."""
    data = open_data("digits")
    seen, x = (records.take(slice(None)).flatten(1).double().numpy() for records in (data.train, data.test))
    components = PCA(count, svd_solver="full").fit(seen)
    error = components.inverse_transform(components.transform(x)) - x
    return decibels(float(np.square(error).mean()), 2.0)


def best_kept(word: str) -> float:
    """R² of test examples rebuilt from ten principal components."""
    data = open_data(word)
    seen, x = (records.take(slice(None)).flatten(1).double().numpy() for records in (data.train, data.test))
    components = PCA(10, svd_solver="full").fit(seen)
    error = components.inverse_transform(components.transform(x)) - x
    return 1 - float(np.square(error).sum() / np.square(x - x.mean(0)).sum())


@pytest.fixture(scope="module")
def s0(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, float]], Path]:
    out = tmp_path_factory.mktemp("s0")
    return load("s0").main(images=60_000, out=out), out


@pytest.fixture(scope="module")
def s2(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], Path]:
    out = tmp_path_factory.mktemp("s2")
    return load("s2").main(images=60_000, out=out), out


@pytest.fixture(scope="module")
def s4(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, float]], Path]:
    out = tmp_path_factory.mktemp("s4")
    return load("s4").main(images=60_000, out=out), out


def test_s0_steps_do_what_the_article_says(s0: tuple[dict[str, dict[str, float]], Path]) -> None:
    autoencoder, gan, whole = s0[0].values()
    linear = principal_components_psnr(16)
    assert autoencoder["x′ dB"] > linear, "step 1 learns more than linear layers could"
    assert autoencoder["x″ dB"] < 11, (
        "before step 2 the generator knows nothing: the mean picture has 11.4 dB"
    )
    assert gan["x″ dB"] > 16, "told the code, it paints the picture"
    assert whole["x″ dB"] > gan["x″ dB"] and whole["x′ dB"] > linear


def test_s0_new_digits_are_near_the_real_ones(s0: tuple[dict[str, dict[str, float]], Path]) -> None:
    autoencoder, gan, whole = s0[0].values()
    assert whole["Fréchet x"] < whole["Fréchet new"] < gan["Fréchet new"] < autoencoder["Fréchet new"] / 10


def test_s0_plays_the_saturating_game(s0: tuple[dict[str, dict[str, float]], Path]) -> None:
    whole = list(s0[0].values())[-1]
    assert 0.7 < whole["critic/adversarial"] < 2 * np.log(2), "better than undecided, not unbeaten"
    assert -1.5 < whole["generator/adversarial"] < 0, "log(1 - D) is never above 0"


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, float]], Path]:
    out = tmp_path_factory.mktemp("s1")
    return load("s1").main(images=24_000, out=out), out


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], Path]:
    out = tmp_path_factory.mktemp("s3")
    return load("s3").main(images=16_000, out=out), out


def mean_picture_distance() -> float:
    """Fréchet distance in pixels of one dull answer, the mean digit again and again."""
    data = open_data("digits")
    return float(data.train.take(slice(None)).flatten(1).var(0).sum())


def test_s1_holds_a_gan_in_three_ways(s1: tuple[dict[str, dict[str, float]], Path]) -> None:
    real, *made = s1[0].values()
    assert len(made) == 4
    for numbers in made:
        assert real["Fréchet"] < numbers["Fréchet"] < mean_picture_distance() / 2
    assert all(numbers["PSNR dB: rebuilt"] > principal_components_psnr(16) for numbers in made[1:])


def test_s3_makes_a_gan_of_few_digits(s3: tuple[dict[str, float], Path]) -> None:
    real, *made = s3[0].values()
    assert len(made) == 5
    assert all(real < distance < mean_picture_distance() / 2 for distance in made)


def test_s3_changes_codes_and_not_beyond_recognition(s3: tuple[dict[str, float], Path]) -> None:
    sheet = np.asarray(Image.open(s3[1] / "s3.png")).astype(float)
    cells = sheet[2:, 2:].reshape(5, 34, 16, 34)[:, :32, :, :32].swapaxes(1, 2)
    digits, *changed, _ = cells
    among = np.square(digits[:, None] - digits[None]).mean()
    for anew in changed:
        assert 0.02 * among < np.square(anew - digits).mean() < 0.7 * among


def test_s2_compresses_restores_and_generates(s2: tuple[dict[str, float], Path]) -> None:
    numbers = s2[0]
    assert numbers["pixels for one number of the code"] == 4
    assert numbers["PSNR dB: rebuilt"] > principal_components_psnr(16) > numbers["PSNR dB: the mean picture"]
    assert numbers["PSNR dB: restored"] > numbers["PSNR dB: restored without having learned it"] + 0.5
    assert numbers["PSNR dB: restored"] > numbers["PSNR dB: noisy"] + 2
    assert numbers["Fréchet in pixels: new"] < 3 * numbers["Fréchet in pixels: test digits"]


def test_s4_keeps_what_can_be_kept(s4: tuple[dict[str, dict[str, float]], Path]) -> None:
    noise, vectors, pictures = s4[0].values()
    assert noise["R² of the autoencoder"] == pytest.approx(0.5, abs=0.03), (
        "half of the numbers, half of the variance"
    )
    assert 0.97 < vectors["R² of the autoencoder"] < best_kept("gaussians") + 0.001
    assert pictures["R² of the autoencoder"] > best_kept("digits")


def test_s4_compares_what_both_can_do(s4: tuple[dict[str, dict[str, float]], Path]) -> None:
    _, vectors, pictures = s4[0].values()
    assert vectors["classes of 10, autoencoder"] == 10 and vectors["classes of 10, GAN"] >= 2
    for found in (vectors, pictures):
        assert found["Fréchet distance, autoencoder"] < found["Fréchet distance, GAN"], (
            "in a minute; not for ever"
        )
    mean_alone = 100  # vectors that are all the mean miss the whole variance, 1 an entry
    assert vectors["Fréchet distance, GAN"] < mean_alone / 2


def test_s4_tells_the_classes_to_nobody(s4: tuple[dict[str, dict[str, float]], Path]) -> None:
    for word in ("gaussians", "digits"):
        told, untold = open_data(word), open_data(s4[1] / f"s4-{word}.npz")
        assert untold.spec.classes == () and untold.spec.center == told.spec.center
        assert len(untold.train) == len(told.train) and untold.spec.spread == told.spec.spread


def test_s2_learns_classes_from_few_labels_and_more_from_all(s2: tuple[dict[str, float], Path]) -> None:
    few, every = (s2[0][f"accuracy: {labels} labels"] for labels in ("50", "all"))
    assert 0.9 < few < every < 1


@pytest.mark.parametrize(("name", "rows"), [("s0", 4), ("s1", 6), ("s2", 5), ("s3", 5), ("s4", 4)])
def test_the_grid_shows_distinct_digits(name: str, rows: int, request: pytest.FixtureRequest) -> None:
    sheet = np.asarray(Image.open(request.getfixturevalue(name)[1] / f"{name}.png"))
    assert sheet.shape == (rows * 34 + 2, 16 * 34 + 2)
    cells = sheet[2:, 2:].reshape(rows, 34, 16, 34)[:, :32, :, :32].swapaxes(1, 2)
    new = cells[-1].astype(float)
    assert new.std(0).mean() > 30, "no two new digits alike"
    assert cells[:, :, ::4, ::4].std(axis=(2, 3)).min() > 20, "no cell is flat"


def test_examples_run_as_scripts(tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(EXAMPLES / "s0.py")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert [line[0] for line in done.stdout.splitlines()] == ["1", "2", "4"]
    assert (tmp_path / "runs" / "examples" / "s0.png").is_file()
