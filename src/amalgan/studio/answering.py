"""How a process of the studio ends: one JSON object on stdout, as commands with --json do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from amalgan.core.errors import AmalganError


def run_and_answer(work: Callable[[list[str]], dict[str, Any]]) -> int:
    """Do ``work`` with the arguments of this process, and print what it found or why it could not; the exit code."""
    try:
        facts, code = work(sys.argv[1:]), 0
    except AmalganError as error:
        facts, code = {"error": str(error)}, error.exit_code
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        facts, code = {"error": f"{place}{error.strerror or error}."}, 1
    except MemoryError:
        facts, code = {"error": "this needs more memory than there is."}, 1
    print(json.dumps(facts, allow_nan=False), flush=True)
    return code
