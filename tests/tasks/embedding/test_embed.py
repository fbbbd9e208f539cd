"""Codes belong to their examples, in memory and in files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from amalgan.core.errors import AbilityError, UsageError
from amalgan.data import Dataset
from amalgan.data.writing import columns
from amalgan.systems.abilities import Encodes
from amalgan.systems.model_file import Model
from amalgan.tasks.embed.embed import Codes, embed

Trained = Callable[[str, str], Model]


@pytest.fixture(scope="module")
def codes(trained: Trained, digits: Dataset) -> Codes:
    return embed(trained("fusion", "digits"), digits.records)


def test_each_code_is_that_of_its_record(codes: Codes, trained: Trained, digits: Dataset) -> None:
    encoder = trained("fusion", "digits").require(Encodes)
    with torch.no_grad():
        one = encoder.encode(digits.records.take([700]))
    assert codes.code.dtype == np.float32 and len(codes) == len(digits.records)
    assert np.allclose(codes.code[700], one.numpy()[0], atol=1e-5)
    assert codes.name[700] == digits.records.name(700)
    assert codes.label[700] == digits.spec.classes[digits.records.labels[700]]


def test_the_unlabeled_have_an_empty_label(trained: Trained, digits: Dataset) -> None:
    labels = digits.test.labels.copy()
    labels[1] = -1
    found = embed(trained("fusion", "digits"), replace(digits.test, labels=labels))
    assert found.label[1] == "" and found.label[0] != ""


def test_an_npz_holds_three_plain_arrays(codes: Codes, tmp_path: Path) -> None:
    codes.write(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as read:
        assert sorted(read.files) == ["code", "label", "name"]
        assert all(np.array_equal(read[key], getattr(codes, key)) for key in read.files)
    first = (tmp_path / "x.npz").read_bytes()
    codes.write(tmp_path / "x.npz")
    assert (tmp_path / "x.npz").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]


def test_parquet_holds_the_same(codes: Codes, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    codes.write(tmp_path / "x.parquet")
    table = parquet.read_table(tmp_path / "x.parquet")
    assert np.array_equal(np.array(table["code"].to_pylist(), np.float32), codes.code)
    assert table["name"].to_pylist() == codes.name.tolist()
    assert table["label"].to_pylist() == codes.label.tolist()


def test_other_endings_and_a_missing_library_say_what_to_do(
    codes: Codes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"\.csv; codes go to \.npz or \.parquet"):
        codes.write(tmp_path / "x.csv")
    monkeypatch.setattr(columns, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install .amalgan\[parquet\]"):
        codes.write(tmp_path / "x.parquet")


def test_a_model_without_a_code_names_those_that_have_one(trained: Trained, digits: Dataset) -> None:
    with pytest.raises(AbilityError, match="autoencoder"):
        embed(trained("gan", "digits"), digits.test)
