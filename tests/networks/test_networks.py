"""The three roles, for pictures of any shape from 8 x 8 and for vectors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from amalgan import networks
from amalgan.config.code import grid_of
from amalgan.config.parts import Networks
from amalgan.config.sizes import BASE_NETWORKS
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.networks.blocks import SLOPE, Residual, Style, one_hot, rectify
from amalgan.networks.conv import stages
from support import SMALL

IMAGE = DataSpec(kind="image", shape=(1, 11, 8), classes=("a", "b", "c"))
VECTOR = DataSpec(kind="vector", shape=(5,), classes=("a", "b", "c"))
DENSE = replace(SMALL, dense=True)
BUILDS = [(SMALL, IMAGE), (DENSE, IMAGE), (SMALL, VECTOR)]
SIDES = (8, 16, 28, 32, 64, 128, 256, 512)
every_build = pytest.mark.parametrize(("config", "spec"), BUILDS, ids=["conv", "dense", "vector"])


def randomized(network: nn.Module) -> nn.Module:
    """``network`` with every weight at random, so that layers which start at zero hide nothing."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    return network


def example(spec: DataSpec, count: int = 3) -> Tensor:
    return torch.randn(count, *spec.shape, generator=torch.Generator().manual_seed(1))


@settings(deadline=None, max_examples=40)
@given(
    height=st.integers(8, 70),
    width=st.integers(8, 70),
    channels=st.sampled_from([1, 3]),
    style=st.sampled_from([0, 3]),
    blocks=st.integers(1, 2),
)
def test_every_shape_returns_as_it_was(
    height: int, width: int, channels: int, style: int, blocks: int
) -> None:
    spec = DataSpec(kind="image", shape=(channels, height, width))
    config = replace(SMALL, blocks=blocks)
    plan = stages(config, spec)
    assert 4 <= min(plan[-1][1:]) <= 7
    with torch.no_grad():
        features = networks.encoder(config, spec, 5)(example(spec, 2))
        assert features.shape == (2, 5)
        told = torch.randn(2, style) if style else None
        assert networks.decoder(config, spec, 5, style=style)(features, told).shape == (2, *spec.shape)
        assert networks.critic(config, spec)(example(spec, 2)).shape == (2,)


@pytest.mark.parametrize("shape", [(1, 7, 8), (3, 64, 7), (1, 1, 1)])
def test_smaller_pictures_are_refused_with_the_flag_to_use(shape: tuple[int, int, int]) -> None:
    spec = DataSpec(kind="image", shape=shape)
    for role in (lambda: networks.encoder(SMALL, spec, 4), lambda: networks.decoder(SMALL, spec, 4)):
        with pytest.raises(ConfigError, match=r"both sides must be at least 8\. Use --size"):
            role()
    networks.encoder(DENSE, spec, 4)(torch.zeros(2, *shape))  # dense layers take any


@every_build
def test_shapes_of_every_build(config: Networks, spec: DataSpec) -> None:
    x = example(spec)
    code = networks.encoder(config, spec, 4)(x)
    assert code.shape == (3, 4)
    assert networks.decoder(config, spec, 4)(code).shape == x.shape
    assert networks.critic(config, spec)(x, torch.tensor([0, 1, UNLABELED])).shape == (3,)


@every_build
@pytest.mark.parametrize("style", [0, 3])
def test_a_residual_starts_at_zero_and_can_leave_it(config: Networks, spec: DataSpec, style: int) -> None:
    built = networks.decoder(config, spec, 4, style=style, zero=True)
    code, told = torch.randn(3, 4), torch.randn(3, style) if style else None
    assert built(code, told).abs().max() == 0
    built(code, told).sub(1).square().mean().backward()
    assert built.last.weight.grad.abs().max() > 0
    assert networks.decoder(config, spec, 4, style=style)(code, told).abs().max() > 0


@every_build
def test_style_enters_and_features_still_count(config: Networks, spec: DataSpec) -> None:
    built = randomized(networks.decoder(config, spec, 4, style=3))
    code = torch.randn(1, 4, generator=torch.Generator().manual_seed(0)).repeat(2, 1)
    styles = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with torch.no_grad():
        by_style, same = built(code, styles), built(code, styles[:1].repeat(2, 1))
        by_code = built(code * torch.tensor([[1.0], [-1.0]]), styles[:1].repeat(2, 1))
    assert (by_style[0] - by_style[1]).abs().max() > 1e-3
    assert torch.allclose(same[0], same[1], atol=1e-5)
    assert (by_code[0] - by_code[1]).abs().max() > 1e-3


