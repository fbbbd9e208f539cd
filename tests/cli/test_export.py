"""``export`` from end to end."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("onnxruntime")


def test_files_are_listed_with_what_they_take(run, digits, tmp_path):
    out = tmp_path / "exported"
    ran = run("export", digits, "--out", out, "--json")
    files = {one["file"]: one for one in ran.json["files"]}
    assert {file.name for file in out.iterdir()} == {*files, "export.json"}
    assert files["generate.onnx"]["inputs"][0] == "label" and files["encode.onnx"]["output"] == "code"
    assert all(0 <= one["difference"] < 1e-4 for one in files.values())
    assert json.loads((out / "export.json").read_text())["digest"] == ran.json["digest"]


def test_another_format_is_a_usage_error(run, digits, tmp_path):
    ran = run("export", digits, "--to", "tflite", "--out", tmp_path / "x")
    assert ran.code == 2 and "onnx" in ran.err


def test_a_page_is_written_with_what_it_holds(run, digits, tmp_path):
    out = tmp_path / "model.html"
    ran = run("export", digits, "--to", "page", "--out", out, "--json")
    assert ran.code == 0 and ran.json["bytes"] == out.stat().st_size
    assert ran.json["digest"] in out.read_text()
    again = run("export", digits, "--to", "page", "--data", "digits", "--out", out)
    assert again.code == 0 and "model.html in a browser" in again.out.replace("\n", "")
    assert "PSNR in dB" in out.read_text()


def test_a_page_is_not_written_over_what_is_not_ours(run, digits, tmp_path):
    out = tmp_path / "mine.html"
    out.write_text("<p>mine</p>")
    assert run("export", digits, "--to", "page", "--out", out).code != 0
    assert out.read_text() == "<p>mine</p>"


def test_flags_of_a_page_are_refused_for_files(run, digits, tmp_path):
    ran = run("export", digits, "--data", "digits", "--out", tmp_path / "x")
    assert ran.code == 2 and "--to page" in ran.err
    ran = run("export", digits, "--to", "page", "--out", tmp_path / "folder")
    assert ran.code == 2 and ".html" in ran.err
