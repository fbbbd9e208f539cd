"""The page of a verdict: what it says, that names are inert, and that intervals are drawn where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from amalgan.studies.augment.page import WIDE, method_row, page_of, place, reach_of
from amalgan.studies.html.page import readable
from hostile import HOSTILE


def gained(low: float, high: float, verdict: str) -> dict[str, Any]:
    return {"verdict": verdict, "points": (low + high) / 2, "interval": [low, high], "by_seed": []}


def facts(names: tuple[str, ...]) -> dict[str, Any]:
    classes = dict.fromkeys(names, 50.0)
    arms = {
        "nothing": {"title": "nothing added", "accuracy": 81.0, "classes": classes, "gained": None},
        "added": {
            "title": "the model’s examples",
            "accuracy": 83.0,
            "classes": classes,
            "gained": gained(1.0, 3.0, "helps"),
        },
        "only": {
            "title": "alone",
            "accuracy": 41.0,
            "classes": classes,
            "gained": gained(-50.0, -30.0, "hurts"),
        },
    }
    return {
        "policy": "noise",
        "strength": 0.5,
        "model": "0" * 16,
        "real": 1,
        "added": 20,
        "test": 300,
        "seeds": 5,
        "steps": 1000,
        "margin": 0.5,
        "level": 0.95,
        "metric": "accuracy",
        "verdict": "helps",
        "sentences": ["Adding the model’s examples helps by 1.0 to 3.0 points of accuracy.", "More."],
        "cautions": [names[0]],
        "arms": arms,
        "copies": {"share": 0.01, "baseline": 0.005, "verdict": "none found"},
        "command": f"amalgan augment MODEL {names[0]!r}",
    }


def test_the_verdict_comes_first(parsed: Callable[[str], Any]) -> None:
    words = parsed(page_of(facts(("cat", "dog")), "pets", "pictures", None)).words
    assert words.index("Verdict: helps") < words.index("Adding the model’s") < words.index("nothing added")
    assert "+2.00" in words and "1.00 to 3.00" in words and "1 real example, 20 added" in words
    assert words.index("cat") < words.index("dog")


@pytest.mark.parametrize("start", range(0, len(HOSTILE), 6))
def test_names_are_inert(parsed: Callable[[str], Any], start: int) -> None:
    names = HOSTILE[start:] + HOSTILE[:start]
    text = page_of(facts(names), names[0], "pictures", None)
    page, plain = parsed(text), parsed(page_of(facts(("a", "b")), "c", "pictures", None))
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    assert page.ids() == plain.ids()
    for name in names:
        assert " ".join(readable(name).split()) in page.words


def test_intervals_are_drawn_to_one_scale() -> None:
    found = facts(("a", "b"))
    reach = reach_of(found)
    assert reach == pytest.approx(3.3)  # examples alone may leave it
    drawn = method_row(found["arms"]["added"], reach)
    assert drawn.bar == (place(1.0, reach), place(3.0, reach))
    assert drawn.middle == pytest.approx(WIDE * (0.5 + 1 / 3.3))
    alone = method_row(found["arms"]["only"], reach)
    assert alone.bar == (0.0, 0.0) and alone.middle is None