@pytest.mark.parametrize(("config", "spec"), BUILDS[1:], ids=["dense", "vector"])
def test_style_of_dense_layers_counts_from_the_start(config: Networks, spec: DataSpec) -> None:
    built = build_seeded(lambda: networks.decoder(config, spec, 4, style=3), 0)
    with torch.no_grad():
        first, second = (built(torch.ones(1, 4), style) for style in (torch.ones(1, 3), -torch.ones(1, 3)))
    assert (first - second).abs().max() > 1e-4


@every_build
def test_no_example_depends_on_another(config: Networks, spec: DataSpec) -> None:
    """Exactly: penalties differentiate the sum of the logits, and micro-batches must change nothing."""
    label = torch.tensor([0, 1, UNLABELED])
    encoder = randomized(networks.encoder(config, spec, 4))
    decoder = randomized(networks.decoder(config, spec, 4, style=3))
    critic = randomized(networks.critic(config, spec))
    style = torch.randn(3, 3)
    for call, x in (
        (encoder, example(spec)),
        (lambda code: decoder(code, style), torch.randn(3, 4)),
        (lambda x: critic(x, label), example(spec)),
    ):
        x = x.clone().requires_grad_(True)
        outputs = call(x)
        for row in range(3):
            (gradient,) = torch.autograd.grad(outputs[row].sum(), x, retain_graph=True)
            others = [other for other in range(3) if other != row]
            assert gradient[others].abs().max() == 0 and gradient[row].abs().max() > 0


@every_build
def test_the_critic_judges_by_class_and_the_unlabeled_without(config: Networks, spec: DataSpec) -> None:
    critic = networks.critic(config, spec)
    x = example(spec, 1).repeat(4, 1, *[1] * (len(spec.shape) - 1))
    label = torch.tensor([0, 1, 2, UNLABELED])
    with torch.no_grad():
        assert torch.allclose(critic(x, label), critic(x), atol=1e-6)  # classes begin alike
        randomized(critic)
        logit, plain = critic(x, label), critic(x)
        expected = (critic.rows.weight.T * critic.features(x[:1])).sum(1) / critic.FEATURES**0.5
    assert torch.allclose(logit[3], plain[3], atol=1e-5)
    assert torch.allclose(logit[:3] - plain[:3], expected, atol=1e-4)
    assert expected.unique().numel() == 3


def test_a_critic_without_classes_takes_any_label() -> None:
    spec = replace(VECTOR, classes=())
    critic = networks.critic(SMALL, spec)
    assert critic.rows is None
    x = example(spec)
    assert torch.equal(critic(x, torch.full((3,), UNLABELED)), critic(x))


def test_the_parts_compute_what_they_say() -> None:
    x = torch.tensor([-2.0, 0.0, 3.0])
    assert rectify(x).tolist() == pytest.approx([-2 * SLOPE, 0.0, 3.0])
    assert one_hot(torch.tensor([2, UNLABELED, 0]), 3).tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    residual, picture = Residual(4, style=2), torch.randn(2, 4, 5, 5)
    assert torch.equal(residual(picture, torch.randn(2, 2)), picture)  # its last convolution starts at zero
    style = Style(2, 3)
    with torch.no_grad():
        style.affine.weight.zero_()
        style.affine.bias.copy_(torch.tensor([1.0, 0.0, -1.0, 10.0, 20.0, 30.0]))
    scaled = style(torch.ones(1, 3, 1, 1), torch.zeros(1, 2)).flatten().tolist()
    assert scaled == [2 + 10, 1 + 20, 0 + 30]


def test_equal_seeds_build_equal_networks() -> None:
    first, second, other = (
        build_seeded(lambda: networks.encoder(SMALL, IMAGE, 4), seed) for seed in (0, 0, 1)
    )
    assert torch.equal(first.last.weight, second.last.weight)
    assert not torch.equal(first.last.weight, other.last.weight)


