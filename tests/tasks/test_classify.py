"""Class probabilities: whose, of which split, how right, and what a file says of them."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from amalgan.api import model as door
from amalgan.config.data import DataConfig
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, open_data
from amalgan.evaluation.evaluate import evaluate
from amalgan.systems.model_file import Model
from amalgan.tasks.classify import Classified, choose_examples, classify

Trained = Callable[[str, str], Model]
HOSTILE = Classified(
    classes=("=cat", "dog"),
    probability=torch.tensor([[0.75, 0.25], [0.125, 0.875]]),
    label=torch.tensor([0, UNLABELED]),
    names=["=1+1.png", "@b\x1b[31m.png"],
)


def test_probabilities_are_those_of_the_class_head(trained: Trained, digits: Dataset) -> None:
    model = trained("supervised", "digits")
    found = classify(model, digits.test)
    assert found.probability.shape == (len(digits.test), 10)
    torch.testing.assert_close(found.probability.sum(1), torch.ones(len(digits.test)))
    with torch.no_grad():
        logits = model.system.classify(digits.test.take([5]))  # type: ignore[operator]
    torch.testing.assert_close(found.probability[5:6], logits.softmax(1))
    assert torch.equal(found.label, torch.from_numpy(digits.test.labels))


def test_a_model_that_was_taught_is_right(trained: Trained, digits: Dataset) -> None:
    found = classify(trained("supervised", "digits"), digits.test).judged()
    assert found["accuracy"] > 0.5 and found["labeled"] == len(digits.test)
    assert found["interval"][0] < found["accuracy"] < found["interval"][1]
    assert 0 < found["log_loss"] < math.log(10) and 0 <= found["calibration_error"] < 1


def test_without_labels_nothing_is_judged(trained: Trained, digits: Dataset) -> None:
    found = classify(trained("supervised", "digits"), digits.test.select([]))
    assert len(found) == 0 and found.judged()["accuracy"] is None
    assert HOSTILE.judged()["labeled"] == 1 and HOSTILE.judged()["accuracy"] == 1


def test_python_gives_the_same(trained: Trained, digits: Dataset) -> None:
    model = trained("supervised", "digits")
    pixels = digits.test.pixels(slice(0, 7))[:, 0]
    told = door.Model(model).classify(pixels)
    assert told.dtype == np.float32 and told.shape == (7, 10)
    np.testing.assert_allclose(told, classify(model, digits.test).probability[:7], atol=1e-6)


def test_vectors_are_classified_too(trained: Trained, wine: Dataset) -> None:
    model = trained("supervised", "wine")
    assert (classify(model, wine.test).judged()["accuracy"] or 0) > 0.6
    assert door.Model(model).classify(wine.test.pixels([0])).shape == (1, 3)


def test_evaluate_reports_it_with_its_interval(trained: Trained, digits: Dataset) -> None:
    model = trained("supervised", "digits")
    found = evaluate(model, digits, features=None)
    expected = classify(model, digits.test).judged()
    for key in ("accuracy", "log_loss", "calibration_error"):
        assert found.metrics[f"classifier_{key}"] == pytest.approx(expected[key])
    assert "95 % interval" in found.names["classifier_accuracy"]
    assert f"{len(digits.test)} of the test split" in found.names["classifier_accuracy"]


@pytest.mark.parametrize(("system", "data"), [("autoencoder", "digits"), ("supervised", "bare")])
def test_a_model_that_tells_no_classes_says_so(
    system: str, data: str, trained: Trained, place: Path, digits: Dataset
) -> None:
    if data == "bare":
        data = str(place / "bare.npy")
        np.save(data, np.random.default_rng(0).integers(0, 256, (64, 8, 8), np.uint8))
        model = trained(system, data)
        said = "knows no classes.*Train on data with labels"
    else:
        model, said = trained(system, data), "cannot classify; these can: .*supervised"
    with pytest.raises(AbilityError, match=said):
        classify(model, digits.test)


def test_the_split_is_the_test_split_where_one_is_or_labels_are(digits: Dataset, place: Path) -> None:
    assert choose_examples(digits) == ("test", digits.test)
    assert choose_examples(digits, "all") == ("all", digits.records)
    np.save(place / "x.npy", np.random.default_rng(0).integers(0, 256, (40, 9, 9), np.uint8))
    bare = open_data(place / "x.npy", DataConfig(cache=str(place / "cache")))
    assert choose_examples(bare) == ("all", bare.records)
    assert choose_examples(bare, "test") == ("test", bare.test)
    one = open_data(place / "x.npy", DataConfig(cache=str(place / "cache"), keep=20))
    with pytest.raises(UsageError, match=r"has no test split\. Use --split all"):
        choose_examples(emptied(one), "test")


def emptied(data: Dataset) -> Dataset:
    return replace(data, test=data.test.select([]))


def test_a_table_holds_no_formula_and_nothing_that_acts_on_a_terminal(tmp_path: Path) -> None:
    HOSTILE.write(tmp_path / "x.csv")
    text = (tmp_path / "x.csv").read_text()
    assert text.replace("\n", "").isprintable()
    head, first, second = csv.reader(text.splitlines())
    assert head == ["name", "label", "predicted", "probability", "p(=cat)", "p(dog)"]
    assert first == ["'=1+1.png", "'=cat", "'=cat", "0.75", "0.75", "0.25"]
    assert second == ["'@b\\x1b[31m.png", "", "dog", "0.875", "0.125", "0.875"]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"probabilities go to \.csv"):
        HOSTILE.write(tmp_path / "x.txt")
