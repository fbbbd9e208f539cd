"""How much of the class a code of 32 entries tells, beside 32 principal components.

    python benchmarks/codes.py mnist/ [--systems autoencoder fusion supervised] [--images 60000]
    python benchmarks/codes.py mnist/ --systems supervised --labeled 100

Each system is trained with default settings, seed 0, on one thread (OMP_NUM_THREADS=1); ``supervised`` is told the
classes of all training pictures, or with ``--labeled`` of so many; the others see labels in their prior and critic
alone. Then, on at most 10,000 labeled
training pictures: a linear probe (logistic regression) and 5 nearest neighbors, of codes and of as many principal
components, judged on the test split (``tasks.score_codes``, what ``amalgan evaluate`` prints).

A system that is done with as many images is not done again. Writes benchmarks/results/codes.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.evaluation.scores.codes import code_scores
from amalgan.evaluation.scores.score import Trial

RESULT = Path(__file__).parent / "results" / "codes.json"
COUNT = 10_000


def main() -> None:
    """Every system that is asked for and not done yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--systems", nargs="*", default=["autoencoder", "fusion", "supervised"])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--labeled", type=int, help="labels to train with; all by default")
    asked = parser.parse_args()
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    for system in asked.systems:
        cell = {"system": system, "images": asked.images, "labeled": asked.labeled}
        if cell not in [{key: row.get(key) for key in cell} for row in rows]:
            rows.append(cell | measured(asked.data, system, asked.images, asked.labeled))
            print(json.dumps(rows[-1]), flush=True)
            writing.write_json(RESULT, {"rows": rows})


def measured(place: str, system: str, images: int, labeled: int | None) -> dict[str, Any]:
    """Train one and probe its codes."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        started_at = time.process_time()
        reading = DataConfig(labeled=labeled)
        model = ag.train(
            system, place, images=images, device="cpu", out=out, quiet=True, reading=reading
        ).model
        seconds = time.process_time() - started_at
    data = open_data(place, like=model.spec)
    scores = list(code_scores(model, Trial(data=data, features=None, count=COUNT, seed=0)))
    return {
        "data": data.name,
        "n": min(COUNT, len(data.test)),
        "cpu_seconds": round(seconds),
        "scores": {score.key: score.value for score in scores},
        "names": {score.key: score.name for score in scores},
    }


if __name__ == "__main__":
    main()
