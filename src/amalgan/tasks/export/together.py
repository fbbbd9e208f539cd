"""Several abilities as ONNX in one go, then taken apart: a file each, in less than half of the time.

    graphs ─► one program, an output each ─► torch.export ─► ONNX ─► what leads to each output ─► a file an ability

Most of what an export takes is spent once a program, however large it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from amalgan.systems.model_file import Model
from amalgan.tasks.export.export import TRACED, name_ports, write_onnx
from amalgan.tasks.export.graphs import Graph, Inputs


class Together(nn.Module):
    """Abilities side by side: the inputs of all in, the output of each out."""

    def __init__(self, graphs: Sequence[Graph]) -> None:
        super().__init__()
        self.graphs = nn.ModuleList(graphs)

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """What each makes of its inputs."""
        left, made = list(given), []
        for graph in self.graphs:
            own = [left.pop(0) for _ in graph.names]  # type: ignore[union-attr]
            made.append(graph(*own))
        return tuple(made)


def packed_together(graphs: Sequence[Graph], model: Model) -> dict[str, bytes]:
    """The ONNX file of every graph, by its ability; none may take pictures of any size.

    Raises:
        ExportError: what one of them does cannot be written.
    """
    from onnx.utils import Extractor

    taken = Extractor(program(graphs, model))
    found = {}
    for graph in graphs:
        names = {f"{graph.ability}.{name}": name for name in (*graph.names, graph.output)}
        *inputs, output = names
        found[graph.ability] = name_ports(renamed(taken.extract_model(inputs, [output]), names), graph, model)
    return found


def program(graphs: Sequence[Graph], model: Model) -> Any:
    """The ONNX model of all of them; its inputs and outputs are called ``ability.name``."""
    given = [graph.inputs(TRACED, seed=0) for graph in graphs]
    return write_onnx(
        Together(graphs),
        tuple(tensor for one in given for tensor in one.values()),
        sides=tuple(batches(graphs, given)),
        names=[f"{graph.ability}.{name}" for graph, one in zip(graphs, given, strict=True) for name in one],
        outputs=[f"{graph.ability}.{graph.output}" for graph in graphs],
        what=f"a model of system {model.name!r}",
    )


def batches(graphs: Sequence[Graph], given: Sequence[Inputs]) -> Iterator[dict[int, Any]]:
    """The free side of each input: a batch of its own a graph, so that none asks another how large its batch is."""
    for graph, one in zip(graphs, given, strict=True):
        batch = torch.export.Dim(f"batch_{graph.ability}", min=1)
        yield from ({0: batch} for _ in one)


def renamed(proto: Any, names: dict[str, str]) -> Any:
    """``proto`` with inputs and outputs called by their own names."""
    for port in (*proto.graph.input, *proto.graph.output):
        port.name = names[port.name]
    for node in proto.graph.node:
        for side in (node.input, node.output):
            side[:] = [names.get(name, name) for name in side]
    return proto
