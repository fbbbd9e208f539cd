"""What was run on every kind of data."""

from __future__ import annotations

from tables.markdown import stored, table

WORDS = {True: "same", False: "differs"}


def doors() -> str:
    """A row a kind, a column a door; empty where a command line cannot be given it."""
    found = stored("doors")
    columns = list(dict.fromkeys(door for ran in found.values() for door in ran))
    rows = [
        [kind, *(WORDS[ran[door]] if door in ran else "" for door in columns)] for kind, ran in found.items()
    ]
    return table(["kind", *(f"`{door}`" for door in columns)], rows)


TABLES = {"doors": doors}
