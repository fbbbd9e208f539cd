"""Tables of the docs hold what the benchmarks left, and nothing typed by hand."""

from __future__ import annotations

import re

import render


def test_tables_are_what_the_benchmarks_left() -> None:
    pages = [page.read_text() for page in render.PAGES]
    for name in render.TABLES:
        filled = [re.search(rf"<!-- {name} -->\n.+\n<!-- /{name} -->", page, re.S) for page in pages]
        assert sum(map(bool, filled)) == 1, f"{name} is there and filled"
    assert pages == [render.rendered(page) for page in pages]
