"""A model as ONNX files, each checked against the model before it counts as written.

    model ─► graphs ─► torch.export ─► ONNX, without a trace of this machine ─► onnxruntime, other batches ─┐
                │                                                                                         ├─► largest
                └───────────────────────────────────── the model itself ──────────────────────────────────┘   difference

Beside them ``export.json`` says what each takes and gives. What only training needs (critic, optimizers) is left out.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from amalgan.core import files
from amalgan.core.errors import ExportError, UsageError
from amalgan.core.json_schema import fitting_in
from amalgan.core.version import __version__
from amalgan.systems.model_file import Model
from amalgan.tasks.export.graphs import OF_ANY_SIZE, Graph, Inputs, graphs

NEEDED = ("onnx", "onnxscript", "onnxruntime")
NOTES = "export.json"
FORMAT = 1
OPSET = 20
TRACED = 3
"""Examples in the batch that a graph is traced with."""
CHECKED = ((1, 24), (7, 40))
"""Batches that it is checked with: examples, and the side of pictures where that is free."""
TOLERANCE = 1e-4
"""Of the largest number, or of 1: what rounding in another order may come to."""
APART = 1e-3
"""Share of a code's numbers that may be further apart: where they are rounded to steps, some fall on the other side."""


@dataclass(frozen=True)
class Port:
    """An input or output."""

    name: str
    dtype: str
    shape: tuple[str | int, ...]
    """``batch`` is free; so are ``height`` and ``width``, but even."""
    drawn: str = ""
    """Draw it anew each time: ``normal`` (0, 1), ``uniform`` [0, 1), or ``integers below N``."""


@dataclass(frozen=True)
class Exported:
    """One file, and how far it is from the model."""

    file: str
    inputs: tuple[Port, ...]
    output: Port
    difference: float
    """The largest one, over all batches that were checked."""
    apart: float
    """Share of the numbers that differ by more than rounding: 0, but in codes of whole steps."""


def export(model: Model, out: Path, *, tell: Callable[[str], None] = print) -> list[Exported]:
    """Write every ability of ``model`` as ``out/ABILITY.onnx``, and ``out/export.json``. Equal files are left alone.

    Args:
        tell: hears which file is being made.

    Raises:
        UsageError: a package is missing, or ``out`` holds the export of another model.
        ExportError: a file would not compute what the model does; nothing is written then.
    """
    check_packages()
    check_place(out, model)
    made: dict[str, bytes] = {}
    found = []
    for graph in graphs(model):
        name = f"{graph.ability}.onnx"
        tell(name)
        made[name] = pack_graph(graph, model)
        found.append(
            Exported(name, tuple(ports_in(graph)), port_out(graph), *check_agreement(graph, made[name]))
        )
    for name, data in made.items():
        files.write_changed(out / name, data)
    files.write_json(out / NOTES, notes(model, found))
    return found


def check_packages() -> None:
    """Raise UsageError where what writes and runs ONNX is not installed."""
    if names := missing():
        raise UsageError(f"export needs {', '.join(names)}. Run: pip install amalgan[export]")


def missing() -> list[str]:
    """Which packages for writing and running ONNX are not installed."""
    return [name for name in NEEDED if find_spec(name) is None]


def check_place(out: Path, model: Model) -> None:
    """Raise UsageError where another model was exported to ``out``."""
    if not (out / NOTES).is_file():
        return
    found = fitting_in(out / NOTES, {"digest": str})
    before = found["digest"] if found else "something else"
    if before != model.digest:
        raise UsageError(f"{out} holds the export of another model ({before}); choose another --out.")


def pack_graph(graph: Graph, model: Model) -> bytes:
    """The ONNX file of a graph: the weights, the operations, which model they are of, and nothing of this machine."""
    given = graph.inputs(TRACED, seed=0)
    proto = write_onnx(
        graph,
        tuple(given.values()),
        sides=tuple(free(graph, given)),
        names=[*given],
        outputs=[graph.output],
        what=f"what {graph.system.__class__.__name__}.{graph.ability} does",
    )
    return name_ports(proto, graph, model)


