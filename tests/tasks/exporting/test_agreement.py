"""The gradient of a search as a graph: what autograd gives, for every system that has a search."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from amalgan.core.errors import ExportError
from amalgan.systems import model_file
from amalgan.tasks.export import agreement
from amalgan.tasks.export.agreement import NAMES, Agreement, packed_agreement
from support import SPECS, build, examples, settled

onnxruntime = pytest.importorskip("onnxruntime")


def model_of(name: str, place: Path, spec: str) -> model_file.Model:
    """A small model with weights of chance, as a file gives it."""
    system = settled(build(name, SPECS[spec]), examples(SPECS[spec]))
    model_file.publish(place / "model.safetensors", system, name=name, facts={})
    return model_file.load(place)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("fusion", "gray with classes"),
        ("fusion", "color"),
        ("autoencoder", "not square"),
        ("quantized", "color"),
    ],
)
def test_the_graph_gives_cost_and_gradient(name: str, spec: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path, spec)
    data = packed_agreement(model, 4)
    code, x, known = Agreement(model, 4).inputs(seed=5)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    given = {port: one.numpy() for port, one in zip(NAMES, (code, x, known), strict=True)}
    found = torch.from_numpy(session.run(None, given)[0])

    place = code.clone().requires_grad_()
    cost = ((model.system.decode(place) - x) * known).square().flatten(1).sum(1)  # type: ignore[operator]
    cost.sum().backward()  # type: ignore[no-untyped-call]
    assert place.grad is not None and float(place.grad.abs().max()) > 0.1
    torch.testing.assert_close(found[:, 0], cost.detach(), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(found[:, 1:], place.grad, atol=2e-5, rtol=1e-4)


def test_a_gradient_that_is_wrong_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("fusion", tmp_path, "gray with classes")
    monkeypatch.setattr(
        agreement, "leaky_relu_backward", lambda grad, x, slope, is_result: torch.where(x > 0, grad, 0 * grad)
    )
    with pytest.raises(ExportError, match="gives other numbers than the model"):
        packed_agreement(model, 4)
