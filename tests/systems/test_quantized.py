"""The quantized autoencoder: its codes lie on the grid, and how long they are is known."""

from __future__ import annotations

import math

import pytest
import torch

from amalgan.config.systems import QuantizedConfig
from amalgan.core.errors import ConfigError
from support import CODE, build, examples, settled, tick, warmed


@pytest.mark.parametrize("levels", [2, 5])
def test_codes_made_and_codes_drawn_lie_on_the_grid(levels: int) -> None:
    batch = examples()
    system = warmed(build("quantized", levels=levels), batch, 0.5, rounds=60).system
    settled(system, batch)
    with torch.no_grad():
        drawn = system.sample_code(batch.label, tick(0, 0.0, len(batch.x)).draws)
        code = torch.cat([system.encode(batch.x), drawn])
    index = (code + 1) / 2 * (levels - 1)
    assert torch.allclose(index, index.round(), atol=1e-5)
    assert code.abs().max() <= 1 and len(code.unique()) > 1


def test_a_fitted_prior_needs_fewer_bits_than_none() -> None:
    batch = examples(count=60)
    system = settled(build("quantized"), batch)
    assert system.most_bits == CODE * math.log2(8)
    with torch.no_grad():
        bits = system.bits(system.encode(batch.x))
    assert bits.shape == (60,) and 0 < bits.mean() < system.most_bits


def test_faults_are_named_together() -> None:
    with pytest.raises(ConfigError) as raised:
        QuantizedConfig(levels=1, parts=0)
    assert "levels is 1" in str(raised.value) and "parts is 0" in str(raised.value)
