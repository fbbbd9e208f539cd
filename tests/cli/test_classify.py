"""``classify`` and ``--labeled`` from end to end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from amalgan.cli import main

SMALL = ("--network.width", "8", "--network.widest", "16", "--prior.parts", "10", "--batch", "32")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run with a hundred labels."""
    out = tmp_path_factory.mktemp("runs") / "few"
    words = ("train", "digits", "--system", "supervised", "--labeled", "100", "--images", "6400", *SMALL)
    assert main([*words, "--device", "cpu", "--out", str(out)]) == 0
    return out


def test_the_test_split_is_judged(run, few, tmp_path):
    ran = run("classify", few, "digits", "--out", tmp_path / "scores.csv", "--json")
    assert ran.code == 0
    assert (ran.json["n"], ran.json["split"], ran.json["labeled"]) == (189, "test", 189)
    low, high = ran.json["interval"]
    assert 0.5 < low < ran.json["accuracy"] < high <= 1
    assert ran.json["log_loss"] > 0 and 0 <= ran.json["calibration_error"] < 1
    assert sum(ran.json["counts"].values()) == 189
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    right = sum(row["label"] == row["predicted"] for row in rows)
    assert right / 189 == pytest.approx(ran.json["accuracy"])
    assert sum(float(rows[0][f"p({digit})"]) for digit in range(10)) == pytest.approx(1, abs=1e-4)


def test_people_are_told(run, few):
    said = run("classify", few, "digits").out
    assert "95 % interval" in said and "calibration error" in said and "test split" in said


def test_unlabeled_pictures_have_probabilities_and_no_accuracy(run, few, tmp_path):
    np.save(tmp_path / "new.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8), np.uint8))
    ran = run("classify", few, tmp_path / "new.npy", "--json")
    assert (ran.code, ran.json["n"], ran.json["split"]) == (0, 20, "all")
    for key in ("accuracy", "interval", "log_loss", "calibration_error"):
        assert ran.json[key] is None
    assert "unknown: no labels" in run("classify", few, tmp_path / "new.npy").out


def test_bad_files_are_skipped_and_listed(run, few, folder, tmp_path):
    ran = run("classify", few, folder, "--split", "all", "--out", tmp_path / "x.csv", "--json")
    assert (ran.code, ran.json["n"], len(ran.json["skipped"])) == (3, 21, 2)
    assert ran.json["accuracy"] is None, "its classes are not the model's"
    assert "\x1b" not in (tmp_path / "x.csv").read_text()


def test_one_picture(run, few, folder):
    assert run("classify", few, folder / "dog" / "0.png", "--json").json["n"] == 1


def test_a_model_that_cannot_says_who_can(run, digits):
    ran = run("classify", digits, "digits", "--json")
    assert ran.code == 2
    assert "'fusion' cannot classify; these can: supervised" in ran.json["error"]


def test_the_table_lies_outside_the_data_and_is_csv(run, few, folder, tmp_path):
    assert run("classify", few, folder, "--out", folder / "x.csv").code == 2
    assert run("classify", few, "digits", "--out", tmp_path / "x.txt").code == 2


def test_another_number_of_labels_is_refused_by_name(run, few):
    facts = json.loads((few / "run.json").read_text())
    assert facts["reading"]["labeled"] == 100
    words = ("train", "digits", "--system", "supervised", "--images", "6400", *SMALL, "--device", "cpu")
    ran = run(*words, "--labeled", "200", "--out", few, "--resume", "--json")
    assert ran.code == 1 and "reading.labeled: 100.0, now 200.0" in ran.json["error"]


def test_labels_for_data_without_any_are_refused(run, tmp_path):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8))
    ran = run(
        "train", tmp_path / "x.npy", "--labeled", "10", "--images", "64", "--out", tmp_path / "r", "--json"
    )
    assert ran.code == 1 and "no training example has a label" in ran.json["error"]


def test_evaluate_reports_the_accuracy(run, few):
    ran = run("evaluate", few, "digits", "--count", "60", "--json")
    assert 0.3 < ran.json["metrics"]["classifier_accuracy"] <= 1
