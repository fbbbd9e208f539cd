"""Random numbers are a function of (seed, purpose, round, position in the global batch)."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from amalgan.core.randomness import Draws, build_seeded, key


@given(
    seed=st.integers(0, 2**63),
    round=st.integers(0, 10**9),
    total=st.integers(1, 40),
    cut=st.integers(0, 40),
    purpose=st.text(max_size=10),
)
def test_parts_of_a_batch_draw_their_rows_of_the_whole(
    seed: int, round: int, total: int, cut: int, purpose: str
) -> None:
    cut = min(cut, total)
    whole = Draws(seed=seed, round=round, total=total)
    parts = [whole.narrow(0, cut), whole.narrow(cut, total - cut)]
    for draw in (
        lambda d: d.normal(purpose, 3),
        lambda d: d.uniform(purpose),
        lambda d: d.integers(purpose, 7, 2),
        lambda d: d.positions,
    ):
        assert torch.equal(draw(whole), torch.cat([draw(part) for part in parts]))


def test_a_rank_and_its_micro_batches_draw_their_rows_of_the_whole() -> None:
    whole = Draws(seed=1, round=2, total=12)
    rank = Draws(seed=1, round=2, total=12, start=6, count=6)
    assert torch.equal(rank.normal("x", 2), whole.normal("x", 2)[6:])
    assert torch.equal(rank.narrow(2, 3).normal("x", 2), whole.normal("x", 2)[8:11])
    assert rank.narrow(2, 3).positions.tolist() == [8, 9, 10]


def test_seed_purpose_and_round_each_make_another_stream_and_asking_twice_does_not() -> None:
    plain = Draws(seed=1, round=2, total=4)
    numbers = plain.normal("noise", 5)
    assert torch.equal(numbers, plain.normal("noise", 5))
    plain.normal("something else", 5)
    assert torch.equal(numbers, plain.normal("noise", 5))
    for other, purpose in (
        (Draws(seed=2, round=2, total=4), "noise"),
        (Draws(seed=1, round=3, total=4), "noise"),
        (plain, "noise "),
    ):
        assert not torch.equal(numbers, other.normal(purpose, 5))


def test_numbers_are_distributed_as_promised() -> None:
    draws = Draws(seed=0, round=0, total=40_000)
    normal, uniform, integers = draws.normal("a"), draws.uniform("b"), draws.integers("c", 5)
    assert abs(normal.mean().item()) < 0.02 and abs(normal.std().item() - 1) < 0.02
    assert uniform.min() >= 0 and uniform.max() < 1 and abs(uniform.mean().item() - 0.5) < 0.01
    assert integers.unique().tolist() == [0, 1, 2, 3, 4]


def test_streams_are_the_same_on_every_machine() -> None:
    assert key(0, "noise", 0) == 333594243501737407
    assert key("a", "bc") != key("ab", "c") and key(1) != key("1")
    assert all(0 <= key(number) < 2**63 for number in range(100))


def test_the_global_generator_is_never_touched() -> None:
    before = torch.random.get_rng_state()
    Draws(seed=0, round=0, total=4).normal("noise", 5)
    first, second, other = (build_seeded(lambda: torch.rand(3), seed) for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def test_some_of_a_rank_s_rows_draw_what_they_draw_among_all() -> None:
    rank = Draws(seed=1, round=2, total=12, start=6, count=6)
    some = rank.some(torch.tensor([1, 4]))
    assert torch.equal(some.normal("x", 2), rank.normal("x", 2)[[1, 4]])
    assert some.positions.tolist() == [7, 10]
