"""What the studio's pages say, in words."""

from __future__ import annotations

import pytest

from amalgan.studio import wording


def test_settings_stand_under_their_full_names() -> None:
    plan = {
        "amalgan": "run",
        "seed": 0,
        "mirror": True,
        "size": None,
        "network": {"amalgan": 1, "width": [8, 16]},
    }
    assert [*wording.settings(plan)] == [
        ("seed", "0"), ("mirror", "true"), ("size", "by itself"), ("network.amalgan", "1"), ("network.width", "8,16"),
    ]  # fmt: skip


def test_results_are_numbers_and_words_without_what_stands_elsewhere() -> None:
    answer = {
        "format": 1, "digest": "ab", "out": "x/new.png", "images": 12345, "near_copies": False, "none": None,
        "skipped": [1], "metrics": {"psnr_db": 21.98765, "shown": [1]},
    }  # fmt: skip
    assert wording.results(answer) == [
        ("out", "x/new.png"), ("images", "12,345"), ("near copies", "false"), ("PSNR db", "21.99"),
    ]  # fmt: skip
    assert len(wording.results({f"measure_{at}": at for at in range(99)})) == wording.MOST_RESULTS
    assert wording.results({"metrics": None}) == []


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"state": "running", "images": 1200, "planned": 5000, "speed": 1234.5, "left": 100},
         "1,200 of 5,000 images · 1,234 a second · about 2 min left"),
        ({"state": "running", "images": 0, "planned": None, "speed": None, "left": None}, ""),
        ({"state": "running", "images": 1, "planned": 2, "speed": 0.51234, "left": 0},
         "1 of 2 images · 0.5123 a second · about 0 s left"),
        ({"state": "paused", "images": 1, "planned": 2}, "1 of 2 images · Its state is kept; go on when you like."),
    ],
)  # fmt: skip
def test_progress_says_what_is_known(state: dict[str, object], said: str) -> None:
    assert wording.progress(state) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-3, "0 s"), (89.4, "89 s"), (90, "2 min"), (5370, "1 h 30 min"), (9000, "2 h 30 min")],
)
def test_times_are_rounded(seconds: float, said: str) -> None:
    assert wording.lasting(seconds) == said


def test_a_command_can_be_typed_as_it_stands() -> None:
    assert wording.command_line(["train", "my photos", "--json"]) == "amalgan train 'my photos'"
    assert wording.command_line([]) == ""
