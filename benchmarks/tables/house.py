"""The shape of the source."""

from __future__ import annotations

from tables.markdown import number, stored, table

TITLES = {
    "wings": "outermost folders",
    "floors_of_wings": "floors",
    "arrows_of_wings": "arrows between outermost folders",
    "rooms": "folders with modules",
    "arrows": "arrows between folders with modules",
    "rooms_in_circles": "folders that import each other in a circle",
    "files": "files",
    "long_files": "files of more than 300 lines",
    "lines": "lines",
    "functions": "functions",
    "median_length": "lines of a function, median",
    "ninth_decile_length": "lines of a function, ninth decile",
    "longest": "lines of the longest function",
    "names_with_two_homes": "names that two modules define",
    "names": "names that modules define",
}


def shape() -> str:
    """A row a number, before and now."""
    found = stored("house")
    rows = (
        [title, number(found["before"][name]), number(found["after"][name])] for name, title in TITLES.items()
    )
    return table(["", f"before ({found['before']['commit']})", "now"], rows)


def arrows() -> str:
    """A row a folder: its floor, and what it imports."""
    wings = stored("house")["wings"].items()
    rows = ([str(facts["floor"]), f"`{wing}`", listed(facts["uses"])] for wing, facts in wings)
    return table(["floor", "folder", "imports"], rows)


def listed(names: list[str]) -> str:
    """Names as code, with commas."""
    return ", ".join(f"`{name}`" for name in names)


TABLES = {"house-shape": shape, "house-arrows": arrows}
