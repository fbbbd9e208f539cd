"""Maps come back from bytes exactly, whatever floats do; the integers cost what the context said; damage is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgan.codec.context_coder import LARGEST, STARTS, Map, MapCoder
from amalgan.codec.context_model import ORDER, Context, cost, known, passes_of
from amalgan.core.errors import BitstreamError, UsageError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import DataSpec
from amalgan.systems import model_file
from amalgan.systems.codec import Codec
from amalgan.training import coders
from support import GRAY, build, examples

PHOTO = DataSpec(kind="image", shape=(1, 24, 40))


def codec(spec: DataSpec = PHOTO, *, any_size: bool = True, seed: int = 0, wild: float = 0.2) -> Codec:
    """One whose context says something of every weight."""
    system = build("codec", spec, any_size=any_size)
    assert isinstance(system, Codec)

    def shake() -> None:
        for parameter in system.context.parameters():
            parameter.data += wild * torch.randn_like(parameter)

    build_seeded(shake, seed)
    return system


def coder_of(system: Codec) -> MapCoder:
    """As the context is, fitted to nothing."""
    coder = coders.fit(system, [])
    assert isinstance(coder, MapCoder)
    return coder


def maps(coder: MapCoder, count: int, seed: int = 0, wide: float = 4.0) -> Iterator[Map]:
    """Numbers of every magnitude, of pictures of several sizes."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        size = (int(rng.integers(1, 60)), int(rng.integers(1, 60))) if len(coder.size) else None
        shape = (coder.base.shape[2], *coder.cells(size))
        yield Map(np.rint(rng.standard_t(2, shape) * wide ** rng.normal()).astype(np.int64), size)


@pytest.mark.parametrize("any_size", [True, False])
def test_every_map_comes_back_at_every_quality(any_size: bool) -> None:
    coder = coder_of(codec(any_size=any_size))
    for level in range(coder.qualities):
        for row in maps(coder, 12, seed=level):
            again = coder.unpack(coder.pack(row, level), level)
            assert np.array_equal(again.number, row.number) and again.size == row.size


@settings(deadline=None, max_examples=30)
@given(numbers=st.lists(st.integers(-LARGEST, LARGEST), min_size=4, max_size=4), level=st.integers(0, 7))
def test_any_integers_come_back(numbers: list[int], level: int) -> None:
    coder = coder_of(codec(any_size=False))
    row = Map(np.array(numbers).reshape(4, 1, 1), None)
    assert coder.unpack(coder.pack(row, level), level).number.ravel().tolist() == numbers


@pytest.mark.parametrize("any_size", [True, False])
def test_bytes_are_what_the_context_said_they_would_be(any_size: bool) -> None:
    """Within a hundredth and two bytes, though means and spreads have become whole numbers."""
    system = codec(any_size=any_size)
    coder = coder_of(system)
    shape = (1, 4, *((40, 50) if any_size else (1, 1)))
    chance, level = torch.Generator().manual_seed(0), torch.tensor([5])
    for _ in range(4):
        number = (torch.randn(shape, generator=chance) * 1.5).round()
        said = system.context.bits(number, level).item() / 8
        size = (40 * 8, 50 * 8) if any_size else None
        took = len(coder.pack(Map(number[0].long().numpy(), size), 5))
        assert abs(took - said) < 0.01 * said + (8 if any_size else 2), (took, said)


def test_costs_are_those_of_a_distribution() -> None:
    """Over all whole numbers the chances sum to one, in closed form too."""
    number = torch.arange(-2000, 2001).double()
    for mean, spread in ((0.0, 0.05), (0.3, 0.5), (-2.6, 3.0), (10.2, 20.0)):
        chance = (2 ** -cost(number - mean, torch.tensor(spread).double())).sum()
        assert chance.item() == pytest.approx(1, abs=1e-9)
    assert cost(torch.tensor(0.0), torch.tensor(0.5)).item() == pytest.approx(
        -np.log2(np.tanh(0.5)), rel=1e-6
    )
    far = cost(torch.tensor([1000.0], requires_grad=True), torch.tensor([0.05]))
    assert far.isfinite().all()


