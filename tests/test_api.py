"""The Python API: arrays and pictures in, arrays out."""

from __future__ import annotations

import inspect
import random
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import amalgan as ag
from amalgan.config.parts import Critic, Networks
from amalgan.config.systems import AutoencoderConfig, FusionConfig, GanConfig
from amalgan.core.errors import Interrupted, UsageError
from amalgan.training import loop, plan

TINY = Networks(width=8, widest=16, hidden=16)


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def fused():
    settings = FusionConfig(code_size=8, network=TINY, critic=Critic(network=TINY))
    return ag.train("fusion", "digits", images=640, batch=32, settings=settings, device="cpu", quiet=True)


@pytest.fixture(scope="module")
def color():
    pictures = np.random.default_rng(0).integers(0, 256, (40, 10, 12, 3), dtype=np.uint8)
    settings = AutoencoderConfig(code_size=8, network=TINY)
    return ag.train("autoencoder", pictures, images=64, batch=32, settings=settings, device="cpu", quiet=True)


@pytest.fixture(scope="module")
def table():
    values = np.random.default_rng(0).normal(3, 5, size=(60, 5))
    settings = AutoencoderConfig(network=TINY)
    return ag.train("autoencoder", values, images=320, batch=32, settings=settings, device="cpu", quiet=True)


def test_what_was_interrupted_without_a_folder_is_kept_and_goes_on(monkeypatch, tmp_path):
    whole, rounds = loop.take_round, []

    def take_round(*args, **named):
        rounds.append(1)
        if len(rounds) == 4:
            signal.raise_signal(signal.SIGINT)
        return whole(*args, **named)

    monkeypatch.setattr(loop, "take_round", take_round)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    how = {
        "images": 320,
        "batch": 32,
        "settings": AutoencoderConfig(network=TINY),
        "device": "cpu",
        "quiet": True,
    }
    values = np.random.default_rng(0).normal(size=(60, 5))
    with pytest.raises(Interrupted, match="the state is saved") as caught:
        ag.train("autoencoder", values, **how)
    (out,) = re.findall("out='(.*?)', resume=True", str(caught.value))
    assert caught.value.exit_code == 130 and (Path(out) / "state.safetensors").exists()
    resumed = ag.train("autoencoder", values, out=out, resume=True, **how)
    assert len(rounds) == 10
    assert np.array_equal(resumed.encode(values), ag.train("autoencoder", values, **how).encode(values))
    assert [folder for folder in tmp_path.glob("amalgan-*")] == [Path(out).parent]


def test_what_was_interrupted_before_anything_was_saved_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(plan, "read", lambda *_: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted, match="stopped by SIGTERM; nothing was saved yet"):
        ag.train("autoencoder", "digits", images=64, quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_importing_waits_for_nothing():
    code = "import sys, amalgan; assert amalgan.__version__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_there_is_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ag.trian  # noqa: B018


def test_generate(fused):
    made = fused.generate(5, label="3", seed=1)
    assert (made.shape, made.dtype) == ((5, 8, 8), np.uint8)
    assert np.array_equal(made, fused.generate(9, label="3", seed=1)[:5])
    assert not np.array_equal(made, fused.generate(5, label="3", seed=2))
    assert fused.generate(0).shape == (0, 8, 8)
    assert not np.array_equal(made, fused.generate(5, label="3", seed=1, decoder="faithful"))


def test_encode_and_decode_are_reconstruct(fused):
    x = fused.generate(300)
    code = fused.encode(x)
    assert (code.shape, code.dtype) == ((300, 8), np.float32)
    assert np.array_equal(fused.decode(code), fused.reconstruct(x))
    assert np.array_equal(fused.decode(code[0]), fused.reconstruct(x[0]))
    assert not np.array_equal(fused.reconstruct(x, decoder="realistic"), fused.reconstruct(x))


def test_pictures_in_any_form_have_one_code(fused, color):
    gray = fused.generate(2)
    code = fused.encode(gray)
    for form in (
        gray[..., None],
        [Image.fromarray(one) for one in gray],
        list(gray),
        np.stack([gray] * 3, -1),
    ):
        assert np.array_equal(fused.encode(form), code)
    assert np.array_equal(fused.encode(Image.fromarray(gray[0])), fused.encode(gray[0]))
    picture = color.generate(1)[0]
    assert picture.shape == (10, 12, 3)
    assert np.array_equal(color.encode(picture), color.encode(Image.fromarray(picture)))
    assert color.encode(picture[..., 0]).shape == (1, 8)


def test_other_sizes_are_fitted_as_the_reader_does(fused, tmp_path):
    large = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 44, 3), dtype=np.uint8))
    large.save(tmp_path / "large.png")
    from amalgan.data import open_data

    read = open_data(tmp_path / "large.png", like=fused.spec, at_least=1).records.take([0])
    assert np.array_equal(fused.encode(large), fused.model.system.encode(read).numpy())


@pytest.mark.parametrize(
    "x", [np.full((2, 8, 8), 9.5), np.zeros((3, 8, 8, 5), np.uint8), ["a.png"], np.zeros(3, np.uint8)]
)
def test_what_is_no_picture_is_refused(fused, x):
    with pytest.raises(ag.AmalganError, match=r"this model reads uint8|cannot read a.png: No such"):
        fused.encode(x)


