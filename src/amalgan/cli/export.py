"""``export``: a model for programs that know nothing of amalgan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import model_at
from amalgan.cli.output import Answer, table
from amalgan.cli.shared import Loading

if TYPE_CHECKING:
    from amalgan.tasks.exporting.export import Exported, Port


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write what a model can do as ONNX files, for programs that know nothing of amalgan.

    A file an ability, as encode.onnx and generate.onnx: any batch size, random numbers as inputs, no critic, nothing of
    this machine. Each is run by onnxruntime and compared with the model before it is written. Needs the export extra:
    pip install amalgan[export].
    """

    model: Positional[Path]
    """A model file or a run's folder."""
    out: Path
    """The folder of the files and of export.json, which says what each takes and gives."""
    to: Literal["onnx"] = "onnx"
    """The format."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Write and check."""
        from amalgan.tasks.exporting.export import export

        model = model_at(self.model, self.loading)
        with console.status("") as status:
            found = export(model, self.out, tell=lambda file: status.update(f"{file} ..."))
        files = [
            {
                "file": one.file,
                "inputs": [port.name for port in one.inputs],
                "output": one.output.name,
                "difference": one.difference,
                "apart": one.apart,
            }
            for one in found
        ]
        facts = {
            "out": str(self.out),
            "to": self.to,
            "system": model.name,
            "digest": model.digest,
            "files": files,
        }
        rows = {
            one.file: f"{', '.join(map(said, one.inputs))} ─► {said(one.output)}; {far(one)}" for one in found
        }
        return Answer(facts=facts, text=table(rows | {"written": str(self.out)}))


def far(one: Exported) -> str:
    """How far the file is from the model."""
    if one.apart:
        return f"1 number in {1 / one.apart:,.0f} falls on the other side of a rounding"
    return f"off by {one.difference:.1g} at most"


def said(port: Port) -> str:
    """``code (batch, 32)``."""
    return f"{port.name} ({', '.join(map(str, port.shape))})"
