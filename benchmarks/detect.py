"""Each digit of MNIST as the anomaly in turn: how well it is told from the other nine.

    python benchmarks/detect.py mnist/ [--digits 0,1,2] [--system fusion] [--images 40000] [--models FOLDER]

Protocol, for each digit: a model is trained on the training pictures of the other nine, without their labels, with
default settings and seed 0; about 15 % of them, which their contents decide, are kept out of training and are the
normals of the p-values. Judged is the whole test set: the digit's pictures are the anomalies, all others normal. No
label, no anomaly and no test picture is seen before. ``joint`` is learned from 20,000 of the pictures that the model
was trained on. OMP_NUM_THREADS=1 gives one thread. A model that --models holds is not trained again.

Beside it, fitted to all of the same training pictures: scikit-learn's IsolationForest (its defaults, seed 0) and the
error of reconstruction from principal components, as many as the code has entries, and as many as keep 95 % of the
variance.

A digit that is done is not done again. Writes benchmarks/results/detect.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from torch import from_numpy

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.core.files import replacing
from amalgan.data import Dataset, Records, open_data
from amalgan.metrics.detection import auroc, joined
from amalgan.tasks.detect.detect import Detection, bounds, detect
from amalgan.tasks.detect.normals import sides

RESULT = Path(__file__).parent / "results" / "detect.json"
RATE = 0.05


def main() -> None:
    """Every digit that is asked for and not done yet."""
    asked = arguments()
    told = {"system": asked.system, "images": asked.images, "rate": RATE}
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    rows = before["rows"] if {key: before.get(key) for key in told} == told else []
    data = open_data(asked.data)
    for digit in map(int, asked.digits.split(",")):
        if digit not in [row["digit"] for row in rows]:
            rows.append(measured(data, digit, asked.system, asked.images, asked.models))
            print(json.dumps(rows[-1]), flush=True)
            writing.write_json(RESULT, told | {"rows": sorted(rows, key=lambda row: row["digit"])})


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--digits", default="0,1,2,3,4,5,6,7,8,9")
    parser.add_argument("--system", default="fusion")
    parser.add_argument("--images", type=int, default=40_000)
    parser.add_argument("--models", type=Path, help="where the models are kept; by default nowhere")
    return parser.parse_args()


def measured(data: Dataset, digit: int, system: str, images: int, models: Path | None) -> dict[str, Any]:
    """Train without one digit, judge the test set, and let the others do the same."""
    with tempfile.TemporaryDirectory() as scratch:
        nine, reading = without(data, digit, Path(scratch)), DataConfig(cache=scratch)
        place = (models or Path(scratch)) / f"{system}-{images}-{digit}.safetensors"
        if not place.exists():
            ag.train(system, nine, images=images, reading=reading, device="cpu", quiet=True).save(place)
        model = ag.load(place).model
        own = open_data(nine, reading, like=model.spec)
        chosen = sides(model, data, own, anomalies=[str(digit)])
        started_at = time.process_time()
        found = detect(model, chosen.judged, chosen.normal, chosen.known)
        seconds = time.process_time() - started_at
        strange = np.array([label == str(digit) for label in found.label])
        alarms = found.alarms(RATE)
        scores = ours(found) | dict(theirs(flat(own.train), flat(chosen.judged), model.system.code_size))
    return {
        "digit": digit,
        "train": len(own.train),
        "normals": found.normals,
        "normal": int((~strange).sum()),
        "anomalous": int(strange.sum()),
        "cpu_seconds_to_judge": round(seconds, 1),
        "code_size": model.system.code_size,
        "found": float(alarms.numpy()[strange].mean()),
        "false_alarms": float(alarms.numpy()[~strange].mean()),
        "auroc": {
            name: bounds(auroc(from_numpy(score[~strange]), from_numpy(score[strange])))
            for name, score in scores.items()
        },
    }


def without(data: Dataset, digit: int, scratch: Path) -> Path:
    """The training pictures of the other digits, as an array without labels."""
    index = np.sort(np.concatenate([data.whole.index, data.validation.index]))
    records = data.records.select(np.searchsorted(data.records.index, index))
    rows = np.flatnonzero(records.labels != digit)
    with replacing(scratch / "nine.npz") as part, part.open("wb") as file:
        np.savez(file, x=records.pixels(rows)[:, 0])
    return scratch / "nine.npz"


def ours(found: Detection) -> dict[str, NDArray[Any]]:
    """Each signal alone, and what joining their p-values instead of the joint density would give."""
    alone = ("reconstruction", "drift", "density")
    p = np.stack([found.p_value[name].numpy() for name in (*alone, "critic") if name in found.p_value])
    normal, score = (torch.stack([side[name] for name in alone], 1) for side in (found.normal, found.score))
    return {
        **{name: score.numpy() for name, score in found.score.items()},
        "p-values joined, harmonic mean, without critic": joined(normal, score).evidence.numpy(),
        "p-values joined, Fisher's sum, with critic": -np.log(p).sum(0),
    }


def theirs(
    train: NDArray[Any], judged: NDArray[Any], entries: int
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """What scikit-learn's detectors say."""
    yield "IsolationForest", -IsolationForest(random_state=0).fit(train).score_samples(judged)
    for name, count in (("components, as many as the code", entries), ("components, 95 %", 0.95)):
        net = PCA(count, svd_solver="covariance_eigh").fit(train)
        again = net.inverse_transform(net.transform(judged))
        yield name, np.square(again - judged).mean(1).astype(np.float64)


def flat(records: Records) -> NDArray[np.float32]:
    """Every example as a vector."""
    taken: NDArray[np.float32] = records.take(slice(None)).flatten(1).numpy()
    return taken


if __name__ == "__main__":
    main()
