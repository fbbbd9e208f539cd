"""Command lines as a program would ask them, and jobs that are killed on the way."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from amalgan.cli import main
from amalgan.core.journal import Journal


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


def record_appends(monkeypatch: pytest.MonkeyPatch, most: int | None = None) -> list[int]:
    """Note how many rows each append to a journal has, in what is returned; the one after ``most`` is interrupted."""
    appended: list[int] = []
    append = Journal.append

    def noted(journal: Journal, rows: np.ndarray) -> None:
        if len(appended) == most:
            monkeypatch.setattr(Journal, "append", append)
            raise KeyboardInterrupt
        appended.append(len(rows))
        append(journal, rows)

    monkeypatch.setattr(Journal, "append", noted)
    return appended
