"""What holds on a CPU holds on an accelerator: training, resuming, and every command.

Skipped where there is none. AMALGAN_TEST_DEVICE names the device: cuda unless said, or mps; cpu tries these tests
themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.cli import main
from amalgan.core.randomness import Draws
from amalgan.core.types import Batch, Tick
from amalgan.systems import model_file
from amalgan.systems.base import System
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState
from support import SPECS, build, built_in, examples, outputs, settled, stretches, tick
from workshop import BATCH, ROUNDS, Workshop, tensors_in

DEVICE = os.environ.get("AMALGAN_TEST_DEVICE", "cuda")
THERE = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}[DEVICE]
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not THERE, reason=f"torch sees no {DEVICE} on this machine"),
]
CLOSE = 4e-3
"""A GPU may convolve in TF32, which rounds what it multiplies to 11 bits: 5e-4 a layer, of some layers in a row."""
ROUNDED = 0.2
"""Codes of whole levels: one entry in 25 may round the other way, by as much as entries are large."""

every_system = pytest.mark.parametrize("name", built_in())


def moved(batch: Batch) -> Batch:
    """The same examples on the device."""
    return Batch(batch.x.to(DEVICE), batch.label.to(DEVICE), batch.index.to(DEVICE))


def moved_tick(now: Tick) -> Tick:
    """The same moment with its numbers on the device."""
    return now._replace(draws=replace(now.draws, device=DEVICE), kept={})


def reports(system: System, batch: Batch, now: Tick) -> loop.Report:
    """What each active phase of a round says, each from the weights as they are."""
    state, found = TrainState.fresh(system), {}
    for phase, adam in zip(state.phases, state.optimizers, strict=True):
        if phase.active(now.round, now.progress):
            found |= loop.descend(state, phase, adam, batch, now, None, Processes(device=str(batch.x.device)))
    return {name: float(value) for name, value in found.items()}


@every_system
@pytest.mark.parametrize("spec", ["gray with classes", "color, not square, classes", "vectors with classes"])
def test_a_round_says_what_it_says_on_a_cpu(name: str, spec: str) -> None:
    if name in ("codec", "restorer") and SPECS[spec].kind == "vector":
        pytest.skip("for pictures alone")
    batch = examples(SPECS[spec])
    for progress in stretches(build(name, SPECS[spec])):
        here, there = (settled(build(name, SPECS[spec]), batch) for _ in range(2))
        now = tick(0, progress, len(batch.x))
        expected = reports(here, batch, now)
        found = reports(there.to(DEVICE), moved(batch), moved_tick(now))
        assert found.keys() == expected.keys()
        for term, value in expected.items():
            assert found[term] == pytest.approx(value, rel=2e-2, abs=2e-3), term


@every_system
def test_settling_leaves_everything_where_it_was(name: str) -> None:
    batch, here, there = moved(examples()), settled(build(name), examples()), build(name).to(DEVICE)
    with torch.no_grad():
        there.settle([batch], Draws(seed=0, round=0, total=len(batch.x)))
    expected, found = here.state_dict(), there.state_dict()
    assert {value.device.type for value in found.values()} == {DEVICE} and found.keys() == expected.keys()
    for key, value in expected.items():
        assert (found[key].dtype, found[key].shape) == (value.dtype, value.shape), key
    assert all(value.isfinite().all() for _, value in outputs(there, batch))


@every_system
def test_stopped_and_resumed_is_never_stopped(name: str, workshop: Workshop) -> None:
    workshop.run(workshop.order(name, "whole", device=DEVICE))
    for stop in (1, ROUNDS // 2):
        order = workshop.order(name, f"stopped-{stop}", device=DEVICE)
        workshop.stop_at(order, stop)
        result = workshop.run(replace(order, resume=True))
        assert result.resumed_at_images == stop * BATCH
        whole, resumed = tensors_in(workshop.folder / "whole"), tensors_in(order.out)
        assert [key for key, value in whole.items() if not torch.equal(value, resumed[key])] == []


@every_system
def test_a_model_computes_the_same_on_both(name: str, workshop: Workshop) -> None:
    file = workshop.run(workshop.order(name, device=DEVICE, precision="float32")).model
    here, there = model_file.load(file), model_file.load(file, DEVICE)
    assert here.digest == there.digest
    expected = dict(outputs(here.system, examples()))
    found = dict(outputs(there.system, moved(examples())))
    assert expected and found.keys() == expected.keys()
    for key, value in found.items():
        apart = (value.cpu() - expected[key]).norm() / expected[key].norm().clamp(min=1e-6)
        assert apart < (ROUNDED if name in ("quantized", "codec") else CLOSE), key


TINY = ("--network.width", "8", "--network.widest", "16", "--batch", "32", "--device", DEVICE)
CRITIC = ("--critic.network.width", "8", "--critic.network.widest", "16")
CODE = ("--code-size", "8", "--prior.parts", "10")
TRAINED = {
    "fusion": ("digits", *TINY, *CRITIC, *CODE),
    "supervised": ("digits", *TINY, "--code-size", "8", "--labeled", "200"),
    "restorer": ("digits", *TINY, "--network.blocks", "1"),
    "codec": ("digits", *TINY),
    "gan": ("iris", "--network.hidden", "16", "--batch", "32", "--device", DEVICE),
}
COMMANDS = {
    "generate pictures": "fusion generate MODEL --count 8 --out OUT --watermark",
    "generate an array": "fusion generate MODEL --count 8 --out OUT/x.npz --label 3 --decoder faithful",
    "generate vectors": "gan generate MODEL --count 8 --out OUT/x.csv",
    "walk": "fusion generate MODEL --walk OUT/walk.webp",
    "reconstruct": "fusion reconstruct MODEL digits --out OUT/x.npz --decoder realistic",
    "restore": "restorer restore MODEL PICTURES --task denoise --out OUT",
    "fill holes": "fusion restore MODEL PICTURES --task inpaint --mask #000000 --samples 2 --out OUT",
    "compress": "codec compress MODEL digits --out OUT/x.amg",
    "compress by a code": "fusion compress MODEL digits --out OUT/x.amg",
    "embed": "fusion embed MODEL digits --out OUT/x.npz --plot OUT/map.png",
    "classify": "supervised classify MODEL digits --out OUT/x.csv",
    "detect": "fusion detect MODEL digits --out OUT/x.csv",
    "trace": "fusion trace MODEL digits --out OUT/x.csv --reals digits",
    "augment": "fusion augment MODEL digits --out OUT/new --times 0.1",
    "explore": "fusion explore MODEL digits --out OUT",
    "evaluate": "fusion evaluate MODEL digits --count 60",
    "evaluate vectors": "gan evaluate MODEL iris --count 30",
    "report": "fusion report MODEL digits --out OUT",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a cache of its own and room for runs."""
    folder = tmp_path_factory.mktemp("gpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield folder


def model_of(system: str, home: Path) -> Path:
    """A model trained a moment on the device, the first time it is asked for."""
    out = home / system
    if not (out / "model.safetensors").exists():
        data, *flags = TRAINED[system]
        words = [
            "train",
            data,
            "--system",
            system,
            "--images",
            "1600",
            *flags,
            "--out",
            str(out),
            "--overwrite",
        ]
        assert main(words) == 0
    return out


def pictures(folder: Path) -> Path:
    """Two pictures in a folder."""
    folder.mkdir()
    for number in range(2):
        pixels = np.random.default_rng(number).integers(0, 2, (8, 8)).astype(np.uint8) * 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_runs_there(command: str, home: Path, tmp_path: Path) -> None:
    system, *words = COMMANDS[command].split()
    named = {"MODEL": str(model_of(system, home)), "PICTURES": str(pictures(tmp_path / "pictures"))}
    words = [named.get(word, word).replace("OUT", str(tmp_path)) for word in words]
    assert main([*words, "--device", DEVICE]) == 0


def test_a_comparison_trains_and_measures_there(home: Path, tmp_path: Path) -> None:
    words = ["compare", "digits", "--systems", "autoencoder,gan", "--seeds", "1", "--images", "640"]
    assert main([*words, "--out", str(tmp_path), "--device", DEVICE]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    seconds = "cpu_seconds" if DEVICE == "cpu" else "device_seconds"
    for row in ("autoencoder", "gan"):
        assert report["table"][row]["frechet_distance"]["mean"] > 0
        assert 0 < report["table"][row][seconds]["mean"] < 120
    assert f"--device {DEVICE}" in report["systems"][0]["command"]


@pytest.mark.parametrize("system", ["fusion", "codec"])
def test_what_is_written_on_one_is_read_on_the_other(system: str, home: Path, tmp_path: Path) -> None:
    model = str(model_of(system, home))
    packed, apart = str(tmp_path / "x.amg"), (tmp_path / "here.npz", tmp_path / "there.npz")
    assert main(["compress", model, "digits", "--out", packed, "--device", DEVICE]) == 0
    for out, device in zip(apart, ("cpu", DEVICE), strict=True):
        assert main(["decompress", model, packed, "--out", str(out), "--device", device]) == 0
    here, there = (np.load(out)["x"].astype(int) for out in apart)
    assert abs(here - there).max() <= 1, "pixels round; numbers that were written do not"
