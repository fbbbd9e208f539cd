"""Command lines: the one that asks for a comparison, and those that train one of its cells again."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

from amalgan.config.compare_options import CompareOptions
from amalgan.config.flags import list_flags


def of_comparison(options: CompareOptions) -> str:
    """The command line that asks for this."""
    asked = replace(options, cpu_minutes=options.minutes)
    flags = list_flags(asked, CompareOptions, always=("systems", "seeds"))
    return shlex.join(["amalgan", "compare", options.data, *flags])


def train_flags(options: CompareOptions) -> list[str]:
    """The flags of reading, augmentation and systems that a single training run shares with the comparison."""
    reading = replace(options.reading, cache=None, decode=None)
    preset = ["--preset", options.preset] if options.preset != CompareOptions.preset else []
    plugin = ["--plugin", str(options.plugin)] if options.plugin else []
    return [*list_flags(reading), *list_flags(options.augment), *preset, *plugin]


def of_cell(
    system: str,
    settings: Any,
    *,
    data: str,
    flags: list[str],
    images: int,
    seed: int,
    batch: int,
    device: str,
    precision: str,
    out: str,
) -> str:
    """The command line that trains one cell again, bit for bit on the same machine."""
    words = ["amalgan", "train", data, "--system", system, "--images", str(images), "--seed", str(seed)]
    words += ["--batch", str(batch), "--device", device, "--precision", precision]
    words += [*flags, *list_flags(settings), "--out", out]
    return f"OMP_NUM_THREADS=1 {shlex.join(words)}"
