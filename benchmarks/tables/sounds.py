"""What a judge hears of sounds after a model."""

from __future__ import annotations

from typing import Any

from tables.markdown import stored, table

SETS = {"sounds-spoken_digits": "spoken digits"}
"""Results, and what the data is called."""
SAID = {
    "real": "held-out sounds",
    "waves": "their maps as waves again",
    "rebuilt": "reconstructed",
    "new": "generated",
    "nearest": "nearest training sound",
}


def sounds() -> str:
    """A table of what is heard, and one of bytes, for each set."""
    return "\n".join(of_one(stored(name), said) for name, said in SETS.items())


def of_one(found: dict[str, Any], said: str) -> str:
    """The tables of a set."""
    seconds, rate = found["facts"]["seconds"], found["facts"]["rate"]
    spent = f", {found['cpu_seconds']:.0f} CPU-seconds" if found["cpu_seconds"] else ""
    lead = f"\n`{found['command']}`: {said}, {seconds:.2f} s at {rate:,} Hz; {found['images']:,} images{spent}.\n\n"
    head = ["", "n", "class heard", "95 % interval", "Fréchet distance", "LSD in dB"]
    heard = [
        [
            SAID[row["name"]],
            str(row["n"]),
            f"{row['heard']:.3f}",
            "{:.3f} to {:.3f}".format(*row["interval"]) if "interval" in row else "",
            f"{row['frechet']:.2f}" if "frechet" in row else "",
            f"{row['log_spectral_distance']:.1f}" if "log_spectral_distance" in row else "",
        ]
        for row in found["rows"]
    ]
    sizes = [
        [
            row["name"],
            f"{row['bytes']:,.0f}",
            f"{row['bits_a_second']:,}",
            f"{row['heard']:.3f}" if "heard" in row else "",
        ]
        for row in found["compressed"]
    ]
    return (
        lead + table(head, heard) + "\n" + table(["", "bytes a sound", "bits a second", "class heard"], sizes)
    )


TABLES = {"sounds": sounds}
