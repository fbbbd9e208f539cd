"""Near-duplicates among codes of 64 numbers: seconds and memory of the search, beside that of before.

    python benchmarks/search.py

Each search runs in a process of its own on one thread: the 20 nearest of every code among all of them, as ``amalgan
embed --duplicates`` asks for. The codes lie about 12 dimensions, in 100 clusters. Time is that of the
processor. Where all queries would take too long, as many as are said are searched for, and the time is multiplied: it
is in proportion to them. Before: every distance in float64, by blocks of torch, of which the smallest are kept. Now:
scikit-learn's brute force. Goes on where it was stopped. Writes benchmarks/results/search.json.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from amalgan.metrics.distances import iterate_blocks
from amalgan.metrics.neighbors import nearest

RESULT = Path(__file__).parent / "results" / "search.json"
SIZE, LIES_IN, CLUSTERS, NEAREST = 64, 12, 100, 20
QUERIES = {"before": 500, "now": 2_500}
"""At most so many codes are searched for."""
COUNTS = (10_000, 100_000, 1_000_000)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--side", choices=QUERIES)
    asked.add_argument("--count", type=int, default=0)
    told = asked.parse_args()
    if told.side is not None:
        print(json.dumps(measured(told.side, told.count)))
        return
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    known = {(row["side"], row["codes"]) for row in rows}
    for count in COUNTS:
        for side in QUERIES:
            if (side, count) not in known:
                rows.append(row := run(side, count))
                print(
                    f"{side:<8} {count:>9,} {row['seconds']:>9,.1f} s {row['peak_mib']:>6,} MiB",
                    flush=True,
                )
                facts = {
                    "size": SIZE,
                    "lies_in": LIES_IN,
                    "clusters": CLUSTERS,
                    "nearest": NEAREST,
                    "threads": 1,
                }
                RESULT.write_text(json.dumps(facts | {"rows": rows}, indent=2) + "\n")


def run(side: str, count: int) -> dict[str, Any]:
    """What one process measured."""
    line = [sys.executable, __file__, "--side", side, "--count", str(count)]
    alone = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, env=alone, capture_output=True, text=True, encoding="utf-8", check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(side: str, count: int) -> dict[str, Any]:
    """Seconds of the processor for all queries, and the peak of memory."""
    code = torch.from_numpy(codes(count))
    queries = min(count, QUERIES[side])
    search = SIDES[side]
    search(code[:50], code[:1000])  # what is imported is not counted
    started_at = time.process_time()
    search(code if queries == count else code[:queries], code)
    took = time.process_time() - started_at
    return {
        "side": side,
        "codes": count,
        "queries": queries,
        "seconds": took * count / queries,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def codes(count: int) -> NDArray[np.float32]:
    """Codes about a space of few dimensions, in clusters."""
    random = np.random.default_rng(0)
    place = random.standard_normal((count, LIES_IN), np.float32)
    center = 2 * random.standard_normal((CLUSTERS, LIES_IN)).astype(np.float32)
    place += center[random.integers(0, CLUSTERS, count)]
    turned = random.standard_normal((LIES_IN, SIZE)).astype(np.float32)
    return place @ turned + 0.05 * random.standard_normal((count, SIZE), np.float32)


def before(query: torch.Tensor, code: torch.Tensor) -> None:
    """Every distance, of which the smallest are kept."""
    for _, distances in iterate_blocks(query, code):
        distances.topk(NEAREST + 1, largest=False)


def now(query: torch.Tensor, code: torch.Tensor) -> None:
    """As it is."""
    nearest(query, code, NEAREST + 1)


SIDES: dict[str, Callable[[torch.Tensor, torch.Tensor], None]] = {
    "before": before,
    "now": now,
}


if __name__ == "__main__":
    main()
