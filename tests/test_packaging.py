"""What is packed: a README whose links work on a package index, and one version everywhere."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import amalgan

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def dist() -> ModuleType:
    spec = importlib.util.spec_from_file_location("dist", ROOT / "scripts" / "dist.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_links_and_images_become_absolute(dist: ModuleType) -> None:
    text = "[a](docs/a.md#b) ![c](docs/c.png) [d](https://example.org) `[e](f)`"
    made = dist.for_index(
        "[a](docs/a.md#b) ![c](docs/c.png) [d](https://example.org)", "https://host/x", "1.2"
    )
    assert made == (
        "[a](https://host/x/blob/v1.2/docs/a.md#b) ![c](https://host/x/raw/v1.2/docs/c.png) [d](https://example.org)"
    )
    assert dist.for_index(text.split(" `")[0], "", "1.2") == "a  [d](https://example.org)"


@pytest.mark.parametrize("address", ["", "https://host/x"])
def test_the_readme_of_an_index_has_no_relative_link(dist: ModuleType, address: str) -> None:
    made = dist.for_index((ROOT / "README.md").read_text(), address, "1")
    targets = re.findall(r"\]\(([^)]+)\)", made)
    assert targets and all(target.startswith("https://") for target in targets)
    assert ("![" in made) == bool(address)


def test_project_urls_are_toml(dist: ModuleType) -> None:
    found = tomllib.loads(dist.urls("https://host/x"))["project"]["urls"]
    assert found["Homepage"] == "https://host/x" and found["Changelog"].endswith("CHANGELOG.md")


def test_one_version_stands_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert amalgan.__version__ == version
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.M)
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_install_pages_name_the_wheel_and_every_extra() -> None:
    wheel = f"amalgan-{PROJECT['project']['version']}-py3-none-any.whl"
    page = (ROOT / "docs" / "install.md").read_text()
    assert wheel in page and wheel in (ROOT / "README.md").read_text()
    assert all(f"| `{extra}` |" in page for extra in PROJECT["project"]["optional-dependencies"])
