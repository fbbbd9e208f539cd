"""Series: rebuilt, new and strange windows, beside principal components with a Gaussian.

    pip download aeon --no-deps && unzip aeon-*.whl 'aeon/datasets/data/*'
    python benchmarks/series.py [FOLDER] [--only beats,gait] [--system fusion]

``beats`` is made on the spot (``series_beats``); the others are in the data of the library aeon, which FOLDER holds:
gait (Daphnet, nine channels, windows of 128), and GunPoint, ItalyPowerDemand and BasicMotions with their own test
splits. Each set is trained on with default settings and seed 0, for as many windows as IMAGES says;
OMP_NUM_THREADS=1 gives one thread.

Beside it: as many principal components of the same training windows as the code has entries, a Gaussian on their values
(one a class) that draws new windows, and their error as a score of strangeness.

Writes benchmarks/results/series.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.data import Dataset, open_data
from amalgan.evaluation.evaluate import evaluate
from amalgan.evaluation.scores.generation import outside_scores
from amalgan.evaluation.scores.score import Outside, Trial
from amalgan.evaluation.scores.utility import outside_utility
from amalgan.features import features_of
from amalgan.kinds import kind_named
from amalgan.metrics.detection import auroc
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.detect import detect
from series_beats import RATE, beats

RESULT = Path(__file__).parent / "results" / "series.json"
IMAGES = {
    "beats": 20_000,
    "gait": 30_000,
    "GunPoint": 40_000,
    "ItalyPowerDemand": 40_000,
    "BasicMotions": 40_000,
}
"""Windows drawn in training."""
HALF = 0.34
"""Share of a window of beats that half an odd beat takes: 0.35 of 1.02 seconds."""
Judged = tuple[Path, np.ndarray]
"""A recording, and which of its steps are odd."""
KEPT = (
    *("r_squared", "variance_error", "autocorrelation_error", "spectrum_error", "forecast", "forecast_floor"),
    *(
        "frechet_distance",
        "frechet_floor",
        "accuracy_from_samples",
        "accuracy_from_real",
        "copies",
        "linear_probe",
    ),
)


def main() -> None:
    """Every set that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", default=",".join(IMAGES))
    parser.add_argument("--system", default="fusion")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    for name in asked.only.split(","):
        if name != "beats" and asked.folder is None:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            row = measured(name, asked.folder, Path(scratch), asked.system)
        rows = [one for one in rows if (one["data"], one["system"]) != (name, asked.system)] + [row]
        print(json.dumps(row), flush=True)
        writing.write_json(RESULT, {"rows": rows})


def measured(name: str, folder: Path, scratch: Path, system: str) -> dict[str, Any]:
    """All numbers of one set."""
    made = SETS.get(name, in_archive)
    train, judged = made(folder, scratch, name)
    config = DataConfig(kind="series", cache=str(scratch / "cache"), **WINDOWS.get(name, {}))
    begun = time.process_time()
    model = ag.train(
        system, train, images=IMAGES[name], out=scratch / "run", reading=config, device="cpu", quiet=True
    ).model
    spent = time.process_time() - begun
    data = open_data(train, config, like=model.spec)
    features = features_of(data, cache=scratch)
    found = evaluate(model, data, features=features)
    row: dict[str, Any] = {"data": name, "system": system, "cpu_seconds": round(spent, 1)}
    row |= {
        "channels": data.spec.shape[0],
        "steps": data.spec.shape[1],
        "train": len(data.train),
        "n": found.n,
    }
    row |= {key: rounded(found.metrics[key]) for key in KEPT if key in found.metrics}
    row["plain"] = plain(model, data, features, scratch)
    if judged is not None:
        row |= strange(model, data, *judged, config)
    return row


def rounded(value: float | None) -> float | None:
    """Four digits."""
    return None if value is None else float(f"{value:.4g}")


def code_size(model: Model) -> int:
    """Entries of a code."""
    with torch.no_grad():
        return model.system.encode(torch.zeros(1, *model.spec.shape)).numel()


def components(model: Model, data: Dataset) -> PCA:
    """As many principal components as the code has entries."""
    x = data.train.take(slice(None)).flatten(1).numpy()
    return PCA(min(code_size(model), *x.shape), random_state=0).fit(x)


