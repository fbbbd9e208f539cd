"""One of n parts of a long job, which processes that know nothing of one another share out by their numbers.

    rows 0 ... 9,999 ─► chunks of 256 ─► part 1/4: chunks 0-9 │ part 2/4: 10-19 │ 3/4: 20-29 │ 4/4: 30-39

A part is a pure function of the number of rows: every row is in exactly one, and parts stand in order. Where examples
are computed a chunk at a time, no chunk is in two parts, so that each part computes just what one run over all would.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK

MOST_PARTS = 10**6


@dataclass(frozen=True)
class Shard:
    """Part ``part``, counted from 1, ``of`` so many."""

    part: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read ``3/8``.

        Raises:
            UsageError: it is no part of a whole.
        """
        found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text.strip(), re.ASCII)
        part, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= part <= of <= MOST_PARTS:
            raise UsageError(
                f"--shard is {text!r}; give which of how many parts, counted from 1, as 3/8; at most {MOST_PARTS:,}."
            )
        return cls(part, of)

    def rows(self, count: int, step: int = CHUNK) -> range:
        """The rows of this part among ``count``, in whole chunks of ``step``; there may be none."""
        chunks = -(-count // step)
        start, stop = (chunks * part // self.of * step for part in (self.part - 1, self.part))
        return range(min(start, count), min(stop, count))

    @property
    def is_whole(self) -> bool:
        """Whether it is everything."""
        return self.of == 1

    @property
    def named(self) -> tuple[str, ...]:
        """What names it among other parts; nothing for everything."""
        return () if self.is_whole else (str(self),)

    def __str__(self) -> str:
        return f"{self.part}/{self.of}"


WHOLE = Shard(1, 1)
"""Everything."""
