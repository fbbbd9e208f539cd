"""A model of letters given the five before: what any model of strings must beat.

    p(letter | past) = (count(past letter) + kinds(past) p(letter | shorter past)) / (count(past) + kinds(past))

Witten & Bell 1991, interpolated. It learns in a second, generates letter by letter, and measures perplexity.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random

BEFORE = "\x02"
END = "\x00"
ORDER = 6
MOST = 128
"""Letters of a generated string."""


class LetterGrams:
    """Counts of letters behind up to ``order - 1`` others."""

    def __init__(self, texts: Iterable[str], order: int = ORDER) -> None:
        self.order = order
        self.count: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            whole = BEFORE * (order - 1) + text + END
            for at in range(order - 1, len(whole)):
                for back in range(order):
                    self.count[whole[at - back : at]][whole[at]] += 1
        self.letters = len(self.count[""]) + 1

    def probability(self, past: str, letter: str) -> float:
        """p of ``letter`` behind ``past``, of which the last ``order - 1`` letters count."""
        found = 1 / self.letters
        for back in range(self.order):
            seen = self.count.get(past[len(past) - back :])
            if seen is None:
                break
            kinds = len(seen)
            found = (seen[letter] + kinds * found) / (seen.total() + kinds)
        return found

    def bits(self, text: str) -> float:
        """-log2 p of a string, its end included."""
        whole, start = BEFORE * (self.order - 1) + text + END, self.order - 1
        return -sum(
            math.log2(self.probability(whole[at - start : at], whole[at])) for at in range(start, len(whole))
        )

    def perplexity(self, texts: Iterable[str]) -> float:
        """Between how many letters the model is undecided, in the mean over all letters and ends."""
        bits, letters = 0.0, 0
        for text in texts:
            bits, letters = bits + self.bits(text), letters + len(text) + 1
        return 2.0 ** (bits / max(1, letters))

    def generate(self, count: int, seed: int = 0) -> list[str]:
        """``count`` new strings."""
        random = Random(seed)
        return [self.one(random) for _ in range(count)]

    def one(self, random: Random) -> str:
        """One new string."""
        past = BEFORE * (self.order - 1)
        made: list[str] = []
        while len(made) < MOST:
            seen = self.count[past]
            letter = random.choices([*seen], [*seen.values()])[0]
            if letter == END:
                break
            made.append(letter)
            past = (past + letter)[1:]
        return "".join(made)
