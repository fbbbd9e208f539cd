"""Forty additions whose worth is known: does the verdict of ``amalgan augment --verify`` say so?

    python benchmarks/verdicts.py              thirty cases, with which the rule was made
    python benchmarks/verdicts.py --held       ten set aside, for when it is made

What is added is constructed, not generated: fresh draws where there are few real examples must help; wrong labels, one
example over and over and a flood of one class must hurt; copies of all real examples, and fresh draws where there are
enough, must not matter. Normal classes in 5 to 20 dimensions, two moons, scikit-learn's digits; 2,000 test examples,
of digits all that are left. Arms, seeds, budget, interval and rule are those of the command at its defaults. Right: the
verdict is the truth. Confidently wrong: another one than ``inconclusive``. Writes benchmarks/results/verdicts.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch

import writing
from amalgan.features.classifier_training import Labeled, steps_for
from amalgan.metrics.effect import MARGIN, effect
from amalgan.metrics.sequential import OF_EFFECTS, find_last_look
from amalgan.studies.augment.classifiers import Classifiers
from amalgan.studies.augment.verify import SEEDS, unbalanced
from cases import CASES, Case, lesson

RESULTS = Path(__file__).parent / "results" / "verdicts.json"


def main() -> None:
    """Judge what is missing, keep it, print the table."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--held", action="store_true", help="the ten cases that were set aside")
    part = "held" if parser.parse_args().held else "made with"
    chosen = [(at, case) for at, case in enumerate(CASES) if (at % 4 == 3) == (part == "held")]
    for at, case in chosen:
        if case.name not in stored().get(part, {}):
            keep(part, case.name, judged(case, at))
    found = stored()[part]
    for name, row in found.items():
        low, high = row["interval"]
        print(f"{name:<44} {row['truth']:<6} {row['verdict']:<13} {low:7.2f} to {high:6.2f}")
    print(summary(found))


def summary(found: dict[str, Any]) -> str:
    """How many are right, and how many confidently wrong."""
    said = Counter(
        "right" if row["verdict"] == row["truth"] else "open" if row["verdict"] == "inconclusive" else "wrong"
        for row in found.values()
    )
    return f"{said['right']} of {len(found)} right, {said['open']} inconclusive, {said['wrong']} confidently wrong"


def judged(case: Case, number: int) -> dict[str, Any]:
    """The verdict on one case."""
    world, started_at = case.world(), time.process_time()
    label = np.repeat(list(case.real), list(case.real.values()))
    real = lesson(world, np.random.default_rng((number, 0)), label)

    def made(seed: int) -> Labeled:
        return case.add(world, real, np.random.default_rng((number, 1, seed)))

    school = Classifiers(
        spec=world.spec,
        real=real,
        test=world.test,
        generate=made,
        counts=case.real,
        seeds=range(SEEDS),
        steps=steps_for(len(label)),
    )
    right = school.right(("nothing", "added"))
    stratum = world.test.label if unbalanced(label) else None
    found = effect(right["added"], right["nothing"], stratum, level=find_last_look(SEEDS, OF_EFFECTS).level())
    return {
        "truth": case.truth,
        "verdict": found.verdict(MARGIN),
        "points": found.interval.mean,
        "interval": [found.interval.low, found.interval.high],
        "seeds": SEEDS,
        "cpu_seconds": round(time.process_time() - started_at, 1),
    }


def stored() -> dict[str, Any]:
    """What is judged."""
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    return found


def keep(part: str, name: str, row: dict[str, Any]) -> None:
    """Add a case."""
    before = stored()
    writing.write_json(RESULTS, before | {part: before.get(part, {}) | {name: row}})


if __name__ == "__main__":
    main()
