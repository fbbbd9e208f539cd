"""The command line. It parses, hands over, and shows; every decision is made below.

argv ─► parsing ─► a command, each in a file of its name ─► Answer ─► output ─► stdout, stderr, exit code
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Sequence

from rich.console import Console

from amalgan.cli.claims import claim_outputs
from amalgan.cli.engine import carried_out
from amalgan.cli.output import deliver, fail, quiet_pipe
from amalgan.cli.parsing import parse
from amalgan.core.errors import AmalganError

USAGE = 2
FAILED = 1
BUG = 1
KEYBOARD = 130
NO_MEMORY = (
    "this needs more memory than there is. Give smaller numbers, as --count, --batch or --size, or networks."
)
OUT_OF_MEMORY = re.compile(
    "allocate memory|out of memory|Unable to allocate|Storage size calculation overflowed", re.I
)
"""How torch and NumPy say so."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    console = Console(stderr=True)
    as_json = "--json" in words
    try:
        command = parse(words)
        if isinstance(command, str):
            with quiet_pipe():
                print(command)
            return 0 if words else USAGE
        with claim_outputs(command):
            answer = carried_out(command, console)
        return deliver(answer, as_json, console)
    except AmalganError as error:
        return fail(str(error), as_json, console, error.exit_code)
    except OSError as error:
        return fail(of_machine(error), as_json, console, FAILED)
    except MemoryError:
        return fail(NO_MEMORY, as_json, console, FAILED)
    except KeyboardInterrupt:
        return fail("interrupted; nothing half-written is left behind.", as_json, console, KEYBOARD)
    except Exception as bug:
        if OUT_OF_MEMORY.search(str(bug)):
            return fail(NO_MEMORY, as_json, console, FAILED)
        traceback.print_exc()
        return fail(f"this is a bug: {type(bug).__name__}: {bug}", as_json, console, BUG)


def of_machine(error: OSError) -> str:
    """Return what the disk or the system refused, in a sentence: that is no bug."""
    place = f"{error.filename}: " if error.filename is not None else ""
    return f"{place}{error.strerror or error}. Check the path, its permissions and the free space."
