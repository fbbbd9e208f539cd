"""What a temperature does to new pictures."""

from __future__ import annotations

from tables.markdown import number, stored, table

COLUMNS = {
    "frechet_distance": "Fréchet distance",
    "precision": "precision",
    "recall": "recall",
    "label_agreement": "right, of those asked for",
    "copies": "copies",
}


def temperature() -> str:
    """A row a system and temperature."""
    head = ["system", "temperature", *COLUMNS.values()]
    rows = stored("temperature")["rows"]
    return table(
        head,
        (
            [f"`{row['system']}`", str(row["temperature"]), *(number(row[key]) for key in COLUMNS)]
            for row in rows
        ),
    )


TABLES = {"temperature": temperature}
