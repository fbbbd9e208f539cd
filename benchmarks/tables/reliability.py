"""What make stress reached."""

from __future__ import annotations

from tables.markdown import stored, table


def stress() -> str:
    """A row a promise."""
    rows = stored("stress")["rows"].values()
    return table(["must hold", "reached"], [[row["asked"], row["reached"]] for row in rows])


TABLES = {"stress": stress}
