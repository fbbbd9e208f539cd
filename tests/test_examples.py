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


@pytest.fixture(scope="module")
def s0(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, float]], Path]:
    out = tmp_path_factory.mktemp("s0")
    return load("s0").main(images=60_000, out=out), out


@pytest.fixture(scope="module")
def s2(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, float], Path]:
    out = tmp_path_factory.mktemp("s2")
    return load("s2").main(images=60_000, out=out), out


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


def test_s2_compresses_restores_and_generates(s2: tuple[dict[str, float], Path]) -> None:
    numbers = s2[0]
    assert numbers["pixels for one number of the code"] == 4
    assert numbers["PSNR dB: rebuilt"] > principal_components_psnr(16) > numbers["PSNR dB: the mean picture"]
    assert numbers["PSNR dB: restored"] > numbers["PSNR dB: restored without having learned it"] + 0.5
    assert numbers["PSNR dB: restored"] > numbers["PSNR dB: noisy"] + 2
    assert numbers["Fréchet in pixels: new"] < 3 * numbers["Fréchet in pixels: test digits"]


def test_s2_learns_classes_from_few_labels_and_more_from_all(s2: tuple[dict[str, float], Path]) -> None:
    few, every = (s2[0][f"accuracy: {labels} labels"] for labels in ("50", "all"))
    assert 0.9 < few < every < 1


@pytest.mark.parametrize(("name", "rows"), [("s0", 4), ("s2", 5)])
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
