"""Tensors and JSON come back as they went in, or not at all."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amalgan.core import tensor_file
from amalgan.core.errors import FileError

KIND = "a test file"
DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda name: name != "__metadata__"
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    values = torch.randn(shape, generator=torch.Generator().manual_seed(draw(st.integers(0, 99)))) * 50
    return values.to(draw(st.sampled_from(DTYPES)))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    held=st.dictionaries(NAMES, tensors(), max_size=5), header=st.dictionaries(st.text(), JSON, max_size=4)
)
def test_anything_comes_back(
    held: dict[str, torch.Tensor], header: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "x.safetensors"
    tensor_file.write(file, held, header)
    found, told = tensor_file.read(file, expected=KIND)
    assert told == header == tensor_file.read_header(file, expected=KIND)
    assert found.keys() == held.keys()
    for name, value in held.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value)
    safetensors.torch.load(file.read_bytes())  # others can read it too


def small(folder: Path) -> Path:
    file = folder / "small.safetensors"
    held = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7)}
    tensor_file.write(file, held, {"what": "a test", "n": [1, 2]})
    return file


def test_equal_contents_make_equal_bytes_in_whatever_order(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    a, b = torch.ones(3), torch.zeros(2)
    for _ in range(8):
        tensor_file.write(first, {"a": a, "b": b}, {"x": 1, "y": 2})
        tensor_file.write(second, {"b": b, "a": a}, {"y": 2, "x": 1})
        assert first.read_bytes() == second.read_bytes()


def test_every_flipped_byte_and_bit_is_found(tmp_path: Path) -> None:
    file = small(tmp_path)
    whole = file.read_bytes()
    broken = tmp_path / "broken"
    for place in range(len(whole)):
        for mask in (0xFF, 1 << (place % 8), 0x20):
            data = bytearray(whole)
            data[place] ^= mask
            broken.write_bytes(data)
            with pytest.raises(FileError):
                tensor_file.read(broken, expected=KIND)


def test_every_truncation_and_every_tail_is_found(tmp_path: Path) -> None:
    file = small(tmp_path)
    whole = file.read_bytes()
    broken = tmp_path / "broken"
    for size in range(len(whole)):
        broken.write_bytes(whole[:size])
        with pytest.raises(FileError):
            tensor_file.read(broken, expected=KIND)
    for tail in (b"\0", b"x" * 100, whole):
        broken.write_bytes(whole + tail)
        with pytest.raises(FileError):
            tensor_file.read(broken, expected=KIND)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a text file that is long enough to have a length\n" * 4,
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        (2**63 - 1).to_bytes(8, "little") + bytes(100),
        (5 * 2**20).to_bytes(8, "little") + bytes(6 * 2**20),
        (4).to_bytes(8, "little") + b"null",
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (300_000).to_bytes(8, "little") + b"[" * 300_000,
        (44).to_bytes(8, "little") + b'{"__metadata__":{"amalgan":"{}"},"x":{"a":1}}'[:44],
        pickle.dumps({"weights": [1, 2, 3]}),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "foreign"
    file.write_bytes(data)
    with pytest.raises(FileError, match=f"foreign is not {KIND}"):
        tensor_file.read(file, expected=KIND)


def test_somebody_elses_safetensors_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "foreign"
    for metadata in (None, {"format": "pt"}):
        safetensors.torch.save_file({"weight": torch.ones(3)}, file, metadata)
        with pytest.raises(FileError, match="it was not written by amalgan"):
            tensor_file.read(file, expected=KIND)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(FileError, match="there is no such file"):
            tensor_file.read(place, expected=KIND)


def test_nothing_is_ever_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return pytest.fail, ("it went off",)

    file = tmp_path / "bomb.pt"
    torch.save({"weights": Bomb()}, file)
    with pytest.raises(FileError):
        tensor_file.read(file, expected=KIND)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_never_written(value: float, tmp_path: Path) -> None:
    file = small(tmp_path)
    before = file.read_bytes()
    with pytest.raises(FileError, match="weight holds numbers that are not finite"):
        tensor_file.write(file, {"weight": torch.tensor([0.0, value])}, {})
    assert file.read_bytes() == before
    with pytest.raises(ValueError):
        tensor_file.write(file, {}, {"loss": value})
    assert file.read_bytes() == before


def test_tensors_that_share_memory_are_written_each_for_itself(tmp_path: Path) -> None:
    base = torch.arange(6.0)
    tensor_file.write(tmp_path / "x", {"a": base[:4], "b": base[2:], "c": base.view(2, 3).T}, {})
    found, _ = tensor_file.read(tmp_path / "x", expected=KIND)
    assert found["b"].tolist() == [2, 3, 4, 5] and torch.equal(found["c"], base.view(2, 3).T)


def test_more_than_a_file_may_hold_is_refused_when_writing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="a file holds at most"):
        tensor_file.write(tmp_path / "x", {}, {"names": "x" * (4 * 2**20)})
    with pytest.raises(FileError, match="20,001 tensors"):
        many = {str(number): torch.zeros(0) for number in range(20_001)}
        tensor_file.write(tmp_path / "x", many, {})
    assert not (tmp_path / "x").exists()
