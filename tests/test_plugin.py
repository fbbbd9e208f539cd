"""The page on adding a system: its code is the example file, and the example is a system like any other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from amalgan.config import fields
from amalgan.config.parts import Networks
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws
from amalgan.data import open_data
from amalgan.metrics.distortion import pooled_psnr
from amalgan.objectives import latent
from amalgan.systems import model_file, registry
from amalgan.systems.abilities import abilities
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from amalgan.training import loop
from amalgan.training.processes import Processes
from amalgan.training.run import execute

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "plugin_example.py"
SMALL = Networks(dense=True, hidden=96, layers=1)


@pytest.fixture(scope="module", autouse=True)
def plugin() -> Iterator[None]:
    """The example, loaded for this file alone."""
    before = dict(registry._CLASSES)
    assert registry.load_plugin(EXAMPLE) == ["wae"]
    yield
    registry._CLASSES.clear()
    registry._CLASSES.update(before)


def order(out: Path, **changes: object) -> TrainOptions:
    settings = replace(registry.config_class("wae")(), network=SMALL, pull=changes.pop("pull", 1.0))
    plain = TrainOptions(data="digits", system="wae", settings=settings, out=out, images=25_600, device="cpu")
    return replace(plain, **changes)


def trained(out: Path, pull: float) -> Model:
    return model_file.load(execute(order(out, pull=pull), Console(quiet=True)).model)


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("pulled") / "run", 1.0)


@pytest.fixture(scope="module")
def free(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("free") / "run", 0.0)


def test_the_page_shows_the_file() -> None:
    page = (ROOT / "docs" / "adding-a-system.md").read_text()
    assert page.split("```python\n")[1].split("```")[0] == EXAMPLE.read_text()


def test_its_configuration_returns_from_json() -> None:
    config = registry.config_class("wae")(code_size=5, network=SMALL)
    back = fields.from_json(type(config), json.loads(json.dumps(fields.to_json(config))))
    assert back == config


def test_it_reconstructs_held_out_digits(pulled: Model) -> None:
    x = open_data("digits").test.take(slice(None))
    mean = open_data("digits").train.take(slice(None)).mean(0).expand_as(x)
    rebuilt = pulled.system.decode(pulled.system.encode(x)).clamp(-1, 1)
    assert pooled_psnr(rebuilt, x, 2.0) > pooled_psnr(mean, x, 2.0) + 6


def test_the_pull_makes_codes_normal(pulled: Model, free: Model) -> None:
    x = open_data("digits").test.take(slice(None))
    normal = torch.randn(len(x), 16, generator=torch.Generator().manual_seed(0))
    with_pull, without = (latent.mmd(model.system.encode(x), normal).item() for model in (pulled, free))
    assert with_pull < 0.02 < without


def test_a_published_model_generates_the_class_asked_for(pulled: Model) -> None:
    assert abilities(pulled.system) == ["encode", "decode", "sample_code", "generate"]
    made = next(generate(pulled, 100, label="0", seed=1))
    assert torch.equal(made, next(generate(pulled, 100, label="0", seed=1)))
    train = open_data("digits").train
    means = torch.stack([train.take(train.labels == digit).mean(0) for digit in range(10)])
    nearest = torch.cdist(made.flatten(1), means.flatten(1)).argmin(1)
    assert (nearest == 0).float().mean() > 0.8


def test_a_loss_over_a_set_refuses_micro_batches(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"phase 'wae' .* micro-batches of 16 .* Leave out --micro-batch"):
        execute(order(tmp_path / "run", micro_batch=16), Console(quiet=True))


def test_a_loss_over_a_set_is_refused_before_it_is_timed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="micro-batches of 1 "):
        execute(order(tmp_path / "run", micro_batch=1, images=None, minutes=1.0), Console(quiet=True))


def test_a_loss_over_a_set_allows_a_micro_batch_that_holds_the_batch(tmp_path: Path) -> None:
    execute(order(tmp_path / "run", micro_batch=64, images=128), Console(quiet=True))


def test_a_loss_over_a_set_refuses_several_processes() -> None:
    system = registry.system_class("wae")(registry.config_class("wae")(), open_data("digits").spec)
    run = RunConfig(system="wae", settings=system.config, data="digits", images=64)
    with pytest.raises(UsageError, match=r"2 processes share the batch\. Train in one process"):
        loop.refuse_split(run, system.phases(), Processes(rank=0, world=2))
    plain = replace(system.phases()[0], whole_batch=False)
    loop.refuse_split(replace(run, micro_batch=16), [plain], Processes(rank=0, world=2))


def test_splitting_would_change_the_loss(pulled: Model) -> None:
    code = pulled.system.encode(open_data("digits").test.take(slice(0, 64)))
    normal = Draws(seed=0, round=0, total=64).normal("prior codes", 16)
    halves = [latent.mmd(code[part], normal[part]) for part in (slice(0, 32), slice(32, 64))]
    assert abs(latent.mmd(code, normal) - torch.stack(halves).mean()) > 1e-4


def test_a_plugin_may_postpone_its_annotations(tmp_path: Path) -> None:
    postponed = tmp_path / "postponed.py"
    postponed.write_text(
        "from __future__ import annotations\n\n" + EXAMPLE.read_text().replace('"wae"', '"postponed"')
    )
    assert registry.load_plugin(postponed) == ["postponed"]
    config = registry.config_class("postponed")(network=SMALL)
    assert fields.from_json(type(config), fields.to_json(config)) == config


def test_a_plugin_may_be_loaded_twice() -> None:
    assert registry.load_plugin(EXAMPLE) == ["wae"]


def test_a_plugin_that_fails_is_named(tmp_path: Path) -> None:
    broken, empty = tmp_path / "broken.py", tmp_path / "empty.py"
    broken.write_text("1 / 0")
    empty.write_text("")
    with pytest.raises(UsageError, match=r"broken\.py failed: ZeroDivisionError"):
        registry.load_plugin(broken)
    with pytest.raises(UsageError, match=r"empty\.py registers no system"):
        registry.load_plugin(empty)
    with pytest.raises(UsageError, match="not a Python file"):
        registry.load_plugin(tmp_path / "missing.py")