def plain(model: Model, data: Dataset, features: Any, scratch: Path) -> dict[str, Any]:
    """What components and Gaussians reach."""
    net, chance = components(model, data), np.random.default_rng(0)
    x, label = data.train.take(slice(None)).flatten(1).numpy(), data.train.labels
    test = data.test.take(slice(None)).flatten(1).numpy()
    wrong = np.square(test - net.inverse_transform(net.transform(test))).mean()
    trial = Trial(data=data, features=features, count=10_000, seed=0)
    drawn, labels = [], []
    for one in sorted(set(label.tolist())):
        code = net.transform(x[label == one])
        count = max(2, round(trial.n * len(code) / len(x)))
        drawn.append(chance.multivariate_normal(code.mean(0), np.cov(code.T).reshape(len(code.T), -1), count))
        labels += [one] * count
    new = torch.from_numpy(net.inverse_transform(np.concatenate(drawn))).float().reshape(-1, *data.spec.shape)
    known = {"y": np.array(data.spec.classes)[labels]} if data.spec.classes else {}
    np.savez(scratch / "plain.npz", series=kind_named("series").to_stored(new, data.spec), **known)
    records = open_data(
        scratch / "plain.npz", DataConfig(kind="series", cache=str(scratch / "cache")), like=data.spec
    ).records
    outside = Outside("plain", records)
    scores = {
        one.key: one.value for one in (*outside_scores(outside, trial), *outside_utility(outside, trial))
    }
    return {"r_squared": rounded(1 - wrong / test.var(0).mean())} | {
        key: rounded(scores[key]) for key in KEPT if key in scores and "floor" not in key
    }


def strange(
    model: Model, data: Dataset, judged: Path, is_odd: np.ndarray, config: DataConfig
) -> dict[str, Any]:
    """AUROC of odd windows among others, by the joint signal and by the error of components."""
    records = open_data(judged, config, like=model.spec).records
    found = detect(model, records, data.validation, data.train)
    net, x = components(model, data), records.take(slice(None)).flatten(1).numpy()
    error = torch.from_numpy(np.square(x - net.inverse_transform(net.transform(x))).mean(1))
    steps = [[int(part) for part in name.rpartition("/")[2].split("-")] for name in records.names]
    share = torch.tensor([is_odd[start:stop].mean() for start, stop in steps])
    odd, fine = share > HALF, share == 0  # windows that hold less of an odd beat are neither
    sides = {"auroc_joint": found.score["joint"], "auroc_components": error}
    told = {key: rounded(auroc(score[fine], score[odd]).mean) for key, score in sides.items()}
    return told | {"odd": int(odd.sum()), "fine": int(fine.sum())}


def table(place: Path, steps: np.ndarray) -> Path:
    """A recording."""
    head = [f"channel {at + 1}" for at in range(steps.shape[1])]
    with place.open("w", newline="") as file:
        csv.writer(file).writerows([head, *([f"{one:.6g}" for one in row] for row in steps)])
    return place


def of_beats(folder: Path, scratch: Path, name: str) -> tuple[Path, Judged]:
    """Five minutes of normal beats, and two with odd ones among them."""
    fine, _ = beats(300 * RATE, seed=0)
    lead, is_odd = beats(120 * RATE, seed=1, odd_share=0.15)
    return table(scratch / "fine.csv", fine), (table(scratch / "judged.csv", lead), is_odd)


def of_gait(folder: Path, scratch: Path, name: str) -> tuple[Path, None]:
    """Nine channels of an accelerometer."""
    with (folder / "aeon/datasets/data/Daphnet_S06R02E0/S06R02E0.csv").open() as file:
        rows = list(csv.reader(file))[1:]
    return table(scratch / "gait.csv", np.array([[float(cell) for cell in row[1:-1]] for row in rows])), None


def in_archive(folder: Path, scratch: Path, name: str) -> tuple[Path, None]:
    """A set of windows with classes, in its own splits; of ItalyPowerDemand the larger part is learned from."""
    parts = {
        part: windows(folder / f"aeon/datasets/data/{name}/{name}_{part}.ts") for part in ("TRAIN", "TEST")
    }
    train, test = (
        (parts["TRAIN"], parts["TEST"]) if name != "ItalyPowerDemand" else (parts["TEST"], parts["TRAIN"])
    )
    np.savez(
        scratch / f"{name}.npz", series_train=train[0], y_train=train[1], series_test=test[0], y_test=test[1]
    )
    return scratch / f"{name}.npz", None


def windows(place: Path) -> tuple[np.ndarray, np.ndarray]:
    """Windows (N, C, T) and classes of a .ts file."""
    lines = [
        line.strip().split(":")
        for line in place.read_text().splitlines()
        if line.strip() and line[0] not in "@#"
    ]
    x = [[[float(cell) for cell in channel.split(",")] for channel in line[:-1]] for line in lines]
    return np.array(x, np.float32), np.array([line[-1] for line in lines])


SETS: dict[str, Callable[..., tuple[Path, Judged | None]]] = {
    "beats": of_beats,
    "gait": of_gait,
}
WINDOWS: dict[str, dict[str, Any]] = {
    "beats": {"window": 256, "step": 32},
    "gait": {"window": 128, "step": 8},
}


if __name__ == "__main__":
    main()
