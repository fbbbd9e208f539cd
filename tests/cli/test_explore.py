"""``amalgan explore`` from end to end."""

from __future__ import annotations

import json


def test_explore_leaves_a_page_and_its_numbers(run, digits, tmp_path):
    words = ("explore", digits, "digits", "--out", tmp_path / "page", "--count", "50")
    ran = run(*words, "--json")
    assert ran.code == 0
    facts = json.loads((tmp_path / "page" / "explore.json").read_text())
    assert {name: ran.json[name] for name in facts} == facts
    assert ran.json["page"] == str(tmp_path / "page" / "explore.html")
    before = (tmp_path / "page" / "explore.html").read_bytes()
    assert before.startswith(b"<!doctype html>")
    said = run(*words)
    assert "Half of the variance" in said.out and str(tmp_path / "page" / "explore.html") in said.out
    assert (tmp_path / "page" / "explore.html").read_bytes() == before


def test_explore_vectors(run, iris, tmp_path):
    ran = run("explore", iris, "iris", "--out", tmp_path / "page", "--json")
    assert ran.code == 0
    assert "petal length (cm)" in (tmp_path / "page" / "explore.html").read_text()


def test_skipped_files_are_listed_and_exit_with_3(run, digits, folder, tmp_path):
    ran = run("explore", digits, folder, "--out", tmp_path / "page", "--json")
    assert ran.code == 3
    assert len(ran.json["skipped"]) == 2
    assert "pictures is other data" in ran.err


def test_explore_refuses(run, digits, folder, tmp_path):
    assert run("explore", digits, folder, "--out", folder / "in").code == 2
    assert run("explore", tmp_path, "digits", "--out", tmp_path / "page").code == 1
    few = run("explore", digits, "digits", "--out", tmp_path / "page", "--count", "1")
    assert few.code == 2 and "count is 1; an exploration needs at least 16" in few.err
    assert not (tmp_path / "page").exists()
