"""Bytes mean the same numbers whatever floats do; numbers mean codes that decode almost as well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from amalgan.codec.transform_coder import TransformCoder
from amalgan.core.errors import BitstreamError, UsageError
from amalgan.core.types import Batch
from amalgan.systems import model_file
from amalgan.systems.base import System
from amalgan.training import coders
from support import SPECS, build, built_in, examples, settled

FLOATS = ("warp", "unwarp", "center", "axes", "step")


def fitted(system: System, count: int = 200) -> TransformCoder:
    coder = coders.fit(system, [examples(system.spec, count, seed=3)])
    assert isinstance(coder, TransformCoder)
    return coder


def codes(count: int = 300, seed: int = 0) -> torch.Tensor:
    """Two clouds, one of them long."""
    chance = torch.Generator().manual_seed(seed)
    first = torch.randn(count, 4, generator=chance) @ torch.diag(torch.tensor([5.0, 1.0, 0.1, 0.01]))
    first[::2] = 3 + torch.randn(len(first[::2]), 4, generator=chance) * 0.3
    return first


@pytest.fixture(scope="module")
def coder() -> TransformCoder:
    system = settled(build("autoencoder"), examples(count=64))
    return fitted(system)


@pytest.fixture(scope="module")
def numbers(coder: TransformCoder) -> torch.Tensor:
    return coder.numbers(codes(), int(coder.usual))


def test_all_numbers_come_back_at_every_quality(coder: TransformCoder) -> None:
    for level in range(len(coder.step)):
        for row in coder.numbers(100 * codes(), level).tolist():
            assert coder.unpack(coder.pack(row, level), level) == row


def test_noise_on_every_float_of_the_reader_changes_no_number(
    coder: TransformCoder, numbers: torch.Tensor
) -> None:
    level = int(coder.usual)
    packed = [coder.pack(row, level) for row in numbers.tolist()]
    chance = torch.Generator().manual_seed(1)
    for _ in range(8):
        noisy = {name: noised(getattr(coder, name), chance) for name in FLOATS}
        reader = replace(coder, **noisy)
        assert [reader.unpack(data, level) for data in packed] == numbers.tolist()
    level_tables = replace(
        coder, table=coder.table.flip(2)
    )  # the same on an integer is found, or read as another
    assert [read(level_tables, data, level) for data in packed] != numbers.tolist()


def noised(value: torch.Tensor, chance: torch.Generator) -> torch.Tensor:
    """16 units in the last place either way."""
    ulps = torch.randint(-16, 17, value.shape, generator=chance)
    return value * (1 + ulps * torch.finfo(value.dtype).eps)


def read(coder: TransformCoder, data: bytes, level: int) -> list[int] | None:
    try:
        return coder.unpack(data, level)
    except BitstreamError:
        return None


def test_threads_batches_and_memory_formats_change_no_number() -> None:
    system = settled(build("autoencoder", SPECS["color"]), examples(SPECS["color"], 64))
    coder, x = fitted(system), examples(SPECS["color"], 40, seed=9).x
    level = int(coder.usual)
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for batch in (1, 8):
                for form in (torch.contiguous_format, torch.channels_last):
                    with torch.no_grad():
                        code = torch.cat(
                            [system.encode(part.to(memory_format=form)) for part in x.split(batch)]
                        )  # type: ignore[operator]
                    rows = coder.numbers(code, level).tolist()
                    assert [coder.unpack(coder.pack(row, level), level) for row in rows] == rows
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("name", [name for name in built_in() if name not in ("gan", "codec", "restorer")])
@pytest.mark.parametrize("spec", ["gray with classes", "vectors"])
def test_decodes_lose_a_tenth_of_a_decibel(name: str, spec: str) -> None:
    system = settled(build(name, SPECS[spec]), examples(SPECS[spec], 64))
    coder = fitted(system)
    x = examples(SPECS[spec], 200, seed=3).x
    with torch.no_grad():
        code = system.encode(x)  # type: ignore[operator]
        again = coder.values(coder.numbers(code, int(coder.usual)), int(coder.usual))
        errors = [float((system.decode(z) - x).square().mean()) for z in (code, again)]  # type: ignore[operator]
    assert errors[1] <= max(errors[0], coders.FINEST_ERROR) * 10**0.01 * 1.02  # a part more or less in a tie


def test_levels_are_coded_as_they_are() -> None:
    system = settled(build("quantized"), examples(count=64))
    coder = fitted(system)
    with torch.no_grad():
        code = system.encode(examples(count=50, seed=5).x)  # type: ignore[operator]
    assert len(coder.step) == 1
    assert torch.allclose(coder.values(coder.numbers(code, 0), 0), code, atol=1e-6)


def test_parts_pay_for_clouds_that_lie_apart() -> None:
    """Held-out codes of two clouds: one part each is shorter than one for both, and near to the information."""
    system = Straight()
    shared, code = dict(seed=0), codes(2000)
    many = coders.fit(system, [of(code)], **shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coders, "PARTS", 1)
        single = coders.fit(system, [of(code)], **shared)
    assert isinstance(many, TransformCoder) and isinstance(single, TransformCoder) and len(many.center) > 1
    bits = [mean_bits(made, codes(2000, seed=7)) for made in (many, single)]
    assert bits[0] < 0.95 * bits[1]


class Straight(System):
    """Code and example are the same."""

    def __init__(self) -> None:
        super().__init__(None, SPECS["vectors"])

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        return code


def of(code: torch.Tensor) -> Batch:
    return Batch(code, torch.zeros(len(code)), torch.arange(len(code)))


def mean_bits(coder: TransformCoder, code: torch.Tensor) -> float:
    level, rows = 0, coder.numbers(code, 0).tolist()
    step = float(coder.step[0])
    assert step > 0
    return sum(8 * len(coder.pack(row, level)) for row in rows) / len(rows)


def test_more_quality_takes_more_bytes_and_loses_less(coder: TransformCoder) -> None:
    code = codes()
    sizes, errors = [], []
    for level in range(len(coder.step)):
        rows = coder.numbers(code, level)
        sizes.append(sum(len(coder.pack(row, level)) for row in rows.tolist()))
        errors.append(float(((coder.values(rows, level) - code) @ coder.warp).square().mean()))
    assert sizes == sorted(sizes) and errors == sorted(errors, reverse=True)
    with pytest.raises(UsageError, match="quality is 9; this model has 1 to 8"):
        coder.level(9)


def test_mutants_are_refused_or_read_but_never_crash(coder: TransformCoder, numbers: torch.Tensor) -> None:
    """Their checksum repaired, as a foe would: every row of numbers has one spelling."""
    level, found = int(coder.usual), 0
    for row in numbers[:20].tolist():
        data = coder.pack(row, level)
        for mutant in mutants(data):
            again = read(coder, mutant, level)
            found += again is not None
            assert again is None or coder.pack(again, level) == mutant
    assert read(coder, b"\xff" * 1000, level) is None and read(coder, data + b"\0", level) is None
    assert found


def mutants(data: bytes) -> Iterator[bytes]:
    for at in range(len(data)):
        for bit in range(8):
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        yield data[:at]


def test_a_model_file_keeps_its_coder_and_its_digest_covers_the_tables(tmp_path: Path) -> None:
    system = settled(build("autoencoder"), examples(count=64))
    made, digests = fitted(system), []
    for step in (1.0, 1.5):
        other = replace(made, step=made.step * step)
        model_file.publish(tmp_path / "m", system, name="autoencoder", facts={}, coder=other)
        model = model_file.load(tmp_path / "m")
        assert isinstance(model.coder, TransformCoder)
        assert all(torch.equal(value, model.coder.tensors()[name]) for name, value in other.tensors().items())
        digests.append(model.digest)
        model_file.republish(tmp_path / "again", model)
        assert model_file.load(tmp_path / "again").digest == model.digest
    assert digests[0] != digests[1]


def test_tensors_that_make_no_coder_are_refused(coder: TransformCoder) -> None:
    whole = coder.tensors()
    wrong = [
        {name: value for name, value in whole.items() if name != "warp"},
        whole | {"axes": whole["axes"][:, :1]},
        whole | {"table": whole["table"] + 1000},
        whole | {"frequency": whole["frequency"] + 1},
        whole | {"more": whole["step"]},
    ]
    for tensors in wrong:
        with pytest.raises(ValueError):
            TransformCoder.of(tensors)
