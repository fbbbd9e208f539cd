"""Whatever goes in comes out, in as few bytes as it is worth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from amalgan.codec.frequency_tables import LARGEST, TOTAL, Tables, frequencies
from amalgan.codec.range_coder import Decoder, Encoder
from amalgan.core.errors import BitstreamError

weights = some.lists(some.floats(0, 1e9), min_size=1, max_size=40).filter(lambda each: sum(each) > 0)
tables = some.lists(some.tuples(weights, some.integers(-1000, 1000)), min_size=1, max_size=4)
integers = some.one_of(some.integers(-50, 50), some.integers(-LARGEST, LARGEST))


def built(described: list[tuple[list[float], int]]) -> Tables:
    whole = [frequencies(np.append(weight, 0.0)) for weight, _ in described]
    frequency = [int(one) for each in whole for one in each]
    return Tables.of(frequency, [len(each) for each in whole], [lowest for _, lowest in described])


def coded(tables: Tables, message: list[tuple[int, int]]) -> bytes:
    encoder = Encoder()
    for table, value in message:
        tables.put(encoder, table, value)
    return encoder.finish()


@settings(max_examples=300, deadline=None)
@given(tables, some.data())
def test_any_numbers_come_back_by_any_tables(
    described: list[tuple[list[float], int]], data: some.DataObject
) -> None:
    made = built(described)
    symbols = some.tuples(some.integers(0, len(described) - 1), integers)
    message = data.draw(some.lists(symbols, max_size=60))
    decoder = Decoder(coded(made, message))
    assert [(table, made.take(decoder, table)) for table, _ in message] == message


@given(weights)
def test_frequencies_are_whole_and_none_is_zero(weight: list[float]) -> None:
    found = frequencies(np.array(weight))
    assert found.sum() == TOTAL and found.min() >= 1
    share = np.array(weight) / np.sum(weight)
    assert np.abs(found / TOTAL - share).max() <= (len(weight) + 1) / TOTAL


@pytest.mark.parametrize("size", [0, 1, 10, 1000])
def test_a_message_costs_its_information_rounded_up_to_bytes(size: int) -> None:
    chance = np.random.default_rng(size)
    frequency = frequencies(np.append(np.exp(-np.abs(np.arange(-20, 21)) / 3), 0.0))
    made = Tables.of(frequency.tolist(), [len(frequency)], [-20])
    values = chance.choice(np.arange(-20, 21), size, p=frequency[:-1] / frequency[:-1].sum())
    bits = sum(math.log2(TOTAL / frequency[value + 20]) for value in values)
    found = len(coded(made, [(0, int(value)) for value in values]))
    assert bits / 8 - 1 < found < bits / 8 + 1.01


def test_carries_run_through_bytes_of_ones() -> None:
    """The last of three slots, again and again: the low end runs up to a row of 255s, which one carry turns over."""
    encoder = Encoder()
    for _ in range(200):
        encoder.put(TOTAL - 1, 1)
    encoder.low += encoder.width - 1
    encoder.low, over = encoder.low & (1 << 64) - 1, encoder.low >> 64
    assert set(encoder.done[:-8]) == {255} and not over
    encoder.low += 1 << 64
    encoder.carry()
    assert set(encoder.done[1:-8]) == {0}


def test_bytes_that_no_encoder_writes_are_refused() -> None:
    decoder = Decoder(b"\xff" * 8)
    decoder.take(0, 1)  # as if the first slot had been read: the place lies beyond the interval
    with pytest.raises(BitstreamError, match="no encoder writes"):
        decoder.slot()


@pytest.mark.parametrize(
    "frequency, length, lowest",
    [
        ([TOTAL], [2], [0]),
        ([TOTAL - 1, 0, 1], [3], [0]),
        ([TOTAL, 1], [2], [0]),
        ([TOTAL], [1], []),
        ([TOTAL, 0], [1, 0], [0, 0]),
    ],
)
def test_what_are_no_tables_is_refused(frequency: list[int], length: list[int], lowest: list[int]) -> None:
    with pytest.raises(ValueError):
        Tables.of(frequency, length, lowest)
