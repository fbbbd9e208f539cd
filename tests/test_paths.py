"""Walks close, pass through their stations, stay on great circles, and flow."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from amalgan.core.errors import UsageError
from amalgan.core.randomness import Draws
from amalgan.tasks.walk.closed_paths import Course, eased, great_circle, loop


def test_a_quarter_circle_is_the_quarter_circle() -> None:
    share = torch.linspace(0, 1, 7)
    first, last = torch.tensor([[2.0, 0.0]]).expand(7, 2), torch.tensor([[0.0, 2.0]]).expand(7, 2)
    angle = share * math.pi / 2
    expected = 2 * torch.stack([angle.cos(), angle.sin()], dim=1)
    assert torch.allclose(great_circle(first, last, share), expected, atol=1e-6)


def test_lengths_are_taken_in_proportion() -> None:
    first, last = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[0.0, 3.0, 0.0]])
    middle = great_circle(first, last, torch.tensor([0.5]))
    assert torch.allclose(middle, torch.full((1, 3), 2 / 2**0.5) * torch.tensor([1, 1, 0]), atol=1e-6)


@pytest.mark.parametrize("last", [(1.0, 2.0), (2.0, 4.0), (-1.0, -2.0), (0.0, 0.0)])
def test_where_there_is_no_circle_the_line_serves(last: tuple[float, float]) -> None:
    first, end, share = torch.tensor([[1.0, 2.0]]), torch.tensor([last]), torch.tensor([0.25])
    assert torch.allclose(great_circle(first, end, share), torch.lerp(first, end, 0.25), atol=1e-6)


@given(st.integers(1, 6), st.integers(0, 40), st.integers(1, 9))
def test_a_loop_has_every_station_and_closes(count: int, more: int, size: int) -> None:
    stations = torch.randn(count, size, generator=torch.Generator().manual_seed(more))
    frames = count + more
    walked = loop(stations, frames)
    assert walked.shape == (frames, size) and walked.isfinite().all()
    where = [k * frames // count for k in range(count)]
    assert torch.allclose(walked[where], stations, atol=1e-5)


def test_two_stations_are_a_way_there_and_the_same_way_back() -> None:
    walked = loop(torch.randn(2, 5, generator=torch.Generator().manual_seed(0)), 40)
    assert torch.allclose(walked[1:], walked[1:].flip(0), atol=1e-6)


def test_the_speed_is_continuous_the_closing_included() -> None:
    stations = torch.randn(4, 50, generator=torch.Generator().manual_seed(0))
    walked = loop(stations, 4000)
    speed = (walked.roll(-1, 0) - walked).norm(dim=1) * 1000
    change = (walked.roll(-1, 0) - 2 * walked + walked.roll(1, 0)).norm(dim=1) * 1000
    assert change.max() < 0.01 * speed.max()  # a kink would change it by all of the speed
    assert speed[[0, 1000, 2000, 3000]].max() < 0.01 * speed.max()  # at rest in each station


def test_eased_ways_start_and_end_at_rest() -> None:
    share = torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64, requires_grad=True)
    places = eased(share)
    (slope,) = torch.autograd.grad(places.sum(), share)
    assert places.tolist() == pytest.approx([0, 0.5, 1])
    assert slope.tolist() == pytest.approx([0, math.pi / 2, 0])


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(UsageError, match="3 frames for a walk through 4 stations"):
        loop(torch.zeros(4, 2), 3)


def course(**changes: int) -> Course:
    return Course(**{"seed": 3, "round": 1, "total": 24, "stations": 4} | changes)


def test_a_course_passes_through_the_draws_of_its_seed() -> None:
    plain = Draws(seed=3, round=1, total=4).normal("noise", 2, 3)
    assert torch.allclose(course().normal("noise", 2, 3)[::6], plain, atol=1e-6)
    assert course().normal("scalar").shape == (24,)


def test_a_course_stays_as_long_as_normal_draws_are() -> None:
    """The middle of two independent draws on a line would be shorter by the root of two."""
    walked = course(total=64, stations=8).normal("noise", 4096)
    assert walked.std(1).sub(1).abs().max() < 0.05


def test_what_chooses_stands_still_and_one_station_is_no_walk() -> None:
    assert (course().uniform("u", 2) == Draws(seed=3, round=1, total=1).uniform("u", 2)).all()
    assert (course().integers("i", 9) == Draws(seed=3, round=1, total=1).integers("i", 9)).all()
    still = course(stations=1).normal("noise", 5)
    assert torch.equal(still, still[:1].expand(24, 5))


def test_parts_of_a_course_are_parts_of_the_same_walk() -> None:
    whole, parts = course(), [course().narrow(0, 10), course().narrow(10, 14)]
    for draw in (lambda d: d.normal("n", 3), lambda d: d.uniform("u"), lambda d: d.positions):
        assert torch.equal(draw(whole), torch.cat([draw(part) for part in parts]))


def test_a_bare_generator_is_refused() -> None:
    with pytest.raises(UsageError, match=r"takes 'mine' from a bare generator.*Let it use draws.normal"):
        course().generator("mine")
