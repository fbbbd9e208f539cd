"""How often is a verdict wrong that was looked for until there was one?

    python benchmarks/looks.py

Nothing differs in truth. Seeds are added, from one look to the next, until the verdict is another one than
``inconclusive`` or there are 80. ``every seed``: an interval of 95 % after each added seed, which is what people do;
``every look``: an interval of 95 % at 5, 10, 20, 40 and 80 seeds, as was advised before; ``the rule``: as now
(``amalgan.metrics.sequential``). Effects: right and wrong answers of 100 test examples with chance of seeds, of
examples and of both; comparisons: paired Gaussian differences. Writes benchmarks/results/looks.json.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import writing
from amalgan.metrics.effect import effect
from amalgan.metrics.sequential import OF_COMPARISONS, OF_EFFECTS, find_last_look
from amalgan.metrics.statistics import compare_pairs, paired_difference

RESULTS = Path(__file__).parent / "results" / "looks.json"
MOST, TESTS = 80, 100
EFFECTS, COMPARISONS = 300, 1500


def main() -> None:
    """Simulate, keep, print."""
    torch.set_num_threads(1)
    found = {"effects": of_effects(EFFECTS), "comparisons": of_comparisons(COMPARISONS)}
    writing.write_json(RESULTS, {"most": MOST, "tests": TESTS, **found})
    for name, row in found.items():
        print(name, row)


def of_effects(count: int) -> dict[str, float]:
    """The shares of false verdicts on an addition that changes nothing."""
    rules: dict[str, Callable[[Tensor, Tensor], bool]] = {
        "every seed": lambda a, b: any(claims(a, b, n, 0.95) for n in range(5, MOST + 1)),
        "every look": lambda a, b: any(claims(a, b, n, 0.95) for n in OF_EFFECTS),
        "the rule": lambda a, b: any(
            claims(a, b, n, find_last_look(n, OF_EFFECTS).level()) for n in OF_EFFECTS
        ),
    }
    generator = torch.Generator().manual_seed(0)
    drawn = [answers(generator) for _ in range(count)]
    return {"repetitions": count} | {
        name: sum(rule(*pair) for pair in drawn) / count for name, rule in rules.items()
    }


def answers(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Right or wrong, with and without, of equal chances: of the seed, of the test example, and of both."""

    def side(shared: Tensor) -> Tensor:
        of_seed = 0.03 * torch.randn(MOST, 1, generator=generator)
        return torch.rand(MOST, TESTS, generator=generator) < (shared + of_seed).clamp(0, 1)

    shared = torch.rand(1, TESTS, generator=generator)
    return side(shared), side(shared)


def claims(a: Tensor, b: Tensor, seeds: int, level: float) -> bool:
    """Whether the first so many seeds claim an effect."""
    return effect(a[:seeds], b[:seeds], level=level).verdict(1e-9) in ("helps", "hurts")


def of_comparisons(count: int) -> dict[str, float]:
    """The shares of false verdicts on two systems that are equal."""
    draws = np.random.default_rng(0).normal(size=(count, MOST))

    def naive(row: Sequence[float], n: int) -> bool:
        return paired_difference(row[:n], [0.0] * n).p_value < 0.05

    def ours(row: Sequence[float], n: int) -> bool:
        return compare_pairs([(row[:n], [0.0] * n)], looks=OF_COMPARISONS)[0].verdict != "inconclusive"

    rows = draws.tolist()
    return {
        "repetitions": count,
        "every seed": sum(any(naive(row, n) for n in range(3, MOST + 1)) for row in rows) / count,
        "every look": sum(any(naive(row, n) for n in OF_COMPARISONS) for row in rows) / count,
        "the rule": sum(any(ours(row, n) for n in range(3, MOST + 1)) for row in rows) / count,
    }


if __name__ == "__main__":
    main()