@every_build
def test_painters_begin_at_the_mean_and_residuals_at_nothing(config: Networks, spec: DataSpec) -> None:
    mean = torch.full(spec.shape, -0.75)
    pair = nn.ModuleDict(
        {name: networks.decoder(config, spec, 4, zero=name == "rest") for name in ("x", "rest")}
    )
    before = pair["x"](torch.zeros(1, 4))
    networks.begin_at(pair, mean)
    with torch.no_grad():
        moved = pair["x"](torch.zeros(1, 4)) - before
    assert torch.allclose(pair["x"].last.bias, torch.full_like(pair["x"].last.bias, -0.75))
    assert moved.mean() < -0.5
    assert torch.equal(pair["rest"](example(VECTOR)[:, :4]), torch.zeros(3, *spec.shape))


def smooth(side: int) -> Tensor:
    """Four color pictures that are the same at every side but for their pixels."""
    coarse = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear", align_corners=True)


def untrained(role: str, side: int, preset: Networks) -> tuple[nn.Module, Tensor]:
    """A network of a role for square color pictures, and smooth examples of what it takes."""
    spec = DataSpec(kind="image", shape=(3, side, side))
    generator, pictures = torch.Generator().manual_seed(side), smooth(side)
    cells = grid_of(spec).cells
    code = torch.randn(4, 2 * cells, generator=generator)
    build: dict[str, Callable[[], tuple[nn.Module, Tensor]]] = {
        "encoder": lambda: (networks.encoder(preset, spec, 64), pictures),
        "encoder to a map": lambda: (networks.encoder(preset, spec, 2 * cells, layout="map"), pictures),
        "decoder": lambda: (networks.decoder(preset, spec, 2 * cells), code),
        "decoder of a map": lambda: (networks.decoder(preset, spec, 2 * cells, layout="map"), code),
    }
    return build_seeded(build[role], side)


@pytest.mark.parametrize("preset", [Networks(), BASE_NETWORKS], ids=["quick", "base"])
@pytest.mark.parametrize("role", ["encoder", "encoder to a map", "decoder", "decoder of a map"])
def test_signals_and_gradients_are_of_one_size_from_8_to_512_pixels(role: str, preset: Networks) -> None:
    """One learning rate can serve all sides only if they are: within a factor of ten, for a push of length 1."""
    signals, slopes = [], []
    for side in SIDES[: 7 if preset.blocks > 1 else 8]:
        network, given = untrained(role, side, preset)
        out = network(given)
        push = torch.randn(out.shape, generator=torch.Generator().manual_seed(side))
        (out * push / push.norm()).sum().backward()
        first = next(weight for weight in network.parameters() if weight.ndim > 1)
        assert first.grad is not None
        signals.append(out.detach().square().mean().sqrt().item())
        slopes.append(first.grad.norm().item())
    assert max(signals) < 10 * min(signals), signals
    assert max(slopes) < 10 * min(slopes), slopes


@settings(deadline=None, max_examples=30)
@given(
    height=st.integers(8, 70), width=st.integers(8, 70), channels=st.integers(1, 3), extra=st.integers(0, 3)
)
def test_a_code_map_of_every_shape_returns_as_it_was(
    height: int, width: int, channels: int, extra: int
) -> None:
    spec = DataSpec(kind="image", shape=(3, height, width))
    size = channels * grid_of(spec).cells
    with torch.no_grad():
        code = networks.encoder(SMALL, spec, size, layout="map")(example(spec, 2))
        assert code.shape == (2, size)
        more = torch.cat([code, torch.randn(2, extra)], dim=1)
        decoder = networks.decoder(SMALL, spec, size, extra=extra, style=2, layout="map")
        assert decoder(more, torch.randn(2, 2)).shape == (2, *spec.shape)


def test_an_entry_of_a_code_map_speaks_of_its_own_part_of_the_picture() -> None:
    spec = DataSpec(kind="image", shape=(1, 64, 64))
    encoder = randomized(networks.encoder(SMALL, spec, 64, layout="map"))
    x = example(spec, 1).requires_grad_(True)
    (slope,) = torch.autograd.grad(encoder(x)[0, 0], x)  # the cell in the upper left corner
    assert slope[..., :8, :8].abs().max() > 0 and slope[..., 48:, 48:].abs().max() == 0


def test_noise_beyond_a_code_map_reaches_every_part_of_the_picture() -> None:
    spec = DataSpec(kind="image", shape=(1, 32, 32))
    decoder = randomized(networks.decoder(SMALL, spec, 64, extra=2, layout="map"))
    code = torch.zeros(2, 66)
    code[1, 64:] = 1.0
    with torch.no_grad():
        first, second = decoder(code)
    assert ((first - second).abs() > 0).float().mean() > 0.9
