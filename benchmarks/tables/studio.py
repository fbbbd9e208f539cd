"""How long a user of the studio waits."""

from __future__ import annotations

from tables.markdown import stored, table

MEMORY = "memory of the server, MB"


def studio() -> str:
    """A row a wait."""
    rows = stored("studio")["rows"]
    waits = ([name, f"{value:.1f}"] for name, value in rows.items() if name != MEMORY)
    return table(["what", "seconds"], [*waits, [MEMORY.replace(", MB", ""), f"{rows[MEMORY]:.0f} MB"]])


TABLES = {"studio": studio}
