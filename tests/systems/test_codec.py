"""Rate and distortion trade as the weight says, targets are reached, and a map is a picture of any size."""

from __future__ import annotations

import math

import pytest
import torch

from amalgan.config.parts import Adam
from amalgan.config.systems import CodecConfig
from amalgan.core.errors import ConfigError
from amalgan.core.types import DataSpec
from amalgan.systems import codec as codec_module
from amalgan.systems.codec import USUAL, Codec
from amalgan.tasks.compress import mosaic
from amalgan.training.state import TrainState
from support import GRAY, build, examples, take_round, tick


def codec(spec: DataSpec = GRAY, **changes: object) -> Codec:
    found = build("codec", spec, **changes)
    assert isinstance(found, Codec)
    return found


def trained(rounds: int = 150, **changes: object) -> Codec:
    system, batch = codec(**changes), examples(count=32)
    state = TrainState.fresh(system)
    for number in range(rounds):
        take_round(state, batch, tick(number, number / rounds, 32))
    return system


def costs(system: Codec) -> tuple[float, float]:
    """Mean squared error, and bits an example, at the usual quality."""
    x = examples(count=32).x
    with torch.no_grad():
        number = system.quantize(x, USUAL)
        bits = system.context.bits(number.float(), torch.full((32,), USUAL)).mean().item()
        return (system.decode(system.encode(x)) - x).square().mean().item(), bits


def test_a_larger_weight_takes_fewer_bits_and_makes_a_larger_error() -> None:
    (little, many), (much, few) = costs(trained(weight=0.0005)), costs(trained(weight=0.5))
    assert little < 0.7 * much and few < 0.7 * many


@pytest.mark.parametrize("changes", [{"psnr": 18.0}, {"bits_per_pixel": 0.1}])
def test_the_weight_climbs_while_the_target_is_passed_and_falls_while_it_is_missed(
    changes: dict[str, float],
) -> None:
    batch = examples(count=32)
    for name, factor, sign in (("near", 1e-6, 1), ("far", 1e6, -1)):
        system = codec(**changes)
        if "psnr" in changes:
            system.config = CodecConfig(psnr=200.0 if sign < 0 else 0.01, weight=system.config.weight)
        else:
            system.config = CodecConfig(bits_per_pixel=factor, weight=system.config.weight)
        before = system.weight()
        state = TrainState.fresh(system)
        for number in range(8):
            take_round(state, batch, tick(number, 0.3, 32))
        assert sign * (float(system.weight()) - float(before)) > 0, name


def test_a_target_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec_module, "BALANCE", Adam(rate=0.1, final=0.1))
    error, _ = costs(trained(rounds=400, psnr=20.0, weight=0.02))
    assert 10 * math.log10(4 / error) == pytest.approx(20, abs=2.5)  # without a target 26


@pytest.mark.parametrize("colors", [1, 3])
def test_it_begins_as_a_cosine_transform(colors: int) -> None:
    """With all its waves and small steps an untrained one gives the picture back."""
    spec = DataSpec(kind="image", shape=(colors, 24, 16))
    config = CodecConfig(any_size=True, code_size=64 * colors)
    system = Codec(config, spec)
    x = torch.rand(2, colors, 24, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        system.context.log_step.fill_(math.log(1e-3))
        number = system.quantize(x, USUAL)
        assert (system.render(number, USUAL, x.shape) - x).abs().max() < 2e-3
        flat = system.encoder(torch.ones(1, colors, 8, 8))[0, :, 0, 0]
        assert flat[0].item() == pytest.approx(
            8 * math.sqrt(colors) * (1 if colors == 1 else 0.8643), rel=0.01
        )
        assert flat[1:64].abs().max() < 1e-4


@pytest.mark.parametrize("size", [(24, 24), (17, 40), (1, 1), (100, 9)])
def test_tiles_say_what_the_whole_says(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    system = codec(DataSpec(kind="image", shape=(1, 16, 16)), any_size=True)
    for parameter in system.parameters():
        parameter.data += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2))
    x = torch.rand(1, 1, *size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    monkeypatch.setattr(mosaic, "TILE", 3)
    with torch.no_grad():
        whole, cut = system.quantize(x, USUAL), mosaic.quantize(system, x, USUAL, "cpu")
        assert whole.shape == cut.shape
        assert (whole != cut).float().mean() < 0.01  # a number in the middle of two
        shown, tiled = (
            system.render(cut, USUAL, x.shape),
            mosaic.render(system, cut, USUAL, (1, *size), "cpu"),
        )
        assert shown.shape == x.shape and (shown - tiled).abs().max() < 1e-4


def test_all_faults_of_a_configuration_are_told() -> None:
    with pytest.raises(ConfigError, match="give one"):
        CodecConfig(psnr=30, bits_per_pixel=1)
    with pytest.raises(ConfigError, match="multiple of 8"):
        CodecConfig(patch=20)
    with pytest.raises(ConfigError, match="any_size is for pictures"):
        CodecConfig(any_size=True).resolved(DataSpec(kind="vector", shape=(6,)))
