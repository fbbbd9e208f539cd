"""What sizes of pictures cost, and what they show after equal time."""

from __future__ import annotations

from tables.markdown import stored, table


def size_cost() -> str:
    """A row a side: what was measured, and what the line says."""
    rows = stored("sizes")["speed"]["rows"]
    systems, sides = dict.fromkeys(row["system"] for row in rows), dict.fromkeys(row["side"] for row in rows)
    of = {
        (row["system"], row["side"]): f"{row['measured_ms']:.2f} ({row['foretold_ms']:.2f})" for row in rows
    }
    head = ["size", *(f"`{system}`" for system in systems)]
    return table(head, ([f"{side}x{side}", *(of[system, side] for system in systems)] for side in sides))


def size_level() -> str:
    """A row a side and time."""
    rows = stored("sizes")["level"]["rows"]
    head = ["CPU-seconds", "size", "images", "each seen", "PSNR", "PSNR of scaling alone"]
    return table(
        head,
        (
            [
                f"{row['seconds']:g}",
                f"{row['side']}x{row['side']}",
                f"{row['images']:,}",
                f"{row['times_seen']:.1f} times",
                f"{row['psnr']:.2f} dB",
                f"{row['psnr_of_scaling']:.2f} dB",
            ]
            for row in rows
        ),
    )


TABLES = {"size_cost": size_cost, "size_level": size_level}
