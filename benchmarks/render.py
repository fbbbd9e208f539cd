"""Write the tables of README and docs from the JSON that the benchmarks left, and from the systems that there are.

    python benchmarks/render.py

Between ``<!-- NAME -->`` and ``<!-- /NAME -->`` stands what the function NAME in ``tables`` makes of its JSON; a test
holds the pages to that, so no figure there is typed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import tables

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUBJECTS = [import_module(f"tables.{found.name}") for found in iter_modules(tables.__path__)]
TABLES: dict[str, Callable[[], str]] = {
    name: make for subject in SUBJECTS for name, make in getattr(subject, "TABLES", {}).items()
}


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        page.write_text(rendered(page.read_text()))


def rendered(page: str) -> str:
    """``page`` with every table as the JSON has it."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        page = marked.sub(lambda found, make=make: found[1] + make() + found[2], page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    main()
