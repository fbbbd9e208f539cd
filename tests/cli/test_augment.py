"""``amalgan augment`` from end to end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from amalgan.api.model import load
from amalgan.core.errors import UsageError
from amalgan.sklearn.resampler import Resampler

QUICK = ("--verify", "--steps", "2", "--times", "0.2")


def test_augment_makes_a_labeled_folder(run, digits, tmp_path):
    words = ("augment", digits, "digits", "--out", tmp_path / "new", "--times", "0.5", "--json")
    made = run(*words)
    assert made.code == 0 and made.json["policy"] == "extrapolate" and made.json["decoder"] == "realistic"
    assert sum(made.json["classes"].values()) == made.json["n"] == made.json["written"] - 1
    looked = run("inspect", tmp_path / "new", "--json").json
    assert looked["read"] == made.json["n"] and looked["classes"] == made.json["classes"]
    assert looked["skipped"] == []
    again = run(*words)
    assert again.json["written"] == 0
    other = run(*words, "--seed", "1")
    assert other.code == 2 and "its seed is 0, not 1" in other.err


def test_verify_leaves_a_page_and_a_verdict(run, digits, tmp_path):
    words = ("augment", digits, "digits", "--out", tmp_path / "new", "--policy", "generate", *QUICK)
    ran = run(*words, "--json")
    assert ran.code == 0
    assert ran.json["verdict"] in ("helps", "none", "hurts", "inconclusive")
    low, high = ran.json["interval"]
    assert low <= ran.json["points"] <= high
    page = (tmp_path / "new" / "verdict.html").read_text()
    assert page.startswith("<!doctype html>") and ran.json["verdict"] in page
    assert "Content-Security-Policy" in page and "<script" not in page
    kept = json.loads((tmp_path / "new" / "verdict.json").read_text())
    assert kept["interval"] == ran.json["interval"]
    before = (tmp_path / "new" / "verdict.json").stat().st_mtime_ns
    said = run(*words)  # answers from the folder
    assert ran.json["sentences"][0] in said.out.replace("\n", "")
    assert (tmp_path / "new" / "verdict.json").stat().st_mtime_ns == before


def test_vectors_become_a_table(run, iris, tmp_path):
    ran = run("augment", iris, "iris", "--out", tmp_path / "new", *QUICK, "--json")
    assert ran.code == 0 and "moved" not in ran.json["arms"]
    first = (tmp_path / "new" / "examples.csv").read_text().splitlines()[0]
    assert first.startswith("sepal length (cm),") and first.endswith(",label")
    read = run("inspect", tmp_path / "new" / "examples.csv", "--json").json
    assert read["read"] == ran.json["n"]


def test_no_verdict_on_data_that_the_model_may_have_seen(run, digits, folder, tmp_path):
    ran = run("augment", digits, folder, "--out", tmp_path / "new", "--verify")
    assert ran.code == 1 and "may have seen the test examples" in ran.err
    assert not (tmp_path / "new").exists()
    made = run("augment", digits, folder, "--out", tmp_path / "new", "--json")
    assert made.code == 3 and len(made.json["skipped"]) == 2
    assert made.json["n"] == len(list((tmp_path / "new").glob("*.png"))) > 0
    assert "are not those of pictures" in made.err


def test_augment_refuses(run, digits, folder, tmp_path):
    assert run("augment", digits, folder, "--out", folder / "in").code == 2
    nothing = run("augment", digits, "digits", "--out", tmp_path / "new", "--times", "0")
    assert nothing.code == 2 and "nothing is to be made" in nothing.err
    few = run("augment", digits, "digits", "--out", tmp_path / "new", "--verify", "--seeds", "3")
    assert few.code == 2 and "at least 5" in few.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("policy", ["interpolate", "generate"])
def test_resampler_fills_classes(digits, policy):
    model = load(digits)
    x = model.generate(30)
    y = np.array(["3"] * 20 + ["8"] * 10)
    more, classes = Resampler(model, policy=policy).fit_resample(x, y)
    assert more.shape == (40, 8, 8) and more.dtype == np.uint8
    assert (more[:30] == x).all() and (classes[:30] == y).all() and (classes[30:] == "8").all()
    flat, _ = Resampler(digits, policy=policy).fit_resample(x.reshape(30, 64), y)
    assert (flat == more.reshape(40, 64)).all()
    same, _ = Resampler(model, policy=policy).fit_resample(x[10:], y[10:])
    assert len(same) == 20


def test_resampler_refuses_and_is_an_estimator(digits):
    x, y = np.zeros((4, 8, 8), np.uint8), np.array([7, 7, 7, 99])
    by = Resampler(digits, policy="generate")
    with pytest.raises(UsageError, match="class '99'"):
        by.fit_resample(x, y)
    with pytest.raises(UsageError, match="4 examples and y 3"):
        by.fit_resample(x, y[:3])
    with pytest.raises(UsageError, match="4 numbers an example"):
        by.fit_resample(np.zeros((4, 2, 2), np.uint8), y)
    assert by.get_params()["policy"] == "generate"


def test_resampler_of_vectors(iris):
    generator = np.random.default_rng(0)
    x = generator.uniform(1, 7, (30, 4))
    more, classes = Resampler(iris, policy="extrapolate").fit_resample(x, np.arange(30) % 3 // 2)
    assert more.dtype == np.float64 and np.bincount(classes).tolist() == [20, 20]
