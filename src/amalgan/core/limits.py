"""Bounds that several rooms share."""

MOST_PIXELS = 64_000_000
"""Pixels of the largest picture that is read or written."""
CHUNK = 256
"""Examples that a task has in memory at a time."""
