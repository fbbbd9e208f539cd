"""Looking again spends what chance of error is left, and never more than there is."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from amalgan.metrics.effect import effect
from amalgan.metrics.sequential import OF_COMPARISONS, OF_EFFECTS, Look, find_last_look, looks_after
from amalgan.metrics.statistics import compare_pairs


@pytest.mark.parametrize("looks", [OF_EFFECTS, OF_COMPARISONS])
def test_all_looks_together_spend_no_more_than_there_is(looks):
    distinct = {find_last_look(seeds, looks) for seeds in range(200)}
    assert {one.seeds for one in distinct if one.share} == set(looks)
    assert sum({one.seeds: one.share for one in distinct}.values()) < 1
    assert find_last_look(looks[0], looks).share == 0.5 and find_last_look(looks[1], looks).share == 0.25


def test_seeds_between_two_looks_wait():
    assert find_last_look(4, OF_EFFECTS) == Look(4, 0.0) and find_last_look(9, OF_EFFECTS) == Look(5, 0.5)
    assert (
        find_last_look(5, OF_EFFECTS).level() == pytest.approx(0.975)
        and find_last_look(4, OF_EFFECTS).level() == 1.0
    )
    assert [one.seeds for one in looks_after(10, OF_EFFECTS)] == [20, 40, 80]


def test_seeds_added_until_there_is_an_answer_are_wrong_no_more_often_than_said():
    """Two equal systems, looked at after every seed: within three deviations of what 300 repetitions may show."""
    rows = np.random.default_rng(1).normal(size=(300, 20))

    def claims(row, looks):
        return any(
            compare_pairs([(row[:n], [0.0] * n)], looks=looks)[0].verdict != "inconclusive"
            for n in range(3, 41)
        )

    wrong = [sum(claims(row, looks) for row in rows.tolist()) / len(rows) for looks in (OF_COMPARISONS, ())]
    assert wrong[0] <= 0.05 + 3 * (0.05 * 0.95 / len(rows)) ** 0.5
    assert wrong[1] > 0.12  # each look alone at 5 %


def test_an_addition_without_effect_is_not_called_one_more_often_than_said():
    generator = torch.Generator().manual_seed(2)
    wrong = 0
    for _ in range(150):
        of_seed = 0.03 * torch.randn(2, 20, 1, generator=generator)
        shared = torch.rand(1, 60, generator=generator)
        a, b = torch.rand(2, 20, 60, generator=generator) < (shared + of_seed).clamp(0, 1)
        looks = (find_last_look(n, OF_EFFECTS) for n in (5, 10, 20))
        found = [effect(a[: at.seeds], b[: at.seeds], level=at.level()).verdict(1e-9) for at in looks]
        wrong += bool({"helps", "hurts"} & set(found))
    assert wrong / 150 <= 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5


def test_what_is_there_is_still_found():
    rows = (np.random.default_rng(3).normal(size=(100, 40)) + 1.0).tolist()
    found = [compare_pairs([(row, [0.0] * 40)], looks=OF_COMPARISONS)[0].verdict for row in rows]
    assert found.count("higher") > 95
