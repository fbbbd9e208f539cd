"""How large a page is, and how fast."""

from __future__ import annotations

from tables.markdown import stored, table

NAMES = {
    "run time": "run time",
    "sample_code": "prior",
    "encode": "encoder",
    "decode": "decoder",
    "realize": "realistic decoder",
    "agree": "decoder with its gradient",
    "facts": "tables and examples",
}


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


def page_parts() -> str:
    """A row a model: what its file consists of."""
    head = ["of the file, MB", *NAMES.values()]
    rows = (
        [row["model"], *(f"{row['parts'].get(name, 0):.1f}" for name in NAMES)]
        for row in stored("page")["rows"]
    )
    return table(head, rows)


TABLES = {"page": page, "page-parts": page_parts}
