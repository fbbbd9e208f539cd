"""How much the cache of decoded data, and what is downloaded for a while, may take: 20 GiB, or $AMALGAN_CACHE_GIB."""

from __future__ import annotations

from amalgan.core.environment import number

CAP = "AMALGAN_CACHE_GIB"
DEFAULT_GIB = 20.0
GIB = 2**30


def cap_bytes() -> float:
    """Return how many bytes all stores of a cache may take together."""
    return number(CAP, DEFAULT_GIB) * GIB
