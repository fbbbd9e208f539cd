"""The help, from the same dataclasses that are parsed.

A flag has one line: how it is written, what it does, its default in brackets. Only standard-library code and the
configurations are read, so it answers at once.
"""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from amalgan.config.flags import POSITIONAL, SWITCH, Flag, groups

COLUMN = 30
WIDEST = 120
HELP_FLAG = Flag("help", bool, False, "Show this help and exit.", (SWITCH,))

ABOUT = """\
amalgan trains an autoencoder, a GAN, or both together on a folder of images. The result is one model file that
generates, reconstructs, compresses, searches and checks images. Two CPU cores and some minutes are enough to begin."""
EXAMPLE = """\
  amalgan train photos/ --out runs/photos --minutes 20    train on a folder of pictures
  amalgan generate runs/photos --count 64 --out new.png   64 new images, as one grid
  amalgan reconstruct runs/photos photos/ --out again/    each image, encoded and decoded
  amalgan evaluate runs/photos photos/                    metrics of the model"""


def top(commands: Mapping[str, type[Any]]) -> str:
    """What ``amalgan --help`` prints."""
    listed = [Flag(name, None, None, summary(kind), (POSITIONAL,)) for name, kind in commands.items()]
    lines = [row(flag.name, flag.line, 16) for flag in listed]
    flags = [
        row("--help", "Show this help, or that of a command.", 16),
        row("--version", "Show the version.", 16),
        row(
            "--tyro-print-completion SHELL",
            "Print a script that completes commands and flags in bash, zsh or fish.",
            16,
        ),
    ]
    blocks = (
        "usage: amalgan COMMAND ...",
        filled(ABOUT),
        "example:\n" + EXAMPLE,
        "\n".join(["commands:", *lines]),
        "\n".join(["flags:", *flags]),
        "exit codes: 0 success, 1 failed, 2 wrong usage, 3 finished but inputs were skipped, 130 or 143 after a signal",
    )
    return "\n\n".join(blocks)


def of_command(name: str, kind: type[Any], default: Any = None) -> str:
    """What ``amalgan NAME --help`` prints."""
    found = groups(kind, default)
    places = [flag for group in found for flag in group.flags if flag.positional]
    needed = [flag.usage for group in found for flag in group.flags if flag.required]
    usage = " ".join(["usage: amalgan", name, *needed, "[flags]"])
    blocks = [
        usage,
        *map(filled, (inspect.getdoc(kind) or "").split("\n\n")),
        *filter(None, [section("", places)]),
    ]
    for group in found:
        flags = [flag for flag in group.flags if not flag.positional]
        extra = [HELP_FLAG] if group is found[0] else []
        blocks += filter(None, [section(filled(group.title or "flags:"), flags + extra)])
    return "\n\n".join(blocks)


def section(title: str, flags: Iterable[Flag]) -> str:
    """A titled list of flags; nothing when there are none."""
    rows = [row(flag.usage, flag.help, COLUMN) for flag in flags]
    return "\n".join([*filter(None, [title]), *rows]) if rows else ""


def row(left: str, right: str, column: int) -> str:
    """Two columns; the right one is wrapped, and begins below where the left one is too long."""
    indent = " " * column
    wrapped = textwrap.wrap(right, width() - column, break_on_hyphens=False) or [""]
    head = f"  {left}".ljust(column)
    if len(f"  {left}") >= column:
        return "\n".join([head, *(indent + line for line in wrapped)])
    return "\n".join([head + wrapped[0], *(indent + line for line in wrapped[1:])]).rstrip()


def filled(text: str) -> str:
    """A paragraph as wide as the terminal."""
    return textwrap.fill(" ".join(text.split()), width(), break_on_hyphens=False)


def width() -> int:
    """Columns to use."""
    return min(WIDEST, shutil.get_terminal_size((100, 24)).columns)


def summary(kind: type[Any]) -> str:
    """The first line of a command's docstring."""
    return (inspect.getdoc(kind) or "").split("\n")[0]
