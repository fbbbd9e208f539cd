"""``trace`` and ``generate --watermark`` from end to end."""

from __future__ import annotations

import csv

import numpy as np
from PIL import Image


def test_marked_pictures_are_found_in_whatever_file(run, folder, small, tmp_path):
    model = tmp_path / "run"
    assert run("train", folder, "--size", "32", "--images", "64", *small, "--out", model).code == 3
    words = ("generate", model, "--count", "40", "--seed", "4")
    assert run(*words, "--watermark", "--out", tmp_path / "marked", "--json").json["watermark"] is True
    assert run(*words, "--out", tmp_path / "plain.npz", "--json").json["watermark"] is False
    found = run("trace", model, tmp_path / "marked", "--out", tmp_path / "m.csv", "--json").json
    assert (found["n"], found["by"], found["errors"]) == (40, ["watermark"], None)
    assert found["watermark_together"] < 1e-9 and found["made"] == 40
    other = run("trace", model, tmp_path / "plain.npz", "--out", tmp_path / "p.csv", "--json").json
    assert other["watermark_together"] > 0.01 and other["made"] < 4
    said = run("info", sorted((tmp_path / "marked").glob("*.png"))[0]).out
    assert "watermark" in said
    again = run("trace", model, tmp_path / "marked", "--out", tmp_path / "m.csv")
    assert "bear the model's watermark" in again.out and again.code == 0
    assert run(*words, "--watermark", "--out", tmp_path / "marked", "--json").json["written"] == 0


def test_with_real_ones_the_errors_are_told(run, digits, tmp_path):
    run("generate", digits, "--count", "100", "--out", tmp_path / "new")
    words = (
        "trace",
        digits,
        tmp_path / "new",
        "--reals",
        "digits",
        "--out",
        tmp_path / "t.csv",
        "--rate",
        "0.05",
    )
    facts = run(*words, "--json").json
    assert facts["by"] == ["score", "watermark"] and facts["written"]
    assert facts["reals"]["of"] == "validation and test split of digits"
    for name in ("false_alarms", "missed", "auroc"):
        assert 0 <= facts["errors"][name]["low"] <= facts["errors"][name]["mean"] <= 1
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert sum(row["made"] == "yes" for row in rows) == facts["made"] > 30
    assert run(*words, "--json").json["written"] is False
    said = run(*words).out
    assert "taken for the model's" in said and "AUROC of the score" in said


def test_a_killed_run_goes_on(run, digits, tmp_path, monkeypatch):
    from amalgan.tasks.trace import trace

    words = ("trace", digits, "digits", "--out", tmp_path / "t.csv")
    assert run(*words).code == 0
    whole, found, calls = (tmp_path / "t.csv").read_bytes(), trace.found, []
    (tmp_path / "t.csv").unlink()

    def killed(*parts):
        calls.append(len(parts[1]))
        if len(calls) == 4:
            raise KeyboardInterrupt
        return found(*parts)

    monkeypatch.setattr(trace, "found", killed)
    assert run(*words).code == 130 and not (tmp_path / "t.csv").exists()
    assert "going on at 768 of 1,797" in run(*words).err
    assert (tmp_path / "t.csv").read_bytes() == whole and len([*tmp_path.iterdir()]) == 1


def test_what_it_refuses(run, digits, iris, folder, tmp_path):
    np.save(tmp_path / "few.npy", np.zeros((20, 8, 8), np.uint8))
    for words, said in [
        ((digits, "digits", "--out", tmp_path / "t.txt"), "scores go to .csv"),
        ((digits, folder, "--out", folder / "t.csv"), "inputs are never changed"),
        ((digits, "digits", "--out", tmp_path / "t.csv", "--rate", "2"), "share between 0 and 1"),
        ((iris, "iris", "--out", tmp_path / "t.csv"), "vectors bear no watermark"),
        ((digits, "digits", "--reals", tmp_path / "few.npy", "--out", tmp_path / "t.csv"), "50 of each"),
    ]:
        ran = run("trace", *words, "--json")
        assert ran.code in (1, 2) and said in ran.json["error"], words
    ran = run("generate", iris, "--count", "4", "--watermark", "--out", tmp_path / "x.npz")
    assert ran.code == 2 and "vectors bear no watermark" in ran.err
    assert not [*tmp_path.glob("t.*")]


def test_few_reals_are_said_and_bad_files_listed(run, digits, folder, tmp_path):
    ran = run("trace", digits, folder, "--reals", "digits", "--rate", "0.001", "--out", tmp_path / "t.csv")
    assert ran.code == 3 and "raises no alarm at a rate of 0.001" in ran.err
    Image.new("L", (8, 8)).save(tmp_path / "one.png")
    one = run("trace", digits, tmp_path / "one.png", "--out", tmp_path / "t.csv", "--json").json
    assert (one["n"], one["watermark_together"]) == (1, None)
