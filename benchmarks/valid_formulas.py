"""Say of each line of stdin whether Python can parse it: 1 or 0 a line."""

from __future__ import annotations

import ast
import sys


def parses(text: str) -> bool:
    """Whether it is an expression."""
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


if __name__ == "__main__":
    for line in sys.stdin:
        print(int(parses(line)))
