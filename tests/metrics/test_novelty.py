"""Copies are found, new examples are not called copies, and the p-value is what it says."""

import math

import pytest
import torch
from scipy.stats import betabinom

from amalgan.core.errors import UsageError
from amalgan.metrics.novelty import QUANTILE, Damage, _tails, copies, nearness, spread


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


TRAIN, HELD_OUT, NEW = normal(500, 16), normal(400, 16, seed=1), normal(400, 16, seed=2)


def planted(share: float, noise: float = 0.05) -> torch.Tensor:
    generated, count = NEW.clone(), round(share * 400)
    generated[:count] = TRAIN[100 : 100 + count] + noise * normal(count, 16, seed=3)
    return generated


def test_fresh_draws_are_not_called_copies() -> None:
    found = copies(NEW, TRAIN, HELD_OUT)
    assert found.verdict == "none found" and 0.01 < found.p_value <= 1
    assert found.baseline == 2 / 400 and found.share < 0.03
    assert len(found.flagged) == round(found.share * 400)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_planted_copies_are_flagged_and_led_back_to_their_source(noise: float) -> None:
    found = copies(planted(0.1, noise), TRAIN, HELD_OUT)
    assert found.verdict == "copies" and found.p_value < 1e-6
    assert set(range(40)) <= set(found.flagged.tolist())
    assert set(found.flagged[:40].tolist()) == set(range(40))
    assert torch.equal(found.nearest[:40], torch.arange(100, 140))
    assert found.share == pytest.approx(0.1, abs=0.02)


def test_a_share_just_detectable_is_detected_and_less_is_not() -> None:
    new = copies(NEW, TRAIN, HELD_OUT)
    assert new.detectable is not None and 0.005 < new.detectable <= 0.05
    already = round(new.share * 400)
    needed = new.detectable - already / 400
    assert copies(planted(needed, 0), TRAIN, HELD_OUT).verdict == "copies"
    assert copies(planted(needed - 1 / 400, 0), TRAIN, HELD_OUT).verdict == "none found"


def damaged(worse: torch.Tensor, train: float = 0.0) -> Damage:
    """Generated examples of which some look worse than real ones, and training examples that look alike."""
    return Damage(worse.double(), torch.full((500,), train), most=0.5)


def test_what_looks_damaged_is_left_out_and_leaves_no_verdict_where_it_is_most() -> None:
    generated, worse = planted(0.1, 0), torch.arange(400) < 40
    found = copies(generated, TRAIN, HELD_OUT, damage=damaged(worse))
    assert not set(range(40)) & set(found.flagged.tolist())
    assert found.verdict == "none found" and found.left_out == 40
    assert torch.equal(found.ratio[40:], copies(generated, TRAIN, HELD_OUT).ratio[40:])
    most = damaged(torch.arange(400) < 201)
    assert copies(generated, TRAIN, HELD_OUT, damage=most).verdict == "inconclusive"
    still = copies(planted(0.2, 0), TRAIN, HELD_OUT, damage=damaged(worse))
    assert still.verdict == "copies" and set(range(40, 80)) <= set(still.flagged.tolist())


def test_a_copy_that_looks_no_worse_than_what_it_repeats_is_never_left_out() -> None:
    found = copies(planted(0.1, 0), TRAIN, HELD_OUT, damage=damaged(torch.ones(400), train=1.0))
    assert found.verdict == "copies" and found.left_out == 0


def test_copies_of_pictures_that_training_holds_several_times_are_still_seen() -> None:
    repeated = torch.cat([TRAIN, TRAIN[100:140], TRAIN[100:140], TRAIN[100:140]])
    assert copies(planted(0.1), repeated, HELD_OUT).verdict == "copies"


