"""Numbers and names as they stand in a sentence."""

from collections.abc import Sequence


def counted(count: int, what: str) -> str:
    """Return ``1 picture``, ``1,234 pictures``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first ``most`` names, and three dots if there are more."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
