"""Nearest training examples: distances that are known, a copy at 0, a ratio of 1 for what is as far as real ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from amalgan.data import Dataset
from amalgan.evaluation.nearest_training import in_space, neighbors
from amalgan.systems.model_file import Model

Trained = Callable[[str, str], Model]


def test_ratios_are_distances_in_units_of_the_typical_one() -> None:
    train = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    test = torch.tensor([[0.0, 1.0], [10.0, 2.0], [0.0, 5.0]])
    made = torch.tensor([[10.0, 0.0], [1.0, 0.0], [10.0, 4.0]])
    found = in_space("entries", made, train, test)
    assert found.row.tolist() == [1, 0, 1]
    assert found.ratio.tolist() == pytest.approx([0, 0.5, 2])
    assert found.real.tolist() == pytest.approx([0.5, 1, 2.5])
    assert found.typical == pytest.approx(2 / 2**0.5)


def test_copies_in_the_test_set_are_no_division_by_zero() -> None:
    train = torch.tensor([[0.0], [1.0]])
    assert in_space("entries", torch.tensor([[3.0]]), train, train).ratio.tolist() == [2.0]


@pytest.mark.parametrize(("system", "spaces"), [("fusion", ["pixels", "code"]), ("gan", ["pixels"])])
def test_a_copy_is_found_in_every_space(
    trained: Trained, digits: Dataset, system: str, spaces: list[str]
) -> None:
    made = torch.cat([digits.test.take([0, 1]), digits.train.take([17])])
    found = list(neighbors(trained(system, "digits"), made, digits.train, digits.test))
    assert [each.space for each in found] == spaces
    for each in found:
        assert int(each.row[2]) == 17 and float(each.ratio[2]) == pytest.approx(0, abs=1e-5)
        assert each.ratio[:2].min() > 0.1 and float(each.real.median()) == pytest.approx(1)
