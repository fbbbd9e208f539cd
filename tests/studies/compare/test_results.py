"""Tables and comparisons are what statistics says of the cells, no more."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace

import pytest
from scipy import stats

from amalgan.core import files
from amalgan.studies.compare import results, worker
from amalgan.studies.compare.amounts import Entry, amount, read_amount
from amalgan.studies.compare.cell_file import Cell
from amalgan.studies.compare.notes import notes
from amalgan.studies.compare.verdict import Verdict, verdicts

A, B, C = [10.0, 10.2, 9.9, 10.1], [10.6, 10.9, 10.45, 10.7], [30.0, 29.0, 31.0, 30.5]


def judged(cells, classes=0):
    made, _ = results.comparisons(cells)
    found = verdicts(
        results.table(cells),
        results.select_measures(cells),
        made,
        "data",
        "a budget",
        results.find_failed(cells),
        classes,
    )
    return {one.topic: one for one in found}


def test_the_table_holds_students_interval(invent):
    cells = invent.of("a", frechet_distance=A)
    entry = results.table(cells)["a"]["frechet_distance"]
    low, high = stats.t.interval(0.95, 3, loc=10.05, scale=stats.sem(A))
    assert (entry.mean, entry.low, entry.high) == pytest.approx((10.05, low, high))
    assert entry.values == A and entry.n == 4
    alone = results.table(cells[:1])["a"]["frechet_distance"]
    assert alone == Entry(mean=10.0, low=None, high=None, values=[10.0], n=1)


def test_comparisons_are_paired_t_tests_with_holms_correction(invent):
    cells = [
        row for name, values in zip("abc", (A, B, C), strict=True) for row in invent.of(name, psnr=values)
    ]
    made, corrected_for = results.comparisons(cells)
    assert corrected_for == len(made) == 3
    expected = [stats.ttest_rel(a[:3], b[:3]).pvalue for a, b in ((A, B), (A, C), (B, C))]
    assert [one.p for one in made] == pytest.approx(expected)
    ranked = sorted(range(3), key=lambda at: expected[at])
    assert made[ranked[0]].p_adjusted == pytest.approx(2 * 3 * expected[ranked[0]])
    assert made[ranked[0]].level == pytest.approx(1 - 0.05 / 2 / 3)
    assert [one.verdict for one in made] == ["second", "second", "second"]
    assert {one.n for one in made} == {3}  # of four seeds: the fourth waits for the look at five


def test_lower_is_better_where_it_is(invent):
    cells = [
        row
        for name, values in zip("abc", (A, B, C), strict=True)
        for row in invent.of(name, frechet_distance=values)
    ]
    made, _ = results.comparisons(cells)
    assert {one.verdict for one in made} == {"first"}
    assert all(one.difference < 0 for one in made)
    said = judged(cells)["generation"]
    assert said.pick == "a" and said.text.startswith("For generation pick a (Fréchet distance: a 10.05 ± ")


def test_the_interval_spans_zero_exactly_where_the_verdict_is_inconclusive(invent):
    noise = [10.3, 9.8, 10.2, 9.7]
    cells = [*invent.of("a", psnr=A), *invent.of("b", psnr=noise), *invent.of("c", psnr=C)]
    for one in results.comparisons(cells)[0]:
        assert (one.verdict == "inconclusive") == (one.low <= 0 <= one.high) == (one.p_adjusted >= 0.05)
    said = judged(cells)["reconstruction"]
    assert said.pick == "c"


def test_times_do_not_count_among_the_comparisons_of_quality(invent):
    cells = [
        *invent.of("a", psnr=A, images_per_second=[100.0, 101.0, 99.0, 100.5]),
        *invent.of("b", psnr=B, images_per_second=[50.0, 51.0, 50.5, 49.0]),
    ]
    made, corrected_for = results.comparisons(cells)
    assert corrected_for == 1
    assert [(one.measure, one.family) for one in made] == [
        ("psnr", "quality"),
        ("images_per_second", "cost"),
    ]
    assert made[0].p_adjusted == pytest.approx(2 * made[0].p)


def test_one_seed_makes_no_comparison_and_says_so(invent):
    cells = [*invent.of("a", psnr=A[:1]), *invent.of("b", psnr=B[:1])]
    assert results.comparisons(cells) == ([], 0)
    said = judged(cells)["reconstruction"]
    assert said.pick is None and said.text.endswith("but with one seed nothing can be said of chance.")
    assert "One seed: nothing can be said of chance. Use --seeds 3 or more." in [
        *notes(cells, seeds=1, tries=1, corrected_for=0, n=5000)
    ]


def test_differences_that_are_all_equal_are_inconclusive_and_still_json(invent):
    cells = [*invent.of("a", linear_probe=[0.9, 0.8, 0.7]), *invent.of("b", linear_probe=[0.8, 0.7, 0.6])]
    (one,), _ = results.comparisons(cells)
    assert (one.verdict, one.p, one.low, one.high) == ("inconclusive", 1.0, None, None)
    json.dumps(asdict(one), allow_nan=False)
    assert "its lead over b is inconclusive with 3 seeds" in judged(cells)["features"].text


def test_ties_the_only_one_and_rows_with_one_seed_are_called_that(invent):
    equal = [*invent.of("a", psnr=A), *invent.of("b", psnr=A)]
    assert judged(equal)["reconstruction"] == Verdict(
        topic="reconstruction",
        pick=None,
        text="For reconstruction a and b are equal (PSNR of x′: a 10.05 ± 0.21 dB, b 10.05 ± 0.21 dB).",
    )
    alone = judged([*invent.of("a", psnr=A), *invent.of("b", frechet_distance=A)])
    assert (
        alone["reconstruction"].pick == "a" and "the only one here that can" in alone["reconstruction"].text
    )
    mixed = judged(
        [*invent.of("a", psnr=C), *invent.of("b", psnr=[29.5, 30.5, 30.0, 29.0]), *invent.of("x", psnr=[9.0])]
    )
    assert (
        "over b is inconclusive with 4 seeds, and of x, with one seed, nothing"
        in mixed["reconstruction"].text
    )


def test_failed_cells_leave_the_means_and_are_told(invent):
    cells = invent.of("a", psnr=A)
    for seed in (0, 2):
        cells[seed] = Cell.begin("a", seed, "the critic won.")
    assert results.table(cells)["a"]["psnr"].values == [10.2, 10.1]
    said = [*notes(cells, seeds=4, tries=1, corrected_for=3, n=5000)]
    assert "a failed with seeds 0, 2: the critic won." in said
    assert "a failed with 2 of 4 seeds: its means are over the rest, which flatters it." in said
    assert "corrected for 3 (Holm)" in " ".join(said)


def test_copies_and_small_test_splits_are_told(invent):
    cells = invent.of("a", copies=[0.4], copies_baseline=[0.01], copies_p_value=[1e-9])
    said = " ".join(notes(cells, seeds=3, tries=5, corrected_for=0, n=189))
    assert "a, seed 0, repeats training examples: 40.0% of the generated" in said
    assert "189 test examples are few" in said and "tried with 5 learning rates" in said


def test_codes_learned_from_labels_are_told_beside_others(invent):
    told = invent.of("told", linear_probe=A, classifier_accuracy=A)
    alone = " ".join(notes(told, seeds=4, tries=1, corrected_for=1, n=5000))
    beside = [*told, *invent.of("plain", linear_probe=B)]
    said = " ".join(notes(beside, seeds=4, tries=1, corrected_for=1, n=5000))
    assert "told learned codes from labels: a probe of codes says less of them" in said
    assert "learned codes from labels" not in alone


def test_measures_unknown_to_the_catalog_are_shown_and_not_tested(invent):
    cells = [*invent.of("a", psnr=A, new_one=A), *invent.of("b", psnr=B, new_one=B)]
    measures = results.measures_of(cells)
    assert [measure["key"] for measure in measures] == ["psnr", "new_one"]
    assert measures[0]["name"] == "the full name of psnr"
    assert results.comparisons(cells)[1] == 1


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([146.0, 150.0, 142.0], "146.0 ± 9.9"),
        ([0.9, 0.8, 1.0], "0.90 ± 0.25"),
        ([1000.0, 3000.0], "2,000 ± 13,000"),
        ([54961.0, 54961.0], "54,961"),
        ([0.97, 0.97], "0.97 ± 0"),
        ([1.0, 1.0], "1 ± 0"),
        ([3.14159], "3.142"),
    ],
)
def test_amounts_show_no_more_digits_than_the_interval_leaves(values, shown):
    assert amount(results.entry(values)) == shown
    assert read_amount(None) == "–"


def test_values_that_are_missing_in_one_seed_pair_only_the_others(invent):
    cells = [*invent.of("a", psnr=[1.0, None, 3.0, 5.0]), *invent.of("b", psnr=[2.0, 2.0, 5.0, 9.0])]
    (one,), _ = results.comparisons(cells)
    assert one.n == 3 and one.difference == pytest.approx(-7 / 3)
    assert math.isfinite(one.p)


def test_what_earlier_versions_measured_wrongly_is_not_read(invent, tmp_path):
    """A comparison that grows must not mix two kinds of SSIM."""
    for name, kept in (("SSIM, mean of 10", False), ("SSIM of intensities, mean of 10", True)):
        (cell,) = invent.of("a", ssim=[0.3], psnr=[20.0])
        files.write_json(
            tmp_path / "cell.json", replace(cell, names={"psnr": "PSNR", "ssim": name}).to_json()
        )
        read = Cell.read(tmp_path / "cell.json")
        assert ("ssim" in read.metrics, "ssim" in read.names) == (kept, kept)
        assert read.metrics["psnr"] == 20.0 and read.names["psnr"] == "PSNR"


def test_a_row_that_failed_is_no_reason_to_pick_another(invent):
    lost = [
        replace(cell, state="failed", reason="RuntimeError: no", metrics={}, names={})
        for cell in invent.of("b", cpu_seconds=[3.0, 4.0])
    ]
    cells = [*invent.of("a", psnr=A), *lost]
    assert results.find_failed(cells) == ["b"] and results.table(cells)["b"] == {}
    said = judged(cells)["reconstruction"]
    assert said.pick is None and said.text.endswith("b failed, so none is picked.")
    assert [cell.cost for cell in cells if cell.system == "b"] == [
        {"cpu_seconds": 3.0},
        {"cpu_seconds": 4.0},
    ]


def test_a_cell_that_fails_keeps_its_costs_and_its_traceback():
    cost = {}

    def act():
        cost["cpu_seconds"] = 3.0
        raise RuntimeError("shapes")

    found = worker.rescued(act, replace(Cell.begin("a", 0), cost=cost))
    assert (found.state, found.reason, found.cost) == ("failed", "RuntimeError: shapes", {"cpu_seconds": 3.0})
    assert 'raise RuntimeError("shapes")' in found.traceback


@pytest.mark.parametrize(
    ("accuracy", "classes", "picked"),
    [
        ([0.30, 0.31, 0.32], 10, "a"),
        ([0.10, 0.10, 0.10], 10, None),
        ([0.09, 0.30, 0.11], 10, None),  # its interval holds 0.1
        ([0.48], 2, None),
        ([0.60], 2, "a"),
        ([0.10, 0.10, 0.10], 0, "a"),  # no classes: nothing to guess
    ],
)
def test_the_only_one_that_can_must_be_better_than_guessing(invent, accuracy, classes, picked):
    cells = [*invent.of("a", linear_probe=accuracy), *invent.of("b", frechet_distance=[1.0] * len(accuracy))]
    verdict = judged(cells, classes)["features"]
    assert verdict.pick == picked
    assert ("better than guessing" in verdict.text) == (picked is None)


def test_the_best_of_several_must_be_better_than_guessing(invent):
    guessing = [0.11, 0.10, 0.09]
    cells = [
        *invent.of("a", accuracy_from_samples=guessing),
        *invent.of("b", accuracy_from_samples=[0.05, 0.06, 0.05]),
    ]
    assert judged(cells, 10)["usefulness"].pick is None
    assert "better than guessing, 0.1" in judged(cells, 10)["usefulness"].text
