"""Text is written in UTF-8 and read in UTF-8, whatever the encoding of the day is."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import amalgan

SOURCES = sorted(Path(amalgan.__file__).parent.rglob("*.py"))
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def in_the_encoding_of_the_day(tree: ast.AST) -> list[int]:
    """Lines that open text and leave its encoding to the locale."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call.lineno for call in calls if _opens_text(call) and not _says("encoding", call)]


def _opens_text(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "write_text":
        return not isinstance(call.func, ast.Name) and getattr(call.func.value, "id", "") != "files"
    return name == "read_text" or (name in ("run", "Popen") and _says("text", call))


def _says(name: str, call: ast.Call) -> bool:
    return any(keyword.arg == name for keyword in call.keywords)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_text_is_read_in_the_encoding_of_the_day(path):
    assert in_the_encoding_of_the_day(ast.parse(path.read_text(encoding="utf-8"))) == []


def test_a_class_has_one_name_in_every_locale(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "x.npz", x=pixels, y=np.array(["caf\u00e9", "tea"] * 20))
    code = "import sys; from amalgan.data import open_data\nprint(ascii(open_data(sys.argv[1]).spec.classes))"
    own = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    names = {
        subprocess.run(
            [sys.executable, "-c", code, tmp_path / "x.npz"], env=own | more, capture_output=True, check=True
        ).stdout
        for more in ({}, ASCII, {})
    }
    assert names == {b"('caf\\xe9', 'tea')\n"}
