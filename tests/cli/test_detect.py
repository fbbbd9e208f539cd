"""``detect`` from end to end: what is judged, what is told, what is refused."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from PIL import Image

from amalgan.config.imagenet_weights import imagenet_weights


def test_known_anomalies_are_judged(run, digits, tmp_path):
    words = ("detect", digits, "digits", "--out", tmp_path / "s.csv", "--anomaly", "0,4")
    ran = run(*words, "--maps", tmp_path / "maps", "--rate", "0.2", "--json")
    assert ran.code == 0
    facts = ran.json
    assert (facts["n"], facts["split"], facts["rate"]) == (189, "test", 0.2)
    assert facts["signals"] == ["reconstruction", "drift", "density", "critic", "joint"]
    assert facts["normals"]["of"] == "validation split of digits"
    assert facts["normals"]["smallest_p"] == pytest.approx(1 / (facts["normals"]["n"] + 1))
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))
    assert sum(row["alarm"] == "yes" for row in rows) == facts["alarms"] == facts["maps"] > 0
    assert all((float(row["p(all)"]) <= 0.2) == (row["alarm"] == "yes") for row in rows)
    judged = facts["judged"]
    assert judged["anomalous"] == sum(row["label"] in ("0", "4") for row in rows)
    assert set(judged["auroc"]) == {"all", *facts["signals"]}
    for found in [judged["found"], judged["false_alarms"], *judged["auroc"].values()]:
        assert 0 <= found["low"] <= found["mean"] <= found["high"] <= 1
    pictures = sorted((tmp_path / "maps").rglob("*.png"))
    assert len(pictures) == facts["maps"] and Image.open(pictures[0]).mode == "RGB"
    before = (tmp_path / "s.csv").read_bytes()
    said = run(*words, "--rate", "0.2").out
    assert "AUROC, all" in said and "95 % interval" in said and "smallest p" in said
    assert (tmp_path / "s.csv").read_bytes() == before


@pytest.mark.skipif(imagenet_weights() is None, reason="the imagenet extra is missing")
def test_the_outside_network_joins_by_a_switch(run, tmp_path):
    random = np.random.default_rng(0)
    down, across = np.mgrid[:16, :16]
    phase = random.uniform(0, 6, (300, 1, 1))
    stripes = (127 + 100 * np.sin(0.9 * (down + across) + phase) + random.normal(0, 8, (300, 16, 16))).clip(
        0, 255
    )
    discs = np.where((down - 8) ** 2 + (across - phase[:9] - 5) ** 2 < 20, 220, 30)
    np.savez(tmp_path / "normal.npz", x=stripes.astype(np.uint8))
    np.savez(tmp_path / "other.npz", x=stripes[::-1, ::-1].astype(np.uint8))
    np.savez(tmp_path / "new.npz", x=discs.astype(np.uint8))
    small = ("--system", "autoencoder", "--images", "640", "--cache", tmp_path / "cache")
    assert run("train", tmp_path / "normal.npz", *small, "--out", tmp_path / "run").code == 0
    words = [
        "detect",
        tmp_path / "run",
        tmp_path / "new.npz",
        "--cache",
        tmp_path / "cache",
        "--outside",
        "--json",
    ]
    ran = run(*words, "--out", tmp_path / "s.csv", "--normals", tmp_path / "normal.npz", "--rate", "0.1")
    assert ran.code == 0 and ran.json["signals"][-2:] == ["joint", "outside"]
    rows = list(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))
    assert {row["p(outside)"] for row in rows} == {f"{ran.json['normals']['smallest_p']:.6g}"}
    assert ran.json["alarms"] == 9
    others = run(*words, "--out", tmp_path / "t.csv", "--normals", tmp_path / "other.npz")
    assert others.code == 2 and "Give the model's training data as --normals" in others.err


def test_new_pictures_beside_the_data_that_the_model_was_trained_on(run, digits, folder, tmp_path):
    ran = run("detect", digits, folder, "--normals", "digits", "--out", tmp_path / "s.csv", "--json")
    assert ran.code == 3
    assert (ran.json["n"], ran.json["split"], len(ran.json["skipped"])) == (21, "all", 2)
    assert ran.json["normals"]["of"] == "validation and test split of digits"
    assert ran.json["normals"]["n"] == 275
    assert ran.json["alarms"] == 21, "noise is no digit"
    text = (tmp_path / "s.csv").read_text()
    assert "\x1b" not in text and "dog" in text, "classes that the model does not know are named"
    found = run(
        "detect",
        digits,
        folder,
        "--normals",
        "digits",
        "--anomaly",
        "dog",
        "--out",
        tmp_path / "s.csv",
        "--json",
    )
    assert found.json["judged"]["anomalous"] == 10


def test_without_normals_it_asks_for_them(run, digits, folder, tmp_path):
    ran = run("detect", digits, folder, "--out", tmp_path / "s.csv", "--json")
    assert ran.code == 2 and "trained on digits, not on" in ran.json["error"]
    assert "--normals" in ran.json["error"] and not (tmp_path / "s.csv").exists()


def test_too_few_normals_are_said(run, digits, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (9, 8, 8), np.uint8)
    np.save(tmp_path / "few.npy", noise)
    words = ("detect", digits, "digits", "--split", "test", "--normals", tmp_path / "few.npy")
    ran = run(*words, "--out", tmp_path / "s.csv", "--json")
    assert (ran.code, ran.json["alarms"], ran.json["normals"]["n"]) == (0, 0, 9)
    assert "9 normal examples can show no p-value below 0.1" in ran.err and "Give 20 or more" in ran.err


def test_vectors(run, iris, tmp_path):
    words = ("detect", iris, "iris", "--out", tmp_path / "s.csv")
    assert run(*words, "--json").json["split"] == "test"
    ran = run(*words, "--maps", tmp_path / "maps", "--rate", "0.5")
    assert ran.code == 2 and "heat maps are of pictures" in ran.err


def test_it_refuses(run, digits, folder, tmp_path):
    assert run("detect", digits, folder, "--normals", "digits", "--out", folder / "s.csv").code == 2
    assert run("detect", digits, "digits", "--out", tmp_path / "s.txt").code == 2
    assert run("detect", digits, "digits", "--out", tmp_path / "s.csv", "--rate", "5").code == 2
    ran = run("detect", digits, "digits", "--out", tmp_path / "s.csv", "--anomaly", "seven", "--json")
    assert ran.code == 2 and "digits has no such class" in json.dumps(ran.json)
    assert not list(tmp_path.iterdir())
