"""Command lines as a program would ask them, for tests that go through many on one small model."""

from __future__ import annotations

import json
from typing import Any

import pytest

from amalgan.cli import main


def answer(
    capsys: pytest.CaptureFixture[str], *words: object, code: int | tuple[int, ...] = 0
) -> dict[str, Any]:
    """Run one with --json; it must end with ``code``, or one of several. Returns what it says last."""
    capsys.readouterr()
    ran = main([*map(str, words), "--json"])
    said = capsys.readouterr()
    assert ran in ((code,) if isinstance(code, int) else code), said.err[-2000:] + said.out[-2000:]
    found: dict[str, Any] = json.loads(said.out.splitlines()[-1])
    return found
