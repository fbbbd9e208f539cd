"""What a model made is told from real examples, as often as is said and no oftener."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from amalgan.core.errors import AbilityError, DataError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, to_pixels
from amalgan.data.writing.watermark import marked, p_value_together
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import generate
from amalgan.tasks.trace.forensics import Forensics, generate_examples, mixed, versions
from amalgan.tasks.trace.trace import FOR_WATERMARK, Known, Reals, Trace, together, trace

Trained = Callable[[str, str], Model]

COLOR = DataSpec(kind="image", shape=(3, 16, 16))


@pytest.fixture(scope="module")
def gan(trained: Trained) -> Model:
    return trained("gan", "digits")


@pytest.fixture(scope="module")
def known(gan: Model, digits: Dataset) -> Known:
    return Known.of(gan, Reals.of(gan, digits))


def test_the_parts_of_real_examples_share_none(gan: Model, digits: Dataset, wine: Dataset) -> None:
    reals = Reals.of(gan, digits)
    parts = [set(part.index.tolist()) for part in reals[:3]]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(digits.records)
    assert parts[0] == set(digits.whole.index.tolist()) and "validation and test" in reals.source


def test_of_other_data_a_half_is_learned_from(trained: Trained, digits: Dataset, wine: Dataset) -> None:
    model = trained("gan", "wine")
    model.header["data"], kept = {"name": "other", "fingerprint": ""}, model.header["data"]
    with pytest.raises(DataError, match="leaves 44 real examples"):
        Reals.of(model, wine)
    model.header["data"] = kept
    with pytest.raises(DataError, match="Give more as --reals"):
        Reals.of(model, wine)


def test_the_errors_that_are_told_are_those_that_are_made(gan: Model, known: Known, digits: Dataset) -> None:
    told = known.errors(0.05)
    assert told["auroc"]["low"] > 0.9, "a GAN of a moment is easily told"
    assert told["missed"]["mean"] < 0.5 and told["false_alarms"]["low"] < 0.05
    fresh = trace(gan, generate(gan, 400, seed=11), known)
    missed = 1 - float((fresh.p_value["score"] <= 0.05).double().mean())
    assert missed == pytest.approx(
        told["missed"]["mean"], abs=4 * math.sqrt(0.25 / 400 + 0.25 / told["made"])
    )
    held = trace(gan, [Reals.of(gan, digits).counted.take(slice(None))], known)
    assert float(held.made(0.05).double().mean()) <= told["false_alarms"]["high"]


def test_a_network_that_knows_nothing_finds_nothing(gan: Model, known: Known) -> None:
    """The control: real examples on both sides."""
    blind = Known(
        forensics=known.forensics,
        compared=known.compared,
        counted={name: score[::2] for name, score in known.counted.items()},
        new={name: score[1::2] for name, score in known.counted.items()},
        source="nowhere",
    )
    assert blind.errors(0.05)["auroc"]["low"] < 0.5 < blind.errors(0.05)["auroc"]["high"]


def test_watermark_and_score_are_joined_by_bonferroni(gan: Model, known: Known) -> None:
    found = trace(gan, generate(gan, 40, seed=3, watermark=True), known)
    assert list(found.p_value) == ["all", "score", "watermark"]
    parts = found.p_value["score"] / (1 - FOR_WATERMARK), found.p_value["watermark"] / FOR_WATERMARK
    assert torch.equal(found.p_value["all"], torch.minimum(*parts).clamp(max=1))
    alone = trace(gan, generate(gan, 40, seed=3, watermark=True), None)
    assert list(alone.p_value) == ["all", "watermark"]
    assert torch.equal(alone.p_value["all"], found.p_value["watermark"])


def test_the_watermark_makes_every_picture_agree_more_and_cannot_be_seen(
    gan: Model, trained: Trained
) -> None:
    pictures = {
        mark: torch.cat([*generate(gan, 300, seed=5, watermark=mark)]).clamp(-1, 1) for mark in (True, False)
    }
    found = {mark: trace(gan, [x], None).p_value["watermark"] for mark, x in pictures.items()}
    # Pictures so small and so alike may agree with the model's signs, or not, by chance; marked they agree more.
    assert (found[True] <= found[False]).all()
    assert (found[True] < found[False]).double().mean() > 0.9
    difference = (pictures[True] - pictures[False]).square().mean(dim=(1, 2, 3))
    assert 10 * torch.log10(4 / difference).min() > 37.5


def test_vectors_are_told_by_score_alone(trained: Trained, iris_like: Dataset) -> None:
    model = trained("gan", "wine")
    with pytest.raises(UsageError, match="vectors bear no watermark"):
        trace(model, generate(model, 4), None)
    with pytest.raises(UsageError, match="vectors bear no watermark"):
        list(generate(model, 4, watermark=True))
    reals = Reals(iris_like.train, iris_like.validation, iris_like.test, "here")
    found = trace(model, generate(model, 4), Known.of(model, reals))
    assert list(found.p_value) == ["all", "score"] and together(model, iris_like.records) is None


@pytest.fixture
def iris_like(wine: Dataset) -> Dataset:
    return wine


def test_a_model_that_makes_nothing_has_no_hand(trained: Trained, digits: Dataset) -> None:
    model = trained("codec", "digits")
    with pytest.raises(AbilityError):
        Known.of(model, Reals.of(model, digits))


def test_it_is_learned_the_same_way_every_time(gan: Model, known: Known, digits: Dataset) -> None:
    x = generate_examples(gan, 32, "tests")
    again = Forensics.learn(gan, Reals.of(gan, digits).learned, "coded")
    assert torch.equal(again.score(x), known.forensics.score(x))


def test_examples_are_learned_in_every_version() -> None:
    x = torch.rand(12, 3, 16, 16) * 2 - 1
    known = versions(x, "scaled", COLOR)
    assert len(known) == 6 and torch.equal(known["as they are"], x)
    found = mixed(x, "scaled", COLOR)
    for row, (one, name) in enumerate(zip(found, [*known] * 2, strict=True)):
        assert torch.equal(one, known[name][row])
    assert len(versions(x, "coded", COLOR)) == 4 and torch.equal(mixed(x, "nothing", COLOR), x)
    vectors = torch.rand(6, 4)
    assert torch.equal(mixed(vectors, "scaled", DataSpec(kind="vector", shape=(4,))), vectors)


def test_what_real_pictures_suffer_accuses_none_of_them(gan: Model, digits: Dataset) -> None:
    """The p-value is the largest over versions, so each of them keeps the rate."""
    known = Known.of(gan, Reals.of(gan, digits), "scaled")
    for name, told in known.errors(0.05)["versions"].items():
        assert told["false_alarms"]["low"] < 0.05, name
    assert len(known.errors(0.05)["versions"]) == 6


def test_the_table(gan: Model, known: Known, tmp_path: Path) -> None:
    found = trace(gan, generate(gan, 8, seed=2), known)
    hostile = Trace(names=["=1+1", *found.names[1:]], column=found.column, known=known)
    assert hostile.write(tmp_path / "t.csv", 0.05) and not hostile.write(tmp_path / "t.csv", 0.05)
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert rows[0]["name"] == "'=1+1" and list(rows[0])[1:] == [
        *("made", "p(all)", "p(score)", "p(watermark)", "score")
    ]
    assert [row["made"] == "yes" for row in rows] == found.made(0.05).tolist()


def test_a_mark_cannot_be_forged_from_what_a_picture_says(gan: Model) -> None:
    """A picture says the model's digest; the mark is keyed by what only its file holds."""
    plain = torch.cat([*generate(gan, 600, seed=9)])
    pixels = to_pixels(plain, gan.spec)
    mark = {key: together_of(gan, marked(pixels, key)) for key in (gan.digest, gan.mark_key)}
    assert gan.secret is not None and gan.digest not in gan.mark_key
    assert mark[gan.mark_key] < 0.002 < mark[gan.digest], "8x8 pixels hold little"


def test_marks_of_earlier_models_are_still_read(gan: Model) -> None:
    old = replace(gan, secret=None)
    assert old.mark_key == gan.digest
    pixels = to_pixels(torch.cat([*generate(old, 600, seed=9, watermark=True)]), old.spec)
    assert together_of(old, pixels) < 0.002 < together_of(gan, pixels)


def together_of(model: Model, pixels: NDArray[np.uint8]) -> float:
    """The p-value of all pictures as one."""
    return p_value_together([pixels], model.mark_key)