def test_a_number_is_expected_from_those_before_it_alone() -> None:
    """Change one number: what is said of itself and of every earlier one stays, of some later one not."""
    system = codec()
    number = torch.randn(1, 4, 4, 4, generator=torch.Generator().manual_seed(0)).round()
    level, before = torch.tensor([5]), system.context.expected(number, torch.tensor([5]))
    turn = {(c, r, k): (c, int(passes_of(4, 4)[r, k])) for c in range(4) for r in range(4) for k in range(4)}
    moved_later = 0
    for at in turn:
        other = number.clone()
        other[(0, *at)] += 3
        changed = sum(
            (a - b).abs() for a, b in zip(system.context.expected(other, level), before, strict=True)
        )
        for place, when in turn.items():
            if when <= turn[at]:
                assert changed[(0, *place)] == 0, (at, place)
            else:
                moved_later += int(changed[(0, *place)] > 0)
    assert moved_later > 100


def test_both_sides_agree_on_the_passes() -> None:
    assert [next((r, c) for r in (0, 1) for c in (0, 1) if ORDER[r][c] == p) for p in range(4)] == list(
        STARTS
    )
    assert known().sum((1, 2)).tolist() == [0, 4, 4, 8]


def test_threads_batches_and_layouts_change_no_number() -> None:
    before, read = torch.get_num_threads(), 0
    system = codec(DataSpec(kind="image", shape=(1, 64, 64)), wild=0.05)
    coder = coder_of(system)
    x = torch.rand(8, 1, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for batch in (1, 8):
                for form in (torch.contiguous_format, torch.channels_last):
                    with torch.no_grad():
                        number = torch.cat(
                            [system.quantize(part.to(memory_format=form), 7) for part in x.split(batch)]
                        )
                    for one in number.numpy():
                        row = coder.unpack(coder.pack(Map(one, (64, 64)), 7), 7)
                        assert np.array_equal(row.number, one)
                        read += one.size
    finally:
        torch.set_num_threads(before)
    assert read == 8 * number.numel()


def test_noise_on_every_float_of_the_reader_changes_no_number() -> None:
    """The file holds integers; of the model's floats none is asked. The same on an integer is found."""
    system = codec()
    coder, row = coder_of(system), Map(np.arange(4 * 3 * 5).reshape(4, 3, 5) % 5 - 2, (24, 40))
    data = coder.pack(row, 5)
    assert not any(value.is_floating_point() for value in coder.tensors().values())
    chance = torch.Generator().manual_seed(1)
    for parameter in system.parameters():
        ulps = torch.randint(-16, 17, parameter.shape, generator=chance)
        parameter.data *= 1 + ulps * torch.finfo(parameter.dtype).eps
    reader = MapCoder.of({name: value.clone() for name, value in coder.tensors().items()})
    assert np.array_equal(reader.unpack(data, 5).number, row.number)
    other = replace(coder, base=coder.base + 4096)
    with suppress(BitstreamError):
        assert not np.array_equal(other.unpack(data, 5).number, row.number)


def test_mutants_are_refused_or_read_but_never_crash() -> None:
    """Their checksum repaired, as a foe would: every map has one spelling, and small files no large pictures."""
    for any_size in (True, False):
        coder = coder_of(codec(any_size=any_size))
        read = 0
        for row in maps(coder, 2, wide=2.0):
            data = coder.pack(row, 5)
            for mutant in mutants(data[:12] if len(data) > 12 else data, data):
                try:
                    again = coder.unpack(mutant, 5)
                except BitstreamError:
                    continue
                read += 1
                assert coder.pack(again, 5) == mutant
        assert read
        for junk in (b"\xff" * 100, b"\xff\xff" * 3 + b"\xff\xff", bytes(100)):
            with pytest.raises(BitstreamError):
                coder.unpack(junk, 5)
        with pytest.raises(BitstreamError, match="quality 9 of 8"):
            coder.unpack(b"", 8)


def mutants(head: bytes, data: bytes) -> Iterator[bytes]:
    for at in range(len(head)):
        for bit in range(8):
            yield data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
    for at in range(0, len(data), 8):
        yield data[:at]


def test_small_files_cannot_claim_large_pictures() -> None:
    coder = coder_of(codec())
    blank = Map(np.zeros((4, 128, 128), np.int64), (1024, 1024))
    data = coder.pack(blank, 0)
    assert len(data) >= 1024 * 1024 // 4096
    with pytest.raises(BitstreamError, match="cannot hold 1024x1024 pixels"):
        coder.unpack(data[:40], 0)


def test_the_models_own_size_costs_nothing() -> None:
    coder = coder_of(codec())
    rng = np.random.default_rng(0)
    number = rng.integers(-2, 3, (4, 3, 5))
    own, other = (len(coder.pack(Map(number, size), 5)) for size in ((24, 40), (23, 40)))
    assert 5 <= other - own <= 7


def test_a_model_file_keeps_its_coder(tmp_path: Path) -> None:
    system = codec(GRAY, any_size=False)
    coder = coder_of(system)
    model_file.publish(tmp_path / "m", system, name="codec", facts={}, coder=coder)
    model = model_file.load(tmp_path / "m")
    assert isinstance(model.coder, MapCoder)
    assert all(torch.equal(value, model.coder.tensors()[name]) for name, value in coder.tensors().items())
    with pytest.raises(UsageError, match="quality is 9; this model has 1 to 8"):
        coder.level(9)


def test_tensors_that_make_no_coder_are_refused() -> None:
    whole = coder_of(codec()).tensors()
    wrong = [
        {name: value for name, value in whole.items() if name != "bound"},
        whole | {"base": whole["base"][:, :2]},
        whole | {"same_mean": whole["same_mean"][:2]},
        whole | {"same_mean": whole["same_mean"].float()},
        whole | {"bound": whole["bound"][1:]},
        whole | {"frequency": whole["frequency"] + 1},
        whole | {"size": whole["size"][:2]},
    ]
    for tensors in wrong:
        with pytest.raises(ValueError):
            MapCoder.of(tensors)


def test_context_parameters_have_gradients_even_far_from_the_truth() -> None:
    context = Context(3, 8, 5, 1.0, places=True)
    number = torch.full((1, 3, 4, 4), 500.0)
    context.bits(number, torch.tensor([0])).sum().backward()
    assert all(
        parameter.grad is None or parameter.grad.isfinite().all() for parameter in context.parameters()
    )


@pytest.mark.parametrize("any_size", [True, False])
def test_what_is_published_is_fitted_to_what_is_written(any_size: bool) -> None:
    """Of a context that knows nothing yet: fewer bytes for the same numbers of other examples."""
    system = codec(any_size=any_size, wild=0.0)
    system.encoder.last.weight.data.mul_(
        10
    )  # an untrained encoder's numbers are too small to tell tables apart
    known, other = examples(PHOTO, 64), examples(PHOTO, 12, seed=9).x
    fitted = coders.fit(system, [known])
    assert isinstance(fitted, MapCoder) and fitted.tensors().keys() == coder_of(system).tensors().keys()
    again = coders.fit(system, [known])
    assert isinstance(again, MapCoder) and torch.equal(again.base, fitted.base)
    size, total = (24, 40) if any_size else None, [0, 0]
    for level in range(fitted.qualities):
        with torch.no_grad():
            rows = [Map(one, size) for one in system.quantize(other, level).numpy()]
        for side, coder in enumerate((coder_of(system), fitted)):
            total[side] += sum(len(coder.pack(row, level)) for row in rows)
    assert total[1] < total[0]