def test_data_with_duplicates_across_the_split_is_its_own_baseline() -> None:
    """Where a tenth of the held-out examples repeat training ones, so may the generated."""
    held_out = HELD_OUT.clone()
    held_out[:40] = TRAIN[:40]
    same = copies(planted(0.1, 0), TRAIN, held_out)
    assert same.threshold == 0 and same.baseline == 0.1 and same.share == 0.1
    assert same.verdict != "copies" and same.p_value > 0.3
    assert copies(planted(0.3, 0), TRAIN, held_out).verdict == "copies"


def test_few_examples_are_inconclusive_unless_the_copying_is_gross() -> None:
    few = copies(NEW[:20], TRAIN, HELD_OUT[:30])
    assert few.verdict == "inconclusive" and few.detectable is not None and few.detectable > 0.05
    assert copies(TRAIN[:20], TRAIN, HELD_OUT[:30]).verdict == "copies"
    lone = copies(TRAIN[:1], TRAIN, HELD_OUT[:30])
    assert lone.verdict == "inconclusive" and lone.detectable is None


def test_a_set_that_is_merely_nearer_to_the_middle_is_not_called_copied() -> None:
    """Averages are near to all examples alike: their distances are small, their ratios are not."""
    assert copies(0.5 * NEW, TRAIN, HELD_OUT).verdict == "none found"


def test_the_tail_is_that_of_a_beta_binomial() -> None:
    for m, j, n in [(10, 1, 30), (400, 2, 400), (64, 40, 400), (1, 1, 1)]:
        expected = torch.from_numpy(betabinom(m, j, n - j + 1).sf(range(-1, m)))
        torch.testing.assert_close(_tails(m, j, n), expected, rtol=1e-8, atol=1e-12)


def test_new_examples_are_called_copies_as_rarely_as_claimed() -> None:
    """One training set, 400 pairs of held-out and generated sets of one distribution.

    At least so many are flagged as often as the tail says.
    """
    train, m, n = normal(200, 6), 100, 200
    everything = nearness(normal(400 * (m + n), 6, seed=1), train)[0].reshape(400, m + n)
    threshold = everything[:, :n].sort(1).values[:, math.ceil(QUANTILE * n) - 1 : math.ceil(QUANTILE * n)]
    counts = (everything[:, n:] <= threshold).sum(1)
    tail = _tails(m, 1, n)
    for count in (1, 2, 3):
        rate, expected = float((counts >= count).double().mean()), float(tail[count])
        assert abs(rate - expected) < 4 * math.sqrt(expected * (1 - expected) / 400)


def test_ratio_of_known_distances_is_blind_to_units_and_to_motion() -> None:
    train = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 8.0]])
    ratio, index = nearness(torch.tensor([[1.0, 0.0], [4.0, 0.0], [0.0, 8.0]]), train)
    assert index.tolist() == [0, 1, 2]
    expected = [3 / (1 + 3 + math.sqrt(65)), 0.0, 0.0]
    torch.testing.assert_close(ratio, torch.tensor(expected).double(), rtol=1e-6, atol=1e-12)
    moved = nearness(10 * NEW + 5, 10 * TRAIN + 5)[0]
    torch.testing.assert_close(moved, nearness(NEW, TRAIN)[0], rtol=1e-4, atol=1e-6)


def test_a_training_set_of_one_picture_repeated_gives_no_nan() -> None:
    ratio, _ = nearness(torch.zeros(2, 3), torch.zeros(4, 3))
    assert ratio.tolist() == [0, 0]


def test_spread_is_the_deviation_of_the_noise_and_zero_if_ignored() -> None:
    code = normal(50, 1, 3, 4)
    assert spread(code.expand(50, 6, 3, 4)) == 0.0
    assert spread(code + 0.3 * normal(50, 400, 3, 4, seed=1)) == pytest.approx(0.3, rel=0.01)
    two = torch.tensor([[[0.0, 1.0], [1.0, 1.0]]])
    assert spread(two) == pytest.approx(math.sqrt(0.5) / 2)
    with pytest.raises(UsageError, match="at least 2 draws a code; got 1"):
        spread(code)
