"""p-values that keep their promise, an AUROC that agrees with another implementation, intervals that hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from amalgan.core.errors import DataError
from amalgan.metrics.detection import auroc, discoveries, joined, p_values

SCORES = st.lists(st.integers(-3, 3), min_size=1, max_size=12)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).double()


def test_by_hand() -> None:
    normal = torch.tensor([1.0, 2.0, 2.0, 3.0])
    found = p_values(normal, torch.tensor([0.0, 2.0, 2.5, 3.0, 9.0, torch.inf]))
    assert found.tolist() == pytest.approx([1, 4 / 5, 2 / 5, 2 / 5, 1 / 5, 1 / 5])


@pytest.mark.parametrize("ties", [False, True])
def test_of_normal_examples_as_many_fall_below_a_level_as_it_says(ties: bool) -> None:
    """Exactly floor(a (n + 1)) / (n + 1) without ties; no more with them."""
    rounds, n = 10_000, 19
    scores = drawn(rounds, n + 1)
    scores = scores.round() if ties else scores
    p = torch.stack([p_values(row[:n], row[n:])[0] for row in scores])
    for level in (0.05, 0.1, 0.5):
        share = float((p <= level + 1e-12).double().mean())
        error = 4 * math.sqrt(level * (1 - level) / rounds)
        assert share < level + error
        assert ties or share > level - error


@pytest.mark.parametrize("kind", ["alike", "opposed", "apart"])
def test_joined_p_values_keep_their_promise_however_scores_depend(kind: str) -> None:
    rounds, n = 4000, 39
    first = drawn(rounds, n + 1, seed=1)
    other = {"alike": first, "opposed": -first, "apart": drawn(rounds, n + 1, seed=2)}[kind]
    pairs = torch.stack([first, other], 2)
    p = torch.stack([joined(row[:n], row[n:]).p_value[0] for row in pairs])
    for level in (0.05, 0.25):
        share = float((p <= level + 1e-12).double().mean())
        assert share == pytest.approx(level, abs=4 * math.sqrt(level * (1 - level) / rounds))


def test_joined_of_one_score_or_of_one_said_twice_is_its_own_p_value() -> None:
    normal, score = drawn(50), drawn(70, seed=1) + 1
    alone = p_values(normal, score)
    torch.testing.assert_close(joined(normal[:, None], score[:, None]).p_value, alone)
    twice = joined(torch.stack([normal] * 2, 1), torch.stack([score] * 2, 1))
    torch.testing.assert_close(twice.p_value, alone)
    torch.testing.assert_close(twice.evidence, -alone.log())


def test_joined_is_the_definition_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    normal, score = drawn(9, 2).round(decimals=1), drawn(5, 2, seed=3).round(decimals=1)
    expected = []
    for one in score:
        pool = torch.cat([normal, one[None]])
        ranks = (pool[None] >= pool[:, None]).double().mean(1)
        means = (1 / ranks).mean(1)
        expected.append(float((means >= means[-1] - 1e-9).double().mean()))
    for block in (1, 20, 2**20):
        monkeypatch.setattr("amalgan.metrics.detection.BLOCK", block)
        assert joined(normal, score).p_value.tolist() == pytest.approx(expected)


def test_three_hints_are_more_than_the_least_of_them_and_one_is_enough() -> None:
    normal = drawn(2000, 3)
    strong, ordinary = 3.6, -0.5
    score = torch.tensor([[1.7, 1.7, 1.7], [strong, ordinary, ordinary], [ordinary, ordinary, ordinary]])
    alone, found = p_values(normal[:, 0], score[:, 0]), joined(normal, score).p_value
    assert float(found[0]) < 0.6 * (1 - (1 - float(alone[0])) ** 3), "what the least of three would be worth"
    assert float(found[1]) < 4 * float(alone[1]) < 0.01
    assert float(found[2]) > 0.5


def test_discoveries_are_false_no_more_often_than_said() -> None:
    """Of 100 examples 30 are anomalies; the share of false alarms, meaned over rounds, is at most 0.2 * 0.7."""
    false, found = [], []
    for seed in range(400):
        normal, score = drawn(300, seed=seed), drawn(100, seed=10_000 + seed)
        score[:30] += 3
        alarms = discoveries(p_values(normal, score), 0.2)
        false.append(float(alarms[30:].sum()) / max(1, int(alarms.sum())))
        found.append(float(alarms[:30].double().mean()))
    assert np.mean(false) == pytest.approx(0.14, abs=4 * np.std(false) / 20)
    assert np.mean(found) > 0.8


def test_discoveries_by_hand() -> None:
    p = torch.tensor([0.01, 0.9, 0.029, 0.04, 0.5])
    assert discoveries(p, 0.05).tolist() == [True, False, False, False, False]
    assert discoveries(p, 0.08).tolist() == [True, False, True, True, False]
    assert discoveries(p, 0.001).tolist() == [False] * 5
    assert discoveries(p[:0], 0.05).tolist() == []


@given(SCORES, SCORES)
@settings(max_examples=60, deadline=None)
def test_auroc_is_that_of_another_implementation_with_ties(normal: list[int], strange: list[int]) -> None:
    found = auroc(torch.tensor(normal).double(), torch.tensor(strange).double())
    told = [0] * len(normal) + [1] * len(strange)
    assert found.mean == pytest.approx(roc_auc_score(told, normal + strange), abs=1e-12)
    assert 0 <= found.low <= found.mean + 1e-12 and found.mean <= found.high + 1e-12 <= 1 + 2e-12
    assert found.n == len(normal) + len(strange)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Normals N(0, 1), anomalies N(1.2, 1): AUROC is Phi(1.2 / sqrt 2)."""
    truth, rounds = (1 + math.erf(1.2 / 2)) / 2, 1000
    held = sum(
        found.low <= truth <= found.high
        for found in (auroc(drawn(60, seed=s), drawn(40, seed=5000 + s) + 1.2) for s in range(rounds))
    )
    assert held / rounds == pytest.approx(0.95, abs=0.025)


def test_perfect_is_not_certain_and_one_anomaly_says_little() -> None:
    perfect = auroc(torch.zeros(50), torch.ones(8))
    assert (perfect.mean, perfect.high) == (1, 1) and perfect.low == pytest.approx(0.6756, abs=1e-3)
    one = auroc(torch.arange(9.0), torch.tensor([4.5]))
    assert (one.low, one.high) == (0, 1)
    assert (auroc(torch.ones(9), torch.ones(7)).low, auroc(torch.ones(9), torch.ones(7)).mean) == (0, 0.5)


def test_nothing_to_compare_with_is_said() -> None:
    with pytest.raises(DataError, match="no normal examples"):
        p_values(torch.zeros(0), torch.zeros(3))
    with pytest.raises(DataError, match=r"9 normal and 0 anomalous.*--anomaly"):
        auroc(torch.zeros(9), torch.zeros(0))
