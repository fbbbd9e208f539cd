"""Log loss and calibration error, worked out by hand and held against scikit-learn."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import log_loss as reference

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.metrics.classification import calibration_error, correct, log_loss

TOLD = torch.tensor([[0.9, 0.1], [0.75, 0.25], [0.3, 0.7], [0.6, 0.4]])
TRUE = torch.tensor([0, 1, 1, UNLABELED])


def test_by_hand() -> None:
    assert correct(TOLD, TRUE) == 2
    assert log_loss(TOLD, TRUE) == pytest.approx(-(math.log(0.9) + math.log(0.25) + math.log(0.7)) / 3)
    # Bins (0.6, 0.8] and (0.8, 1]: two examples of confidence 0.7 and 0.75, one of them right; one of 0.9, right.
    assert calibration_error(TOLD, TRUE, bins=5) == pytest.approx((abs(1 - 1.45) + abs(1 - 0.9)) / 3)


def test_against_another_implementation() -> None:
    torch.manual_seed(0)
    told, label = torch.randn(200, 5).double().softmax(1), torch.arange(200) % 5
    assert log_loss(told, label) == pytest.approx(reference(label.numpy(), told.numpy()), abs=1e-12)


def test_knowing_nothing_gives_the_logarithm_of_the_classes_and_is_calibrated() -> None:
    told, label = torch.full((40, 4), 0.25), torch.arange(40) % 4
    assert log_loss(told, label) == pytest.approx(math.log(4))
    assert calibration_error(told, label) == pytest.approx(0, abs=1e-12)


def test_boasting_is_found_out() -> None:
    torch.manual_seed(0)
    logits = torch.randn(4000, 3)
    label = torch.distributions.Categorical(logits=logits).sample()
    honest, boasting = (calibration_error((logits * by).softmax(1), label) for by in (1, 10))
    assert honest < 0.03 and boasting > 0.2


def test_one_certain_mistake_does_not_make_the_mean_infinite() -> None:
    told = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert log_loss(told, torch.tensor([0, 1])) == pytest.approx(-math.log(1e-12) / 2)


@pytest.mark.parametrize("measure", [correct, log_loss, calibration_error])
def test_nothing_labeled_is_no_number(measure) -> None:
    with pytest.raises(DataError, match="no example is labeled"):
        measure(TOLD, torch.full((4,), UNLABELED))
