"""What models of strings reach, beside a 6-gram of letters and zstd."""

from __future__ import annotations

from tables.markdown import number, stored, table

SHARES = ("exact", "valid", "unique", "new")
GRAMS = "_6gram"


def strings() -> str:
    """A row a set of strings and side."""
    head = ["strings", "", "CPU-s", "exact", "valid", "unique", "new", "Fréchet", "reverse perplexity"]
    rows = []
    for name, row in stored("text").items():
        found = row["metrics"]
        for side, suffix, cost in (
            (f"`{row['system']}`", "", str(row["cpu_seconds"])),
            ("6-gram", GRAMS, ""),
        ):
            shares = [number(found.get(f"{key}{suffix}")) for key in SHARES]
            measures = [
                number(found.get(f"{key}{suffix}")) for key in ("frechet_distance", "reverse_perplexity")
            ]
            rows.append([name, side, cost, *shares, *measures])
    return table(head, rows)


def strings_bytes() -> str:
    """A row a set of strings."""
    head = [
        "strings",
        "held out",
        "bytes each",
        "zstd, dictionary",
        "model",
        "compressed a CPU-s",
        "decompressed a CPU-s",
    ]
    found = ((name, row["compressed"]) for name, row in stored("text").items())
    return table(
        head,
        (
            [
                name,
                str(row["strings"]),
                *(f"{row[key]:.1f}" for key in ("bytes_plain", "bytes_zstd", "bytes_model")),
                *(f"{row[key]:,.0f}" for key in ("compressed_a_second", "decompressed_a_second")),
            ]
            for name, row in found
        ),
    )


TABLES = {"strings": strings, "strings_bytes": strings_bytes}
