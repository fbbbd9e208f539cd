"""Exported graphs compute what the model does, take any batch, and tell nothing of this machine or of training."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan.core.errors import ExportError, UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.systems import model_file
from amalgan.systems.abilities import abilities
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.export import export as exporting
from amalgan.tasks.export.export import NOTES, check_agreement, export, pack_graph
from amalgan.tasks.export.graphs import ACTS, Graph, Inputs, graphs
from amalgan.tasks.export.graphs import copy_settled as alone
from amalgan.tasks.export.together import packed_together
from amalgan.tasks.generate import generate
from support import SPECS, build, built_in, examples, settled

onnxruntime = pytest.importorskip("onnxruntime")
LAST = ("classify", "restore", "generate", "decode")
"""What says most of a system: the first of these that it can."""


def model_of(name: str, place: Path, spec: str = "gray with classes", **changes: Any) -> Model:
    """A small model with weights of chance, as a file gives it."""
    system = settled(build(name, SPECS[spec], **changes), examples(SPECS[spec]))
    model_file.publish(place / "model.safetensors", system, name=name, facts={})
    return model_file.load(place)


def silent(file: str) -> None:
    """For who need not know."""


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    model, file = model_of("gan", tmp_path), tmp_path / "out" / "generate.onnx"
    export(model, tmp_path / "out", tell=silent)
    before = file.stat()
    export(model, tmp_path / "out", tell=silent)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("name", built_in())
def test_every_system_can_be_exported(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    able = {graph.ability: graph for graph in graphs(model)}
    assert set(able) == set(abilities(model.system)) & set(ACTS)
    graph = able[next(ability for ability in LAST if ability in able)]
    assert check_agreement(graph, pack_graph(graph, model))[0] < 1e-5


@pytest.mark.parametrize(
    ("spec", "changes"),
    [
        ("color", {"join": "modulate"}),
        ("vectors", {}),
        ("not square", {"prior": "neighbors"}),
        ("gray with classes", {"prior": "learned"}),
    ],
)
def test_fusion_of_any_data_and_prior(spec: str, changes: dict[str, Any], tmp_path: Path) -> None:
    if kind := changes.get("prior"):
        changes = {"prior": replace(build("fusion").config.prior, kind=kind, steps=20)}
    model = model_of("fusion", tmp_path, spec, **changes)
    graph = Graph(alone(model.system), "generate")
    assert check_agreement(graph, pack_graph(graph, model))[0] < 1e-5


def test_the_files_say_what_they_are_and_nothing_else(tmp_path: Path) -> None:
    import onnx

    model, out = model_of("fusion", tmp_path), tmp_path / "out"
    found = {one.file: one for one in export(model, out, tell=silent)}
    assert {file.name for file in out.iterdir()} == {*found, NOTES}
    notes = json.loads((out / NOTES).read_text())
    assert notes["digest"] == model.digest and notes["spec"]["shape"] == list(model.spec.shape)
    inputs = {port.name: port for port in found["generate.onnx"].inputs}
    assert inputs["label"].drawn == "" and inputs["noise"].drawn == "normal"
    assert inputs["prior_group"].drawn == "uniform" and inputs["prior_group"].shape == ("batch",)
    ports = onnx.load(out / "generate.onnx").graph.input
    assert [port.type.tensor_type.shape.dim[0].dim_param for port in ports] == ["batch"] * len(inputs)
    for name in found:
        data = (out / name).read_bytes()
        assert not any(
            word in data for word in (b"critic", b".py", b"/home", b"site-packages", str(tmp_path).encode())
        )
        assert onnx.load_from_string(data).producer_name == "amalgan"


def test_the_same_numbers_give_the_picture_that_amalgan_gives(tmp_path: Path) -> None:
    model = model_of("fusion", tmp_path)
    graph = Graph(alone(model.system), "generate")
    session = onnxruntime.InferenceSession(pack_graph(graph, model))
    draws = Draws(seed=key(5, "generate"), round=0, total=CHUNK)
    made = {name: getattr(draws, how)(name.replace("_", " "), *shape) for name, how, shape in drawn(graph)}
    given = {"label": torch.full((CHUNK,), UNLABELED)} | made
    (found,) = session.run(None, {name: numbers.numpy() for name, numbers in given.items()})
    wanted = torch.cat(list(generate(model, CHUNK, seed=5))).clamp(-1, 1)
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


def drawn(graph: Graph) -> list[tuple[str, str, tuple[int, ...]]]:
    """Name, distribution and shape of each draw."""
    given = graph.inputs(2, seed=0)
    return [(name, how, tuple(given[name].shape[1:])) for name, how in graph.draws.items()]


def test_a_file_that_computes_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of("autoencoder", tmp_path)
    right: Callable[..., Tensor] = Graph.compute
    monkeypatch.setattr(Graph, "compute", lambda self, given: right(self, given) + 1e-3)
    data = pack_graph(Graph(alone(model.system), "encode"), model)
    monkeypatch.setattr(Graph, "compute", right)
    with pytest.raises(ExportError, match="gives other numbers than the model"):
        check_agreement(Graph(alone(model.system), "encode"), data)


def test_a_few_numbers_of_a_code_may_round_the_other_way_and_no_more(tmp_path: Path) -> None:
    class Off(Graph):
        each = 1200

        def compute(self, given: Inputs) -> Tensor:
            made = super().compute(given)
            flipped = torch.arange(made.numel()).remainder(self.each) == 0
            return made + 0.2 * flipped.reshape(made.shape)

    model = model_of("autoencoder", tmp_path, code_size=1200)
    data, off = pack_graph(Graph(alone(model.system), "encode"), model), Off(alone(model.system), "encode")
    assert check_agreement(off, data) == pytest.approx((0.2, 1 / 1200), abs=1e-4)
    off.each = 300
    with pytest.raises(ExportError, match=r"32 of 9600, by up to 0\.2"):
        check_agreement(off, data)


def test_what_onnx_cannot_say_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of("autoencoder", tmp_path)

    def looking(self: System, x: Tensor) -> Tensor:
        return x.flatten(1)[:, : 4 + int(x.sum() > 0)]

    monkeypatch.setattr(type(model.system), "encode", looking)
    with pytest.raises(ExportError, match=r"what Autoencoder\.encode does cannot be written as ONNX"):
        export(model, tmp_path / "out", tell=silent)
    assert not (tmp_path / "out").exists()


def test_the_place_of_another_model_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / NOTES).write_text('{"digest": "0123"}')
    with pytest.raises(UsageError, match=r"another model \(0123\)"):
        export(model_of("gan", tmp_path), tmp_path, tell=silent)
    (tmp_path / NOTES).write_text("[")
    with pytest.raises(UsageError, match=r"another model \(something else\)"):
        export(model_file.load(tmp_path), tmp_path, tell=silent)


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "NEEDED", ("onnx", "no_such_package"))
    with pytest.raises(
        UsageError, match=r"export needs no_such_package\. Run: pip install amalgan\[export\]"
    ):
        export(model_of("gan", tmp_path), tmp_path / "out", tell=silent)


@pytest.mark.parametrize("name", ["fusion", "supervised", "gan"])
def test_abilities_that_are_packed_together_are_what_each_is_alone(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    found = list(graphs(model))
    packed_in_one = packed_together(found, model)
    assert list(packed_in_one) == [graph.ability for graph in found]
    for graph in found:
        session = onnxruntime.InferenceSession(packed_in_one[graph.ability])
        assert [port.name for port in session.get_inputs()] == list(graph.names)
        assert check_agreement(graph, packed_in_one[graph.ability])[0] < 1e-5


@pytest.mark.parametrize("spec", ["gray with classes", "color"])
def test_codes_of_a_flow_are_drawn_in_any_number(spec: str, tmp_path: Path) -> None:
    prior = replace(build("fusion").config.prior, kind="flow")
    model = model_of("fusion", tmp_path, spec, prior=prior)
    (graph,) = (one for one in graphs(model) if one.ability == "sample_code")
    assert check_agreement(graph, packed_together([graph], model)["sample_code"])[0] < 1e-5
