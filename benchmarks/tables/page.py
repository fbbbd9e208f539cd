"""How large a page is, and how fast."""

from __future__ import annotations

from tables.markdown import stored, table


def page() -> str:
    """A row a model."""
    head = ["model", "file, MB", "ready after, ms", "first images after, ms"]
    head += ["encode, ms", "decode, ms", "decode realistically, ms", "fill a hole, s"]
    rows = stored("page")["rows"]
    return table(
        head,
        (
            [
                row["model"],
                f"{row['megabytes']:.1f}",
                f"{row['ready']:.0f}",
                f"{row['first']:.0f}",
                *(f"{row[name]:.1f}" for name in ("encode", "decode", "realize", "fill_seconds")),
            ]
            for row in rows
        ),
    )


TABLES = {"page": page}
