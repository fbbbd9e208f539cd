"""Completion of commands and flags in a shell: tyro writes the script from the dataclasses that are parsed.

``amalgan --tyro-print-completion SHELL`` prints it; docs/install.md says where each shell reads it from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any

import tyro

from amalgan.core.errors import UsageError

FLAG = "--tyro-print-completion"
SHELLS = ("bash", "zsh", "fish")


def script(words: Sequence[str], commands: Mapping[str, type[Any]]) -> str:
    """Return the completion script for the shell that ``words`` name.

    Raises:
        UsageError: there is not exactly one shell, or it is none of ``SHELLS``.
    """
    if len(words) != 1 or words[0] not in SHELLS:
        raise UsageError(f"{FLAG} takes the name of one shell: {', '.join(SHELLS)}.")
    printed = StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        tyro.extras.subcommand_cli_from_dict(
            dict(commands),
            prog="amalgan",
            args=[FLAG, words[0]],
            config=(tyro.conf.PositionalMetavarFromFieldName,),
        )
    return "\n".join(on_one_line(line) for line in printed.getvalue().splitlines())


def on_one_line(line: str) -> str:
    """Return a line of the script with each help text on one line, since a shell takes every line for a word."""
    return line.replace(r"\n", " ") if line.startswith("COMPLETION_SPEC = ") else line
