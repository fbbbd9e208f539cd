"""What make stress reached."""

from __future__ import annotations

from tables.markdown import stored, table


def stress() -> str:
    """A row a promise."""
    rows = stored("stress")["rows"].values()
    return table(["must hold", "reached"], [[row["asked"], row["reached"]] for row in rows])


def mutants() -> str:
    """A row a promise: what was taken away, and whether each was noticed."""
    rows = stored("stress_mutants")["mutants"]
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["promise"], []).append(
            row["name"] + ("" if row["noticed"] else " (not noticed)")
        )
    noticed = sum(row["noticed"] for row in rows)
    lines = table(["what failed", "without"], ([name, "; ".join(what)] for name, what in found.items()))
    return f"{lines}\n{noticed} of {len(rows)} were noticed.\n"


TABLES = {"stress": stress, "mutants": mutants}
