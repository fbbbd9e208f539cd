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
