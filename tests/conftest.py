"""A tiny data set on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from workshop import Workshop


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A folder with small data, in which runs are ordered."""
    return Workshop.furnished(tmp_path, monkeypatch)
