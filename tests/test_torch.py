"""The doors for those who write torch: modules, tensors with gradients, devices; and what a notebook shows."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import amalgan as ag
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.randomness import Draws
from amalgan.kinds import text_of
from amalgan.systems import model_file, registry
from amalgan.systems.abilities import Classifies, Decodes, Encodes, Generates, Realizes
from support import GRAY, build, examples

SYSTEMS = sorted(registry.names())


def model_of(name: str, tmp_path: Path) -> ag.Model:
    """A small model of that system whose prior is fitted."""
    system = build(name)
    system.settle([examples(count=32)] * 2, Draws(seed=0, round=0, total=32))
    model_file.publish(tmp_path / "model.safetensors", system, name=name, facts={"metrics": {"psnr": 20.5}})
    return ag.load(tmp_path)


@pytest.mark.parametrize("name", SYSTEMS)
def test_halves_compute_what_the_model_does_and_pass_gradients(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    pictures = model.array(examples().x)
    x = model.tensor(pictures).requires_grad_()
    if not isinstance(model.module, Encodes):
        with pytest.raises(AbilityError, match=f"'{name}' cannot encode; these can: "):
            model.encoder  # noqa: B018 - it is asked for
        return
    code = model.encoder(x)
    assert np.array_equal(code.detach().numpy(), model.encode(pictures))
    assert isinstance(model.module, Decodes)
    decoded = model.decoder(code)
    assert np.array_equal(model.array(decoded), model.decode(model.encode(pictures)))
    decoded.square().sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_methods_of_the_module_pass_gradients_to_weights(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    system = model.module.requires_grad_(True)
    label, draws = torch.zeros(4, dtype=torch.int64), Draws(seed=0, round=0, total=4)
    found: list[torch.Tensor] = []
    if isinstance(system, Generates):
        found.append(system.generate(label, draws))
    if isinstance(system, Encodes) and isinstance(system, Realizes):
        found.append(system.realize(system.encode(examples(count=4).x), draws))
    if isinstance(system, Classifies):
        found.append(system.classify(examples(count=4).x))
    for made in found:
        system.zero_grad()
        made.square().sum().backward()
        assert any(part.grad is not None and part.grad.abs().sum() > 0 for part in system.parameters())


@pytest.mark.parametrize("name", SYSTEMS)
def test_arrays_come_out_where_weights_have_gradients(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    pictures = model.array(examples(count=12).x)
    asked: list[Callable[[], Any]] = [
        lambda: model.generate(2),
        lambda: model.walk(frames=3),
        lambda: model.reconstruct(pictures),
        lambda: model.reconstruct(pictures, decoder="realistic"),
        lambda: model.decode(model.encode(pictures)),
        lambda: model.classify(pictures),
        lambda: model.restore(pictures[0], task="denoise"),
        lambda: torch.stack([*model.detect(pictures, normals=pictures).score.values()]).numpy(),
        lambda: model.decompress(model.compress(pictures[0])),
    ]
    before = [answered(ask) for ask in asked]
    model.module.requires_grad_(True)
    assert [answered(ask) for ask in asked] == before
    assert any(isinstance(answer, bytes) for answer in before)


def answered(ask: Callable[[], Any]) -> bytes | str:
    """What comes out, or that the model cannot."""
    try:
        return np.asarray(ask()).tobytes()
    except ag.AmalganError as error:
        return str(error)


def test_a_copy_of_the_encoder_learns_and_the_model_stays(tmp_path: Path) -> None:
    model = model_of("fusion", tmp_path)
    pictures = model.array(examples().x)
    before = model.encode(pictures)
    encoder = copy.deepcopy(model.encoder).requires_grad_(True)
    count = sum(weights.numel() for weights in encoder.parameters())
    assert count == sum(weights.numel() for weights in model.module.get_submodule("encoder").parameters())
    adam = torch.optim.Adam(encoder.parameters(), 0.01)
    encoder(model.tensor(pictures)).square().sum().backward()
    adam.step()
    assert not np.array_equal(encoder(model.tensor(pictures)).detach().numpy(), before)
    assert np.array_equal(model.encode(pictures), before)


def test_to_moves_both_halves(tmp_path: Path) -> None:
    model = model_of("codec", tmp_path)
    encoder = copy.deepcopy(model.encoder).to(torch.float64)
    assert {
        tensor.dtype for tensor in encoder.whole[0].state_dict().values() if tensor.is_floating_point()
    } == {torch.float64}
    assert model.encoder(model.tensor(model.array(examples().x))).dtype == torch.float32


def test_a_critic_gives_features_and_its_lack_is_said(tmp_path: Path) -> None:
    x = examples().x.requires_grad_()
    features = model_of("gan", tmp_path).critic.features(x)
    assert features.ndim == 2 and len(features) == len(x)
    features.sum().backward()
    assert x.grad is not None and x.grad.abs().sum() > 0
    with pytest.raises(AbilityError, match=r"'autoencoder' has no critic\. Train a system"):
        model_of("autoencoder", tmp_path).critic  # noqa: B018 - it is asked for


@pytest.mark.parametrize(
    "device", ["meta", "cuda:99", "rubbish", 3.5, None, torch.float16, torch.device("meta")]
)
def test_a_device_that_is_none_is_refused(device: Any, tmp_path: Path) -> None:
    model = model_of("autoencoder", tmp_path)
    with pytest.raises(UsageError, match="Use "):
        model.to(device)
    assert model.model.device == "cpu"


def test_to_and_eval_return_the_model(tmp_path: Path) -> None:
    model = model_of("autoencoder", tmp_path)
    assert model.to("cpu") is model and model.to(torch.device("cpu")) is model and model.to("auto") is model
    model.module.train()
    assert model.eval() is model and not model.module.training


def test_tensor_is_the_range_that_is_promised_and_array_its_inverse(tmp_path: Path) -> None:
    model = model_of("autoencoder", tmp_path)
    levels = np.arange(256, dtype=np.uint8).repeat(64).reshape(256, 8, 8)
    t = model.tensor(levels)
    assert t.dtype == torch.float32 and t.shape == (256, 1, 8, 8)
    assert torch.equal(t[:, 0, 0, 0], torch.arange(256, dtype=torch.float32) / 127.5 - 1) or torch.allclose(
        t[:, 0, 0, 0], torch.arange(256, dtype=torch.float32) / 127.5 - 1, atol=2e-7, rtol=0
    )
    assert np.array_equal(model.array(t), levels) and np.array_equal(model.array(t[3]), levels[3:4])


@pytest.mark.parametrize("t", [np.zeros((1, 1, 8, 8)), torch.zeros(8), torch.zeros(1, 3, 8, 8), "x", None,
                               torch.zeros(1, 1, 8, 8, dtype=torch.uint8)])  # fmt: skip
def test_what_is_no_such_tensor_is_refused(t: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"array: found .*; expected a float tensor of shape \(N, 1, 8, 8\)"):
        model_of("autoencoder", tmp_path).array(t)


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_model_is_told_in_ten_lines_and_shown(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    text, page = repr(model), model._repr_html_()
    assert len(text.splitlines()) <= 10 and max(map(len, text.splitlines())) <= 130
    for word in (name, text_of(GRAY), model.model.digest, "parameters", "psnr 20.5", GRAY.classes[0]):
        assert word in text and word in page, word
    assert ("data:image/png;base64," in page) == isinstance(model.module, Generates)


@pytest.mark.parametrize(
    "odd", [None, 3, "<script>\n\x1b[31m", [1, "<b>"], {"<i>": None, "name": ["<b>"], "y": {}}]
)
@pytest.mark.parametrize("part", ["abilities", "training", "data", "metrics", "doubts"])
def test_nothing_in_a_header_acts_in_a_notebook_or_makes_it_fail(part: str, odd: Any, tmp_path: Path) -> None:
    model = model_of("gan", tmp_path)
    model.model.header[part] = odd
    assert "\x1b" not in repr(model) and len(repr(model).splitlines()) <= 10
    assert not re.search("<(script|b|i)>", model._repr_html_())


def test_a_model_that_cannot_generate_is_shown_without_pictures(tmp_path: Path) -> None:
    model = model_of("gan", tmp_path)
    for weights in model.module.parameters():
        weights.data = weights.data[:0]
    page = model._repr_html_()
    assert "<table>" in page and "<img" not in page
