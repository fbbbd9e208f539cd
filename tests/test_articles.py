"""The page on the articles names files and symbols; they must be there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "articles.md").read_text()
PACKAGE = ROOT / "src" / "amalgan"
NAMED = sorted(set(re.findall(r"`([a-z/]+\.py)`((?:,? (?:and )?`[A-Za-z_.]+`)+)", PAGE)))
OWNED = sorted(set(re.findall(r"`([A-Z]\w+)\.([a-z_]+)`", PAGE)))


def sources() -> str:
    return "\n".join(file.read_text() for file in PACKAGE.rglob("*.py"))


def defines(source: str, name: str) -> bool:
    """Whether ``source`` defines a class, function, attribute or constant of that name."""
    return re.search(rf"^\s*(?:class |def )?{name}\b\s*[(:=]", source, re.MULTILINE) is not None


def test_the_page_names_much() -> None:
    assert len(NAMED) >= 15 and len(OWNED) >= 15


@pytest.mark.parametrize(("file", "symbols"), NAMED)
def test_a_file_defines_the_symbols_named_beside_it(file: str, symbols: str) -> None:
    source = (PACKAGE / file).read_text()
    for symbol in re.findall(r"`([A-Za-z_.]+)`", symbols):
        assert all(defines(source, part) for part in symbol.split(".")), f"{file} does not define {symbol}"


@pytest.mark.parametrize(("owner", "attribute"), OWNED)
def test_an_attribute_belongs_to_its_class(owner: str, attribute: str) -> None:
    body = re.search(rf"^class {owner}\b.*?(?=^class |\Z)", sources(), re.MULTILINE | re.DOTALL)
    assert body is not None and defines(body.group(), attribute)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:examples|docs)/\w+\.\w+)`", PAGE)) - {"docs/results.md"})
)
def test_examples_that_it_names_exist(path: str) -> None:
    assert (ROOT / path).is_file()
