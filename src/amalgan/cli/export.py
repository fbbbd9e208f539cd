"""``export``: a model for programs, and for people, that have no amalgan."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import Judged, load_judged, model_at
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer, table
from amalgan.cli.shared import Loading, Reading
from amalgan.config.flags import Inline, Switch
from amalgan.core.errors import UsageError

if TYPE_CHECKING:
    from amalgan.systems.model_file import Model
    from amalgan.tasks.export.export import Exported, Port


@dataclass(frozen=True, kw_only=True)
class Export:
    """Write a model as ONNX files for other programs, or as one web page that runs in any browser.

    --to onnx: a file an ability, as encode.onnx and generate.onnx: any batch size, random numbers as inputs, no critic,
    nothing of this machine. --to page: one HTML file that holds the model and all it needs; open it from the disk, no
    server, no network. Each graph is run by onnxruntime and compared with the model before anything is written. Needs
    the export extra: pip install amalgan[export].
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    out: Path
    """onnx: the folder of the files and of export.json, which says what each takes and gives. page: the .html file."""
    to: Literal["onnx", "page"] = "onnx"
    """The format: files for programs, or a page for people."""
    data: str | None = None
    """page: data to measure the model on; some of its test pictures come into the page as examples."""
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Write and check."""
        if self.to == "page":
            return self.page(console)
        if self.data is not None:
            raise UsageError("--data is for a page, and --to is onnx. Add --to page, or leave --data out.")
        return self.files(console)

    def page(self, console: Console) -> Answer:
        """Write one page."""
        from amalgan.studies.page.page import check_target

        check_target(self.out)
        if self.data is None:
            return self.written(model_at(self.model, self.loading), console)
        with load_judged(self.model, self.data, console, loading=self.loading, reading=self.reading) as by:
            return self.written(by.model, console, by)

    def written(self, model: Model, console: Console, by: Judged | None = None) -> Answer:
        """Write one page, with examples and metrics where there is data."""
        from amalgan.evaluation.evaluate import evaluate
        from amalgan.studies.page.page import page

        with console.status("") as status:

            def tell(what: str) -> None:
                status.update(f"{what} ...")

            found = evaluate(model, by.data, features=by.features, tell=tell) if by else None
            page(model, self.out, data=by.data if by else None, evaluation=found, tell=tell)
        size = self.out.stat().st_size
        facts = {
            "out": str(self.out),
            "to": self.to,
            "system": model.name,
            "digest": model.digest,
            "bytes": size,
        }
        opened = f"open {self.out.resolve().as_uri()} in a browser; it needs no network"
        rows = {"page": f"{self.out}, {size / 2**20:.1f} MB", "see it": opened}
        return Answer(facts=facts, text=table(rows), skipped=skipped_of(by.data) if by else [])

    def files(self, console: Console) -> Answer:
        """Write a file an ability."""
        from amalgan.tasks.export.export import export

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
            one.file: f"{', '.join(map(format_port, one.inputs))} ─► {format_port(one.output)}; {far(one)}"
            for one in found
        }
        return Answer(facts=facts, text=table(rows | {"written": str(self.out)}))


def far(one: Exported) -> str:
    """How far the file is from the model."""
    if one.apart:
        return f"1 number in {1 / one.apart:,.0f} falls on the other side of a rounding"
    return f"off by {one.difference:.1g} at most"


def format_port(port: Port) -> str:
    """``code (batch, 32)``."""
    return f"{port.name} ({', '.join(map(str, port.shape))})"
