"""The page of a comparison shows the report's numbers, calls best what is best, and hides no failure."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amalgan.studies.compare.page.page import comparison_page
from amalgan.studies.compare.page.tables import ranked
from invented import MEASURES, NAMES, comparison, read_back

SECTIONS = [
    "verdict",
    "numbers",
    "curves",
    "samples",
    "reconstructions",
    "plane",
    "maps",
    "troubles",
    "pairs",
    "how",
    "commands",
]
LARGEST = 3_000_000

Parsed = Callable[[str], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    folder = tmp_path_factory.mktemp("study")
    report = comparison(folder)
    for found in report["comparisons"]:
        if found["measure"] == "psnr":
            found["level"] = 0.98
    return report, comparison_page(report, folder)


def test_the_sections_stand_in_order(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    page = parsed(made[1])
    found = [attrs["id"] for tag, attrs in page.tags if tag == "h2"]
    assert found == SECTIONS
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert page.words.index("Verdict") < page.words.index("The numbers")


def test_the_page_asks_nobody_for_anything(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    page = parsed(made[1])
    assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in page.tags}
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    for _, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"]
        assert attrs.get("src", "data:image/png;base64,").startswith("data:image/png;base64,")
        assert attrs.get("href", "#").startswith("#")
    assert "url(" not in made[1] and "@import" not in made[1]


def test_every_number_is_the_report_s(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    report, text = made
    page = parsed(text)
    shown = sorted(exact for exact, _ in page.data)
    table = report["table"]
    told = [
        table[name][measure["key"]]["mean"]
        for flags in (("headline",), ())
        for measure in report["measures"]
        for name in table
        if table[name][measure["key"]]["mean"] is not None and all(measure[flag] for flag in flags)
    ]
    assert shown == sorted(told)
    for exact, rounded in page.data:
        places = len(rounded.partition(".")[2])
        assert abs(read_back(rounded) - exact) <= 0.5000001 * 10**-places, (rounded, exact)


def test_intervals_differences_and_p_values_are_the_report_s(
    made: tuple[dict[str, Any], str], parsed: Parsed
) -> None:
    report, text = made
    rows = re.findall(
        r'<tr><th scope="row"><bdi[^>]*>(.*?)</bdi> − <bdi[^>]*>(.*?)</bdi></th>(.*?)</tr>', text
    )
    assert len(rows) == len(report["comparisons"]) == report["corrected_for"]
    for (first, second, rest), found in zip(rows, report["comparisons"], strict=True):
        assert (first, second) == (found["first"], found["second"])
        cells = [re.sub(r"<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", rest)]
        reach = (found["high"] - found["low"]) / 2
        low, high = map(read_back, cells[1].split(" to "))
        assert read_back(cells[0]) == pytest.approx(found["difference"], abs=0.06 * reach)
        assert (low, high) == pytest.approx((found["low"], found["high"]), abs=0.06 * reach)
        assert cells[2] == ("98.0 %" if found["measure"] == "psnr" else "95.0 %")
        for shown, exact in zip(cells[3:5], (found["p"], found["p_adjusted"]), strict=True):
            assert exact < 0.001 if shown == "&lt; 0.001" else abs(float(shown) - exact) <= 0.0051
        better = {"first": first, "second": second}.get(found["verdict"])
        assert cells[5] == (f"{better} is better" if better else "inconclusive")


def test_failures_and_collapses_are_said_with_their_reason(
    made: tuple[dict[str, Any], str], parsed: Parsed
) -> None:
    report, text = made
    words = parsed(text).words
    troubles = [cell for cell in report["cells"] if cell["state"] != "done"]
    assert len(troubles) == 2
    for cell in troubles:
        assert f"{cell['system']}, seed {cell['seed']}: {cell['state']}." in words
        assert f"{cell['system']}, seed {cell['seed']}, {cell['state']}: {cell['reason']}" in words
    assert "1 of 3 failed" in words and "1 of 3 collapsed" in words
    assert "2 seeds only" in words
    assert f"No samples: {troubles[0]['reason']}" in words


def test_every_command_and_note_can_be_read(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    report, text = made
    words = parsed(text).words
    commands = [report["command"], *(system["command"] for system in report["systems"])]
    for said in [*commands, *report["notes"], *(found["text"] for found in report["verdict"])]:
        assert said in words
    assert f"{report['corrected_for']} comparisons made at once" in words


def test_every_picture_and_plot_has_words(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    page = parsed(made[1])
    images = [attrs for tag, attrs in page.tags if tag == "img"]
    plots = [attrs for tag, attrs in page.tags if tag == "svg" and "plot" in str(attrs["class"])]
    assert len(images) >= 11 and len(plots) >= 5
    assert all(attrs["alt"] for attrs in images)
    assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in plots)


def compared(*verdicts: str) -> dict[str, Any]:
    """A report with the comparisons of a–b, a–c and b–c."""
    pairs = (("a", "b"), ("a", "c"), ("b", "c"))
    return {
        "comparisons": [
            {"measure": "m", "first": first, "second": second, "verdict": verdict}
            for (first, second), verdict in zip(pairs, verdicts, strict=False)
            if verdict
        ]
    }


@pytest.mark.parametrize(
    ("verdicts", "higher", "expected"),
    [
        (("first", "first", "first"), True, {"a": "winner"}),
        (("first", "first", "inconclusive"), True, {"a": "winner"}),
        (("inconclusive", "first", "first"), True, {"a": "shared", "b": "shared"}),
        (("inconclusive",) * 3, True, {"a": "shared", "b": "shared", "c": "shared"}),
        (("first", "", "first"), True, {"a": "untested"}),
        ((), True, {"a": "untested"}),
        (("first", "second", "second"), False, {"c": "winner"}),
        (("first", "inconclusive", "second"), False, {"a": "shared", "c": "shared"}),
        (("first", "first", "first"), None, {}),
    ],
)
def test_a_winner_needs_every_comparison(
    verdicts: tuple[str, ...], higher: bool | None, expected: dict[str, str]
) -> None:
    values = {"a": 3.0, "b": 2.0, "c": 1.0}
    found = ranked(compared(*verdicts), {"key": "m", "higher_is_better": higher}, values)
    assert {name: rank for name, rank in found.items() if rank} == expected


def test_bold_are_the_winners_alone(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    report, text = made
    winners = [
        (measure["key"], name)
        for measure in report["measures"]
        for name, rank in ranked(
            report,
            measure,
            {n: t[measure["key"]]["mean"] for n, t in report["table"].items() if t[measure["key"]]["mean"]},
        ).items()
        if rank == "winner"
    ]
    assert winners, "the example must have a winner"
    assert text.count('<td class="winner"') == 2 * len(winners)  # in the headline table and in its group


def test_one_seed_gives_no_interval_and_says_so(tmp_path: Path, parsed: Parsed) -> None:
    page = parsed(comparison_page(comparison(tmp_path, seeds=1), tmp_path))
    assert "One seed, so no interval" in page.words and "None could be made" in page.words
    assert "±" not in page.words.split("The numbers")[1].split("All measures")[0]


def test_vectors_are_drawn_as_points(tmp_path: Path, parsed: Parsed) -> None:
    page = parsed(comparison_page(comparison(tmp_path, shape=(13,)), tmp_path))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    drawn = [str(attrs["aria-label"]) for tag, attrs in page.tags if attrs.get("class") == "plot"]
    for name in NAMES:
        assert any(label.startswith(f"{name}: new. 64 vectors (new) beside 16 real") for label in drawn)
    assert any(label.startswith("fusion: x″. 16 vectors") for label in drawn)


@pytest.mark.parametrize("classes", [(), ("only",), tuple(f"class {k}" for k in range(300))])
def test_any_number_of_classes(tmp_path: Path, parsed: Parsed, classes: tuple[str, ...]) -> None:
    assert "maps" in parsed(comparison_page(comparison(tmp_path, classes=classes), tmp_path)).ids()


def test_files_that_are_missing_damaged_or_elsewhere_are_left_out(tmp_path: Path, parsed: Parsed) -> None:
    folder = tmp_path / "study"
    report = comparison(folder, seeds=1)
    (folder / report["cells"][0]["shown"]).unlink()
    (folder / report["cells"][1]["shown"]).write_bytes(b"PK\x03\x04 no archive")
    np.savez(folder / report["cells"][2]["shown"], samples=np.array([{}], object))
    np.savez(tmp_path / "secret.npz", samples=np.zeros((64, 28, 28), np.uint8))
    report["cells"][3]["shown"] = "../secret.npz"
    page = parsed(comparison_page(report, folder))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert page.words.count("No samples") == 4


def test_nothing_at_all_still_gives_a_page(tmp_path: Path, parsed: Parsed) -> None:
    report = comparison(tmp_path, seeds=1)
    empty = {"cells": [], "comparisons": [], "table": {}, "verdict": [], "notes": [], "times": {}}
    page = parsed(comparison_page(report | empty, tmp_path))
    assert {"verdict", "numbers", "pairs", "how", "commands"} <= page.ids()
    assert not {"curves", "plane", "maps", "troubles", "reconstructions"} & page.ids()


@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 64, 3)])
def test_pages_stay_small_even_of_noise(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Noise cannot be compressed, so no pictures are larger."""
    report = comparison(tmp_path, names=NAMES[:3], shape=shape)
    rng = np.random.default_rng(0)
    for cell in report["cells"]:
        kinds = {"samples": 64, "real": 16, "faithful": 16, "realistic": 16}
        noise = {kind: rng.integers(0, 256, (n, *shape), dtype=np.uint8) for kind, n in kinds.items()}
        np.savez(tmp_path / cell["shown"], **noise) if cell["state"] != "failed" else None
    assert len(comparison_page(report, tmp_path).encode()) < LARGEST


def test_measures_are_explained_in_full(made: tuple[dict[str, Any], str], parsed: Parsed) -> None:
    words = parsed(made[1]).words
    assert len(MEASURES) == sum(measure["name"] in words for measure in made[0]["measures"])
