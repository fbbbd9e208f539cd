"""What is written is inert in a spreadsheet and equal for equal plans; what cannot be told apart is refused."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from amalgan.config import fields
from amalgan.config.compare_options import CompareOptions
from amalgan.core.errors import ConfigError
from amalgan.core.thinning import thin
from amalgan.data import open_data
from amalgan.evaluation.scores.score import Outside
from amalgan.studies.compare import collapse, outputs
from amalgan.studies.compare.cell_examples import of_outside
from amalgan.studies.compare.curves import MOST_POINTS
from amalgan.studies.compare.measures import MEASURED_TIMES
from amalgan.studies.compare.plan import normalize_names
from amalgan.studies.compare.results import comparisons, measures_of, table
from amalgan.studies.compare.rows import folder_name

HOSTILE = ["=1+1", "+cmd", "-2", "@x", "\t=1", "\r=1", 'a"b', "a,b", "a\nb", "plain"]


def report_of(cells, names):
    made, corrected_for = comparisons(cells)
    return {
        "systems": [{"name": name, "source": "plugin"} for name in names],
        "measures": measures_of(cells),
        "cells": [cell.to_json() for cell in cells],
        "table": fields.plain(table(cells)),
        "comparisons": fields.plain(made),
        "corrected_for": corrected_for,
        "verdict": [{"topic": "speed"}, {"topic": "generation"}],
        "times": {"x": 1},
    }


def test_names_that_start_a_formula_are_quoted_and_numbers_are_not(invent):
    cells = [row for name in HOSTILE for row in invent.of(name, psnr=[-1.0, -3.0])]
    rows = list(csv.reader(io.StringIO(outputs.csv_of(report_of(cells, HOSTILE)), newline="")))
    assert rows[0] == ["system", "source", "seeds", "failed", "psnr", "psnr_low", "psnr_high"]
    assert [row[0] for row in rows[1:]] == [
        *("'=1+1", "'+cmd", "'-2", "'@x", "\\x09=1", "\\x0d=1", 'a"b', "a,b", "a\\x0ab", "plain")
    ]
    assert {row[4] for row in rows[1:]} == {"-2.0"}


def test_a_report_without_times_has_nothing_that_two_runs_differ_in(invent):
    fast = [
        *invent.of("a", psnr=[1.0, 2.0], images_per_second=[9.0, 8.0]),
        *invent.of("b", psnr=[2.0, 4.0], images_per_second=[1.0, 3.0]),
    ]
    slow = [
        *invent.of("a", psnr=[1.0, 2.0], images_per_second=[2.0, 2.5]),
        *invent.of("b", psnr=[2.0, 4.0], images_per_second=[7.0, 6.0]),
    ]
    first, second = (report_of(cells, ["a", "b"]) for cells in (fast, slow))
    assert first != second and outputs.reproducible(first) == outputs.reproducible(second)
    other = report_of([*invent.of("a", psnr=[1.0, 2.1]), *invent.of("b", psnr=[2.0, 4.0])], ["a", "b"])
    assert outputs.reproducible(other) != outputs.reproducible(first)
    kept = str(outputs.reproducible(first)["cells"]) + str(outputs.reproducible(first)["table"])
    assert not [key for key in MEASURED_TIMES if key in kept]


@pytest.mark.parametrize("name", ["../../x", "/etc", "..", "", "a/b", "=cmd()", "\n", "x" * 20])
def test_a_name_stays_within_its_folder(name):
    assert "/" not in folder_name(name) and folder_name(name) not in ("", ".", "..")


def test_faults_of_a_request_are_named_all_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        CompareOptions(
            data="digits", systems=("gan",), out=tmp_path, seeds=0, tries=0, jobs=-1, count=1, samples=("x",)
        )
    for flag in ("--seeds is 0", "--tries is 0", "--jobs is -1", "--count is 1", "write name=x.npz"):
        assert flag in str(caught.value)
    with pytest.raises(ConfigError, match="give one of them"):
        CompareOptions(data="digits", systems=("gan",), out=tmp_path, images=1000, cpu_minutes=1.0)
    with pytest.raises(ConfigError, match="more files of one name than --seeds 2"):
        CompareOptions(data="digits", systems=(), out=tmp_path, seeds=2, samples=("a=1.npz,2.npz,3.npz",))


def test_rows_that_cannot_be_told_apart_are_refused(tmp_path):
    for systems, samples, said in (
        (("gan", "gan"), (), "gan: rows need names"),
        (("gan",), ("gan=x.npz",), "gan: rows need names"),
        ((), ("a=x.npz", "A=y.npz"), "A, a: rows need names"),
        ((), (), "nothing to compare"),
        (("gna",), (), "there is no 'gna'"),
    ):
        with pytest.raises(ConfigError, match=said):
            normalize_names(CompareOptions(data="digits", systems=systems, samples=samples, out=tmp_path))


def test_the_budget_is_minutes_unless_something_else_is_fixed(tmp_path):
    def request(**budget):
        return CompareOptions(data="digits", systems=("gan",), out=tmp_path, **budget)

    assert request().minutes == 2.0
    assert request(cpu_minutes=0.5, parameters=1000).minutes == 0.5
    assert request(images=1000).minutes is request(parameters=1000).minutes is None


def test_a_run_whose_critic_is_never_wrong_has_collapsed():
    sure = {"critic/critic_right": 1.0, "critic/adversarial": 1e-5, "critic/variety": 1.0}
    fine = sure | {"critic/critic_right": 0.8}
    assert "never wrong" in str(collapse.of_critic([sure] * 10))
    assert collapse.of_critic([*[sure] * 9, fine]) is None
    assert collapse.of_critic([sure] * 9) is None  # too short to tell
    assert "varied less than 10%" in str(collapse.of_critic([fine | {"critic/variety": 0.01}] * 10))
    assert collapse.of_critic([{"autoencoder/reconstruction": 0.1}] * 10) is None


def test_examples_that_do_not_vary_have_collapsed():
    assert "vary 3.0% as much as real ones" in str(collapse.reason({"variety": 0.03, "spacing": 1.0}, None))
    assert "again and again" in str(collapse.reason({"variety": 1.0, "spacing": 0.01}, None))
    assert collapse.reason({"variety": 0.9, "spacing": 0.8}, None) is None
    assert collapse.reason({}, None) is None


def test_logs_are_thinned_to_a_hundred_points_with_both_ends():
    lines = [{"images": float(at)} for at in range(1234)]
    found = thin(lines, MOST_POINTS)
    assert len(found) == 100 and found[0] == lines[0] and found[-1] == lines[-1]
    assert thin(lines[:99], MOST_POINTS) == lines[:99]


def test_outside_examples_are_shown_class_by_class_where_they_have_labels():
    data = open_data("digits")
    found = of_outside(Outside("x", data.test), data)["samples"]
    assert found.shape == (64, 8, 8) and found.dtype == np.uint8
    bytes_of = {
        data.test.pixels([row]).tobytes(): int(data.test.labels[row]) for row in range(len(data.test))
    }
    assert [bytes_of[picture.tobytes()] for picture in found] == [at % 10 for at in range(64)]
    assert len({picture.tobytes() for picture in found}) == 64
