"""Every command on every page is understood: its flags and values are there. Some pages' commands are also run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from amalgan.cli.parsing import COMMANDS, parse
from amalgan.systems import registry

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMAND = re.compile(rf"^(?: {{4}})?(amalgan (?:{'|'.join(COMMANDS)}) (?:.*\\\n)*.*)", re.M)


def commands(page: Path) -> list[str]:
    """The commands in code blocks of a page, without what is said of them, lines that go on joined."""
    found = COMMAND.findall(page.read_text(encoding="utf-8"))
    return [re.split(r" {2,}(?=\S)", re.sub(r"\\\n\s*", "", one))[0].strip() for one in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_understood(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))  # plugins are forgotten afterwards
    for command in commands(page):
        words = shlex.split(command, comments=True)[1:]
        assert "--help" in words or not isinstance(parse(words), str), command


def test_pages_have_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 100


def test_a_wrong_flag_would_be_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```\namalgan generate run --number 3   not a flag\namalgan train x \\\n    --images 3\n```\n"
    )
    assert commands(page) == ["amalgan generate run --number 3", "amalgan train x --images 3"]
    with pytest.raises(Exception, match="--number"):
        test_commands_are_understood(page, pytest.MonkeyPatch())
