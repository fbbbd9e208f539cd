"""The site is built without a warning, so its links and anchors lead somewhere, and it needs nothing from elsewhere."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("material")

ROOT = Path(__file__).parents[1]
FETCHED = re.compile(
    r'<(?:script|img|iframe)\b[^>]*\bsrc="https?:|<link\b[^>]*rel="stylesheet"[^>]*href="https?:'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return out


def test_every_page_is_there(site: Path) -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html")
        assert (site / name).is_file() or (site / name.parent / "index.html").is_file(), name
    made = ["api", "commands", "changelog", "contributing", "security", "tutorials/own_system"]
    assert all((site / f"{name}.html").is_file() for name in made)


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    assert [page.name for page in pages if FETCHED.search(page.read_text(encoding="utf-8"))] == []


def test_commands_and_docstrings_can_be_searched(site: Path) -> None:
    index = (site / "search" / "search_index.js").read_text(encoding="utf-8")
    found = json.loads(index[index.index("{") :].rstrip("; \n"))
    text = {entry["location"]: entry["text"] for entry in found["docs"]}
    assert "--watermark" in text["commands.html#generate"]
    assert any(
        "temperature" in words for place, words in text.items() if place.startswith("api.html#amalgan")
    )