def test_vectors(table):
    made = table.generate(4)
    assert (made.shape, made.dtype) == ((4, 5), np.float32)
    assert table.encode(made[0]).shape == (1, 2)
    assert table.reconstruct(made).shape == (4, 5)
    assert abs(float(table.generate(200).mean()) - 3) < 2
    with pytest.raises(ag.AmalganError, match=r"this model has \(N, 5\) numbers"):
        table.encode(np.zeros((4, 6)))
    found = table.evaluate(np.random.default_rng(1).normal(3, 5, size=(60, 5)))
    assert found.n > 0 and found.metrics["squared_error"] > 0


def test_save_and_load(fused, tmp_path):
    fused.save(tmp_path / "m.safetensors")
    again = ag.load(tmp_path / "m.safetensors")
    assert again.info == fused.info
    assert again.info["training"]["images"] == 640
    assert np.array_equal(again.generate(3), fused.generate(3))


def test_a_model_that_lacks_an_ability():
    settings = GanConfig(network=TINY, critic=Critic(network=TINY))
    model = ag.train("gan", "iris", images=64, batch=32, settings=settings, device="cpu", quiet=True)
    with pytest.raises(ag.AmalganError, match="cannot encode"):
        model.encode(np.zeros(4))


def test_out_keeps_the_run(tmp_path):
    settings = AutoencoderConfig(network=TINY)
    for _ in range(2):
        ag.train(
            "autoencoder", "iris", images=64, out=tmp_path, settings=settings, overwrite=True, quiet=True
        )
    assert ag.load(tmp_path).spec.shape == (4,)
    with pytest.raises(ag.AmalganError, match="holds a run already"):
        ag.train("autoencoder", "iris", images=64, out=tmp_path, settings=settings, quiet=True)


def test_minutes_or_images():
    with pytest.raises(ag.AmalganError, match="give one of them"):
        ag.train("gan", "iris", minutes=1, images=64)


def test_walk(fused, color, table):
    ends = fused.generate(2, seed=4)
    film = fused.walk(between=ends, frames=12, decoder="faithful")
    assert (film.shape, film.dtype) == ((12, 8, 8), np.uint8)
    assert np.abs(film[[0, 6]].astype(int) - fused.reconstruct(ends)).max() <= 1
    assert np.array_equal(fused.walk(seed=1), fused.walk(seed=1))
    assert color.walk(frames=4).shape == (4, 10, 12, 3)
    with pytest.raises(UsageError, match="between holds 1 pictures"):
        fused.walk(between=ends[0])
    with pytest.raises(UsageError, match="this model makes 5 numbers"):
        table.walk()


def test_systems():
    facts = {system.name: system for system in ag.known_systems()}
    assert facts["gan"].abilities == ("generate", "judge")
    assert all(system.summary and system.paper and system.lines for system in facts.values())


@pytest.mark.parametrize(
    "call", ["m.generate(2, decoder='foo')", "m.reconstruct(np.zeros((8, 8), np.uint8), decoder='foo')"]
)
def test_a_decoder_that_there_is_not_is_refused(fused, tmp_path, call):
    fused.save(tmp_path / "m.safetensors")
    code = f"import numpy as np, amalgan as ag; m = ag.load('m.safetensors'); {call}"
    command = [
        sys.executable,
        "-c",
        code,
    ]  # where types are not enforced, as other tests of this process may do
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and "UsageError: decoder is 'foo'" in done.stderr


def _states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


def _refused(model):
    with pytest.raises(UsageError):
        model.generate(2, label="no such class")


def test_the_callers_random_numbers_go_on_as_if_nothing_had_been_called(fused, tmp_path):
    fused.save(tmp_path / "m.safetensors")
    pictures = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    calls = {
        "load": lambda: ag.load(tmp_path / "m.safetensors"),
        "train": lambda: ag.train("autoencoder", pictures, images=64, batch=32, device="cpu", quiet=True),
        "evaluate": lambda: fused.evaluate(pictures, count=40),
        "generate": lambda: fused.generate(2),
        "refused": lambda: _refused(fused),
    }
    torch.manual_seed(1)
    for name, call in calls.items():
        before = _states()
        call()
        assert _states() == before, name


def test_every_door_keeps_the_callers_generators():
    doors = [ag.load, ag.train, ag.compare]
    doors += [
        call for name, call in inspect.getmembers(ag.Model, inspect.isfunction) if not name.startswith("_")
    ]
    assert [door.__name__ for door in doors if not hasattr(door, "__wrapped__")] == []
    assert len(doors) > 18


def test_arrays_leave_no_copy_of_themselves_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    x = np.random.default_rng(0).integers(0, 256, (80, 8, 8), dtype=np.uint8)
    settings = AutoencoderConfig(code_size=8, network=TINY)
    model = ag.train("autoencoder", x, images=640, batch=32, settings=settings, device="cpu", quiet=True)
    model.evaluate(x, count=8)
    model.explore(x, tmp_path / "page", count=16)
    left = [path for path in tmp_path.rglob("*.npy")]
    assert not left
    assert not [*tmp_path.glob("amalgan-*")]
