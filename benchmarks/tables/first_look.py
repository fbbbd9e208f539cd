"""Five tasks in a page, and their clicks."""

from __future__ import annotations

from tables.markdown import stored, table


def first_look() -> str:
    """A row a task."""
    rows = stored("first_look")["rows"]
    return table(
        ["task", "way", "clicks"], ([row["task"], ", ".join(row["way"]), str(row["clicks"])] for row in rows)
    )


TABLES = {"first-look": first_look}
