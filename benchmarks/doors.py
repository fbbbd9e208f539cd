"""Every kind of data by every door: what a command line and a Python program take, and whether it is the same data.

    PYTHONPATH=tests python benchmarks/doors.py

The same sixty pictures (20x18, color, two classes) are written as each kind of ``tests/kinds.py``, and ``amalgan
inspect``, ``train`` and ``embed``, ``ag.train``, ``model.encode`` and ``model.evaluate`` are run on each. A training is
right if its data has the fingerprint of a folder of classes, codes if they are those of its pictures, an evaluation if
its numbers are. Kinds whose package is not installed stay as they were. Writes benchmarks/results/doors.json.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

import amalgan as ag
from amalgan.cli import main as command
from amalgan.config.data import DataConfig
from amalgan.core.files import write_json
from kinds import DOORS, package_for, serving, write_classes

TARGET = Path(__file__).parent / "results" / "doors.json"
BUDGET = {"images": 320, "batch": 32}
Given = Any


def main() -> None:
    found = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    with tempfile.TemporaryDirectory() as scratch, serving(made(Path(scratch) / "served")) as served:
        usual = Usual(made(Path(scratch) / "usual"))
        for at, (door, write) in enumerate(DOORS.items()):
            if (package := package_for(door)) and find_spec(package) is None:
                print(f"{door}: {package} is not installed")
                continue
            folder = made(Path(scratch) / f"kind{at}" / "in").parent
            found[door] = usual.judged(write(folder / "in" / "album", served), folder)
            print(door, found[door])
    write_json(TARGET, {door: found[door] for door in DOORS if door in found})


def made(folder: Path) -> Path:
    """A new folder."""
    folder.mkdir(parents=True)
    return folder


class Usual:
    """A model of a folder of classes, and what it says of its pictures."""

    def __init__(self, folder: Path) -> None:
        self.cache = str(made(folder / "cache"))
        self.data = str(write_classes(folder / "album"))
        self.run = folder / "run"
        self.model = ag.train(
            "autoencoder", self.data, out=self.run, quiet=True, reading=self.reading, **BUDGET
        )
        self.codes = self.model.encode(self.data)
        self.scores = numbers(self.model.evaluate(self.data, count=60))

    @property
    def reading(self) -> DataConfig:
        """Where decoded data lies."""
        return DataConfig(cache=self.cache)

    def judged(self, data: Given, folder: Path) -> dict[str, bool]:
        """By each door, whether the data was what the folder is."""
        checks: dict[str, Callable[[], bool]] = {
            "ag.train": lambda: self.trains(data),
            "model.encode": lambda: self.same(self.model.encode(examples_of(data))),
            "model.evaluate": lambda: self.evaluates(data),
        }
        if isinstance(data, str | Path):
            lines = {
                "amalgan inspect": lambda: said("inspect", data, "--json")["read"] == len(self.codes),
                "amalgan train": lambda: self.trains_by_line(data, folder / "run"),
                "amalgan embed": lambda: self.embeds(data, folder / "codes.npz"),
            }
            checks = lines | checks
        return {door: check() for door, check in checks.items()}

    def same(self, codes: Any) -> bool:
        """Whether they are the usual codes."""
        return np.array_equal(codes, self.codes)

    def trains(self, data: Given) -> bool:
        """Whether training sees the data of the folder."""
        x, y = data if isinstance(data, tuple) else (data, None)
        model = ag.train("autoencoder", x, y, quiet=True, reading=self.reading, **BUDGET)
        return model.info["data"]["fingerprint"] == self.model.info["data"]["fingerprint"]

    def trains_by_line(self, data: str | Path, out: Path) -> bool:
        """The same by the command line."""
        budget = [word for name, value in BUDGET.items() for word in (f"--{name}", str(value))]
        said("train", data, "--out", out, "--cache", self.cache, *budget)
        return ag.load(out).info["data"]["fingerprint"] == self.model.info["data"]["fingerprint"]

    def embeds(self, data: str | Path, out: Path) -> bool:
        """Whether the command line finds the usual codes."""
        said("embed", self.run, data, "--out", out, "--cache", self.cache)
        with np.load(out) as found:
            return self.same(found["code"])

    def evaluates(self, data: Given) -> bool:
        """Whether an evaluation finds the usual numbers."""
        return numbers(self.model.evaluate(data, count=60)) == self.scores


def examples_of(data: Given) -> Given:
    """The examples without their labels."""
    return data[0] if isinstance(data, tuple) else data


def numbers(found: Any) -> str:
    """All that an evaluation measured."""
    return json.dumps(found.to_json(), sort_keys=True)


def said(*words: Any) -> Any:
    """What a command answers."""
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer), contextlib.redirect_stderr(io.StringIO()):
        code = command([str(word) for word in words])
    assert not code, words
    return json.loads(answer.getvalue()) if "--json" in words else None


if __name__ == "__main__":
    main()
