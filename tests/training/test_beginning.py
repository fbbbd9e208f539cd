"""Where a run begins: the same weights for the same seed, and decoders at the mean of the data."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from amalgan.config.run import RunConfig
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, open_data
from amalgan.systems import registry
from amalgan.training.defaults import settle
from amalgan.training.plan import doubts, fresh_system, mean_of
from amalgan.training.processes import Processes, precision_on
from support import small


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_data("digits")


def run(system: str, digits: Dataset, seed: int = 0) -> RunConfig:
    return RunConfig(
        system=system, settings=small(system).resolved(digits.spec), data="digits", images=64, seed=seed
    )


@pytest.mark.parametrize("system", ["autoencoder", "fusion", "gan"])
def test_pictures_are_as_bright_as_the_data_before_anything_is_learned(system: str, digits: Dataset) -> None:
    mean = float(digits.train.take(slice(None)).mean())
    assert mean < -0.3
    first = fresh_system(run(system, digits), digits, Processes())
    again = fresh_system(run(system, digits), digits, Processes())
    other = fresh_system(run(system, digits, seed=1), digits, Processes())
    painter = first.generator.network if system == "gan" else first.decoder
    assert float(painter.last.bias.detach().mean()) == pytest.approx(mean, abs=0.02)
    pairs = zip(first.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(one, same) for one, same in pairs)
    assert any(
        not torch.equal(one, two) for one, two in zip(first.parameters(), other.parameters(), strict=True)
    )


@pytest.mark.parametrize(
    ("device", "shape", "capability", "expected"),
    [
        ("cuda", (3, 64, 64), (9, 0), "bfloat16"),
        ("cuda:1", (1, 64, 64), (8, 0), "bfloat16"),
        ("cuda", (3, 64, 64), (7, 5), "float32"),  # emulated
        ("cuda", (3, 32, 32), (9, 0), "float32"),  # not worth the casts
        ("mps", (3, 64, 64), (9, 0), "float32"),
    ],
)
def test_bfloat16_is_taken_where_it_is_faster(
    device: str,
    shape: tuple[int, ...],
    capability: tuple[int, int],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda name: capability)
    spec = DataSpec(kind="image", shape=shape)
    assert precision_on(device, "auto", spec) == expected
    assert (
        precision_on(device, "bfloat16", spec) == "bfloat16"
        and precision_on(device, "float32", spec) == "float32"
    )
    assert precision_on(device, "auto", DataSpec(kind="vector", shape=(9000,))) == "float32"


def test_what_is_added_to_a_picture_begins_at_nothing(digits: Dataset) -> None:
    system = fresh_system(run("fusion", digits), digits, Processes())
    assert not any(weight.any() for weight in system.generator.parameters())


def told(asked: RunConfig, data: Dataset) -> list[str]:
    """What is doubted of such a run."""
    return list(doubts(asked, data, fresh_system(asked, data, Processes())))


def of(count: int, data: Dataset) -> Dataset:
    """The first so many training pictures, again and again."""
    return replace(data, train=data.train.select([row % len(data.train) for row in range(count)]))


@pytest.mark.parametrize("system", ["autoencoder", "fusion", "supervised"])
def test_too_few_examples_for_a_prior_are_told_of(system: str, digits: Dataset) -> None:
    asked = run(system, digits)
    need = 4 * fresh_system(asked, digits, Processes()).code_size * len(digits.spec.classes)
    first, *_ = told(asked, of(need - 1, digits))
    each = need // 10 - 1
    assert first.startswith(f"note: {each} training examples a class are too few to tell how codes of 4")
    assert not any("too few" in text for text in told(asked, of(need, digits)))


@pytest.mark.parametrize(
    ("system", "kind"), [("autoencoder", "flow"), ("fusion", "flow"), ("supervised", "mixture")]
)
def test_few_pictures_get_a_prior_that_is_trained_where_there_is_one(
    system: str, kind: str, digits: Dataset
) -> None:
    settings = registry.config_class(system)()
    size = settings.resolved(digits.spec).code_size
    need = 4 * size * len(digits.spec.classes)
    assert settle(settings, of(need - 1, digits)).prior.kind == kind
    assert settle(settings, of(need, digits)).prior.kind == "mixture"
    asked = replace(settings, prior=replace(settings.prior, kind="mixture"))
    assert settle(asked, of(20, digits)).prior.kind == "mixture", "what is asked for stays"


def test_few_rows_of_numbers_keep_their_mixture() -> None:
    wine = open_data("wine")
    assert settle(registry.config_class("fusion")(code_size=30), wine).prior.kind == "mixture"
    assert settle(registry.config_class("gan")(), wine) == registry.config_class("gan")().resolved(wine.spec)


def test_a_prior_that_few_examples_suffice_for_is_not(digits: Dataset) -> None:
    asked, few = run("fusion", digits), of(20, digits)
    settings = replace(asked.settings, prior=replace(asked.settings.prior, kind="neighbors"))
    assert not any("too few" in text for text in told(replace(asked, settings=settings), few))
    assert not told(run("gan", digits), few)


def test_pictures_that_may_be_learned_by_heart_are_told_of(digits: Dataset) -> None:
    asked = run("autoencoder", digits)
    (text,) = [text for text in told(asked, of(999, digits)) if "by heart" in text]
    assert text.startswith("note: 999 training pictures") and "--shift 0.07 --rotate 10 --zoom 0.1" in text
    assert not told(asked, of(1000, digits))
    turned = replace(asked, augment=replace(asked.augment, rotate=5.0))
    assert not any("by heart" in text for text in told(turned, of(999, digits)))


def test_the_mean_is_that_of_all_where_they_are_few_and_near_it_where_not(digits: Dataset) -> None:
    few = digits.train.select(range(70))
    torch.testing.assert_close(mean_of(few), few.take(slice(None)).mean(0))
    assert (mean_of(digits.train) - digits.train.take(slice(None)).mean(0)).abs().max() < 0.1