def write_onnx(
    module: nn.Module,
    given: tuple[Tensor, ...],
    *,
    sides: tuple[dict[int, Any], ...],
    names: list[str],
    outputs: list[str],
    what: str,
) -> Any:
    """The ONNX model of a module.

    Args:
        given: inputs that it is traced with.
        sides: which sides of each are free.
        what: is written, for the error.

    Raises:
        ExportError: it is beyond the exporter.
    """
    try:
        with quiet():
            program = torch.export.export(module, given, dynamic_shapes={"given": sides}, strict=False)
            found = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                input_names=names,
                output_names=outputs,
                verbose=False,
            )
    except RuntimeError as error:  # torch has one for each way to be beyond it
        raise ExportError(
            f"{what} cannot be written as ONNX: {str(error).strip().splitlines()[0]}"
        ) from error
    assert found is not None
    return found.model_proto


def name_ports(proto: Any, graph: Graph, model: Model) -> bytes:
    """The bytes of a graph whose inputs and output have their names and free sides."""
    for port, expected in zip(
        (*proto.graph.input, *proto.graph.output), (*ports_in(graph), port_out(graph)), strict=True
    ):
        for dim, side in zip(port.type.tensor_type.shape.dim, expected.shape, strict=True):
            if isinstance(side, str):
                dim.dim_param = side
    return sign(proto, model, graph.ability)


def sign(proto: Any, model: Model, ability: str) -> bytes:
    """The bytes of an ONNX model: what it is of, and nothing of this machine."""
    import onnx

    for part in (proto, proto.graph, *proto.graph.node, *proto.functions):
        part.ClearField("metadata_props")  # where in our files each operation stands
        part.ClearField("doc_string")
    proto.graph.ClearField("value_info")  # follows from the rest
    proto.producer_name, proto.producer_version = "amalgan", __version__
    onnx.helper.set_model_props(proto, {"system": model.name, "digest": model.digest, "ability": ability})
    return bytes(proto.SerializeToString(deterministic=True))


def free(graph: Graph, given: Inputs) -> Iterator[dict[int, Any]]:
    """Which sides of each input are free."""
    batch, rows, columns = (torch.export.Dim(name, min=1) for name in ("batch", "rows", "columns"))
    for name in given:
        yield {0: batch} | ({2: 2 * rows, 3: 2 * columns} if graph.any_size and name in OF_ANY_SIZE else {})


def check_agreement(graph: Graph, data: bytes) -> tuple[float, float]:
    """How far the file is from the model, over batches that it was not traced with: ``difference`` and ``apart``.

    Raises:
        ExportError: it is more than rounding.
    """
    import onnxruntime  # type: ignore[import-untyped]

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    worst, apart, numbers = 0.0, 0, 0
    for seed, (count, side) in enumerate(CHECKED, start=1):
        given = graph.inputs(count, seed=seed, side=side)
        (found,) = session.run(None, {name: value.numpy() for name, value in given.items()})
        with torch.no_grad():
            wanted = graph.compute(given)
        off = (torch.from_numpy(found) - wanted).abs().nan_to_num(torch.inf)
        worst = max(worst, float(off.max()))
        apart += int((off > TOLERANCE * max(1.0, float(wanted.abs().max()))).sum())
        numbers += wanted.numel()
    if apart > (APART * numbers if graph.output == "code" else 0):
        raise ExportError(
            f"{graph.ability}.onnx gives other numbers than the model: {apart} of {numbers}, by up to {worst:.2g}. "
            "Nothing was written. Another version of onnxruntime or torch may help."
        )
    return worst, apart / numbers


def ports_in(graph: Graph) -> Iterator[Port]:
    """What goes in."""
    for name, numbers in graph.inputs(TRACED, seed=0).items():
        yield port(graph, name, numbers, graph.draws.get(name, ""))


def port_out(graph: Graph) -> Port:
    """What comes out."""
    with torch.no_grad():
        return port(graph, graph.output, graph.compute(graph.inputs(TRACED, seed=0)), "")


def port(graph: Graph, name: str, numbers: Tensor, drawn: str) -> Port:
    """An input or output as the notes have it."""
    sides: list[str | int] = ["batch", *numbers.shape[1:]]
    if graph.any_size and name in OF_ANY_SIZE:
        sides[2:] = ["height", "width"]
    return Port(name, str(numbers.dtype).removeprefix("torch."), tuple(sides), drawn)


def notes(model: Model, found: list[Exported]) -> dict[str, Any]:
    """What whoever runs the files needs to know."""
    return {
        "amalgan": "export",
        "format": FORMAT,
        "system": model.name,
        "digest": model.digest,
        "opset": OPSET,
        "spec": model.spec.to_json(),
        "files": [asdict(one) for one in found],
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporter says of packages that are not needed."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
