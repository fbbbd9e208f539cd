"""``amalgan report`` from end to end."""

from __future__ import annotations

import json


def test_report_leaves_a_page_and_its_numbers(run, digits, tmp_path):
    ran = run("report", digits, "digits", "--out", tmp_path / "page", "--count", "100", "--json")
    assert ran.code == 0
    facts = json.loads((tmp_path / "page" / "report.json").read_text())
    assert ran.json["metrics"] == facts["evaluation"]["metrics"]
    assert ran.json["page"] == str(tmp_path / "page" / "report.html")
    assert (tmp_path / "page" / "report.html").read_text().startswith("<!doctype html>")
    assert "note: n=100 is small" in ran.err
    assert facts["command"] == f"amalgan report {digits} digits --out report --count 100"


def test_report_says_it_in_words_and_can_be_repeated(run, digits, tmp_path):
    words = ("report", digits, "digits", "--out", tmp_path, "--count", "100")
    first = run(*words)
    before = (tmp_path / "report.html").read_bytes()
    assert "Reconstructions x′" in first.out and str(tmp_path / "report.html") in first.out
    assert run(*words).code == 0
    assert (tmp_path / "report.html").read_bytes() == before


def test_skipped_files_are_listed_and_exit_with_3(run, digits, folder, tmp_path):
    ran = run("report", digits, folder, "--out", tmp_path / "page", "--json")
    assert ran.code == 3
    assert len(ran.json["skipped"]) == 2
    assert "pictures is other data" in ran.err


def test_report_refuses_what_evaluate_refuses(run, digits, folder, tmp_path):
    assert run("report", digits, folder, "--out", folder / "in").code == 2
    assert run("report", tmp_path, "digits", "--out", tmp_path / "page").code == 1
    assert run("report", digits, "digits", "--out", tmp_path / "page", "--count", "1").code == 2
    assert not (tmp_path / "page").exists()
