"""The systems that there are, as the code itself declares them."""

from __future__ import annotations

from amalgan.systems import catalog
from tables.markdown import table


def systems() -> str:
    """A row a system: what it does, its file and the size of that, and its papers."""
    rows = [
        [f"`{s.name}`", s.summary, f"[{s.file}](src/amalgan/systems/{s.file})", str(s.lines), s.paper]
        for s in catalog.known_systems()
    ]
    return table(["name", "what it is", "file", "lines", "paper"], rows)


TABLES = {"systems": systems}
