"""A command of the user's that says which strings are valid: ``--valid 'python check.py'``.

strings ─► stdin, one a line ─► the command, run once, not by a shell ─► stdout, 1 or 0 a line ─► which are valid
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Sequence

from amalgan.core.errors import UsageError

YES, NO = {"1", "true", "yes", "valid"}, {"0", "false", "no", "invalid", ""}
PATIENCE_SECONDS = 600
SHOWN = 200


def valid_by(command: str) -> Callable[[Sequence[str]], list[bool]]:
    """Return a function from strings to whether ``command`` calls each valid.

    Raises:
        UsageError: the command is empty or has an open quote. The function raises it where the command cannot be run,
            fails, or does not say 1 or 0 for each line.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--valid {command!r}: {error}. Close the quote.") from None
    if not words:
        raise UsageError("--valid is empty; give a command, as 'python check.py'.")
    return lambda strings: asked(words, command, strings)


def asked(words: list[str], command: str, strings: Sequence[str]) -> list[bool]:
    """What the command says of ``strings``."""
    if not strings:
        return []
    lines = "".join(f"{text}\n" for text in strings)
    try:
        ran = subprocess.run(
            words, input=lines.encode(), capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except OSError as error:
        raise UsageError(f"--valid {command!r} cannot be run: {error.strerror}. Check the command.") from None
    except subprocess.TimeoutExpired:
        raise UsageError(
            f"--valid {command!r} took more than {PATIENCE_SECONDS} s; make it faster."
        ) from None
    if ran.returncode:
        said = ran.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise UsageError(f"--valid {command!r} failed with {ran.returncode}: {said[-1][:SHOWN]}. Mend it.")
    answers = [line.strip().lower() for line in ran.stdout.decode(errors="replace").splitlines()]
    if len(answers) != len(strings) or any(answer not in YES | NO for answer in answers):
        raise UsageError(
            f"--valid {command!r} wrote {len(answers):,} lines for {len(strings):,} strings, or others than 1 and 0; "
            "it reads strings from stdin, one a line, and writes 1 (valid) or 0 for each."
        )
    return [answer in YES for answer in answers]
