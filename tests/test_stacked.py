"""Stacked pictures: each channel is a picture of the class that its place in the label says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from amalgan.core.errors import DataError
from amalgan.data import open_data
from amalgan.kinds import text_of

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "stacked.py"


@pytest.fixture(scope="module")
def stacked() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_stacked", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_label_says_which_class_each_channel_is_of(stacked: ModuleType, tmp_path: Path) -> None:
    stacked.write("digits", tmp_path / "x.npz", counts=(300, 40), seed=0)
    made, digits = open_data(tmp_path / "x.npz"), open_data("digits")
    assert text_of(made.spec) == "8x8 RGB" and made.own_splits and len(made.test) == 40
    classes = [int(name) for name in made.spec.classes]
    assert set(classes) <= set(range(1000)) and len(classes) > 200
    for split, source in ((made.train, digits.train), (made.test, digits.test)):
        known = {source.pixels([row])[0, 0].tobytes(): int(source.labels[row]) for row in range(len(source))}
        for row in range(20):
            label = classes[int(split.labels[row])]
            channels = split.pixels([row])[0]
            assert [known[np.ascontiguousarray(channel).tobytes()] for channel in channels] == [
                label // 100,
                label // 10 % 10,
                label % 10,
            ]


@pytest.mark.parametrize("word", ["photos", "wine"])
def test_only_gray_pictures_with_labels_can_be_stacked(
    stacked: ModuleType, tmp_path: Path, word: str
) -> None:
    with pytest.raises(DataError, match="gray pictures with labels can be stacked"):
        stacked.write(word, tmp_path / "x.npz", counts=(10, 10), seed=0)
