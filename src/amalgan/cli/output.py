"""Where things go: results to stdout, everything said on the way to stderr, and what the exit code tells.

Answer ─┬─ --json ──► one JSON object, last on stdout          skipped inputs ─► stderr (the first ten), code 3
        └─ else ────► text or a table for people               AmalganError ───► "amalgan: ...", its own code
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from rich.console import Console, Group
from rich.table import Table

from amalgan.core.errors import FileError, UsageError
from amalgan.core.file_names import shown
from amalgan.core.launchers import Place, place

SHOWN_SKIPPED = 10
SOME_SKIPPED = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command found out."""

    facts: Mapping[str, Any]
    """The JSON object."""
    text: str | Table | Group
    """The same for people."""
    skipped: Sequence[Mapping[str, str]] = field(default=())
    """Inputs that could not be used: name and reason."""
    trouble: str = "skipped {} input"
    """What to call them, in the singular; their number goes into the braces."""
    place: Place = field(default_factory=Place)
    """This process among those that did the work together; the first one answers."""


class Command(Protocol):
    """A parsed command line."""

    @property
    def json(self) -> bool:
        """Whether stdout is for a machine."""

    def run(self, console: Console) -> Answer:
        """Do it; say what is going on on ``console``."""


def deliver(answer: Answer, as_json: bool, console: Console) -> int:
    """Show ``answer`` and return the exit code."""
    if not answer.place.first:
        return 0
    list_skipped(answer.skipped, answer.trouble, console)
    with quiet_pipe():
        if as_json:
            print_json(answer.facts)
        else:
            Console(width=None if sys.stdout.isatty() else 200).print(
                answer.text, highlight=False, markup=False
            )
    return (
        SOME_SKIPPED if answer.skipped and answer.place.world == 1 else 0
    )  # else launchers take it for a failure


def list_skipped(skipped: Sequence[Mapping[str, str]], trouble: str, console: Console) -> None:
    """Name what was left out, the first ten."""
    if not skipped:
        return
    more = len(skipped) - SHOWN_SKIPPED
    lines = [f"  {bad['name']}: {bad['reason']}" for bad in skipped[:SHOWN_SKIPPED]]
    lines += [f"  and {more} more; --json lists them all"] if more > 0 else []
    title = trouble.format(f"{len(skipped):,}") + "s" * (len(skipped) > 1)
    say(console, "\n".join([f"{title}:", *lines]))


def fail(message: str, as_json: bool, console: Console, code: int) -> int:
    """Say what went wrong and return ``code``."""
    say(console, f"amalgan: {whose()}{message}")
    if as_json:
        with suppress(FileError), quiet_pipe():
            print_json({"error": message})
    return code


def whose() -> str:
    """Which of several processes says something."""
    with suppress(UsageError):
        here = place()
        return f"process {here.rank} of {here.world}: " if here.world > 1 else ""
    return ""


def print_json(facts: Mapping[str, Any]) -> None:
    """One line of JSON on stdout."""
    print(json.dumps(facts, ensure_ascii=True, allow_nan=False), flush=True)


def say(console: Console, message: str) -> None:
    """Plain text on stderr, without anything that acts on a terminal; one that is closed or full hears nothing."""
    with suppress(OSError, ValueError):
        console.print(harmless(message), markup=False, highlight=False, soft_wrap=True)


def harmless(text: str) -> str:
    """``text`` with control characters, but for line ends, written as escapes."""
    return "".join(c if c.isprintable() or c == "\n" else shown(c) for c in text)


def table(rows: Mapping[str, Any]) -> Table:
    """Names and values in two columns."""
    found = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    found.add_column(no_wrap=True)
    found.add_column(overflow="fold")
    for name, value in rows.items():
        found.add_row(name, harmless(str(value)))
    return found


def shown_number(value: float | None) -> str:
    """Four digits, or ``none``."""
    return "none" if value is None else f"{value:.4g}"


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """A reader of stdout that went away is no error; a stdout that is closed, or whose disk is full, is one.

    Raises:
        FileError: what was to be said could not be written.
    """
    try:
        if sys.stdout is None:
            raise OSError(errno.EBADF, "it is closed")
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        hush()
    except OSError as error:
        hush()
        raise FileError(
            f"cannot write to standard output: {error.strerror or error}. What was made is kept; "
            "free space, or send the output elsewhere."
        ) from error


def hush() -> None:
    """Let what is left to be said go nowhere, so that leaving does not fail."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
