"""A model as one HTML file: opened from a disk, without a server, a network or an installation.

    model ─► abilities as ONNX, checked ─┐
    run time, worker, modules ───────────┼─► gzip, base64 ─► one page under a strict policy
    facts: codes, examples, card ────────┘

The policy lets run the one script whose hash it names, and WebAssembly; nothing can be fetched or sent. Names are
hostile text: they stand in JSON in which nothing can end an element, and the script shows them as text alone.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from torch import Tensor

from amalgan.core import files
from amalgan.core.errors import AbilityError, ExportError, UsageError
from amalgan.core.file_names import describe_ending
from amalgan.data import Dataset, Records, to_pixels
from amalgan.data.writing.picture_arrays import planes
from amalgan.data.writing.provenance import provenance, xmp_of
from amalgan.evaluation.evaluate import Evaluation
from amalgan.kinds import kind_of, text_of
from amalgan.networks.priors import NeighborPrior
from amalgan.studies.html.page import readable
from amalgan.studies.page import bundle, mending, runtime
from amalgan.studies.page.atlas import harmless
from amalgan.studies.page.card import card
from amalgan.studies.page.codes import codes_of
from amalgan.studies.page.compression import coder_of
from amalgan.studies.page.normal import normality
from amalgan.studies.page.packed_numbers import pack_numbers
from amalgan.systems.abilities import Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.export.agreement import ABILITY as AGREE
from amalgan.tasks.export.export import check_agreement, check_packages, port_out, ports_in
from amalgan.tasks.export.export import pack_graph as packed_alone
from amalgan.tasks.export.graphs import Given, Graph, Inputs, graphs
from amalgan.tasks.export.together import packed_together
from amalgan.tasks.generate import classes_heard, generate

FORMAT = 1
MOST_BYTES = 50 * 2**20
"""Of all graphs together, packed."""
EXAMPLES = 12
TEMPERATURE = 0.7
"""Of examples where there is no data."""
SHOWN = ("encode", "decode", "realize", "sample_code", "restore")
"""What a page runs; ``generate`` where new pictures have no code."""
RAW = ("decode", "restore")
"""What it cuts to the range of pictures itself."""


def page(
    model: Model,
    target: Path,
    *,
    data: Dataset | None = None,
    evaluation: Evaluation | None = None,
    tell: Callable[[str], None] = lambda what: None,
) -> bool:
    """Write a page that holds ``model``; whether ``target`` did not hold it already.

    Args:
        data: as the model reads it: some test pictures come into the page, and directions are of its codes.
        evaluation: of the model on ``data``, for the card.
        tell: hears what is being done.

    Raises:
        UsageError: packages are missing, or the target is no .html file.
        AbilityError: the model has nothing to show in a page.
        ExportError: it is too large, or a graph would not compute what the model does.
        FileError: the file cannot be written.
    """
    check_target(target)
    check_packages()
    able = shown_graphs(model)
    tell("looking at normal pictures")
    normal = normality(model, data)
    tell("writing the model as ONNX")
    made = written_graphs(model, able, tell)
    packed = fitting({name: squeezed(file) for name, file in made.items()})
    for graph in able:
        check_agreement(graph, made[graph.ability])
    tell("looking at its codes")
    search = mending.search_of(model) if AGREE in made else None
    facts = facts_of(model, able, data, evaluation) | {"normal": normal, "search": search}
    return files.write_changed(target, rendered(model, packed, facts).encode())


def written_graphs(model: Model, able: list[Graph], tell: Callable[[str], None]) -> dict[str, bytes]:
    """Return the ONNX files of all that the page runs, with the gradient that fills holes where there is one."""
    if any(graph.any_size for graph in able):
        return {graph.ability: packed_alone(graph, model) for graph in able}
    made = packed_together(able, model)
    if not mending.searches(model):
        return made
    try:
        return made | {AGREE: mending.gradient(model)}
    except ExportError as error:
        tell(f"leaving the Mend view out: {error}")
        return made


def check_target(target: Path) -> None:
    """Refuse another ending than that of a page."""
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{target} {describe_ending(target)}; a page goes to a file that ends in .html.")


def shown_graphs(model: Model) -> list[Graph]:
    """Return the graphs that a page runs.

    Raises:
        AbilityError: there is nothing to show.
    """
    spec = model.spec
    if kind_of(spec).refuses("page") or spec.shape[0] not in (1, 3):
        raise AbilityError(
            f"a page shows pictures, gray or RGB; this model makes {text_of(spec)}. Use --to onnx, which writes any "
            "model."
        )
    able = {graph.ability: graph for graph in graphs(model)}
    decodes = "decode" in able or "realize" in able
    by_code = "sample_code" in able and decodes
    names = [name for name in SHOWN if name in able and (name != "sample_code" or decodes)]
    if "generate" in able and not by_code:
        names.append("generate")
    if not ({"generate", "restore"} & {*names} or by_code or ("encode" in names and decodes)):
        raise AbilityError(
            f"a page shows what a model generates, reconstructs or restores; a model of system {model.name!r} does "
            "none of these. Use --to onnx, which writes any model."
        )
    return [Raw(able[name].system, name) if name in RAW else able[name] for name in names]


class Raw(Graph):
    """What an ability gives before it is cut to what can be shown: errors are measured on that. The page cuts it."""

    def compute(self, given: Inputs) -> Tensor:
        """The same of named inputs, uncut."""
        return self.act(self.system, given, Given(seed=0, round=0, total=0, numbers=given))


def fitting(packed: dict[str, str]) -> dict[str, str]:
    """Return the packed graphs, known to be small enough.

    Raises:
        ExportError: they are not.
    """
    size = sum(map(len, packed.values())) * 3 / 4
    if size > MOST_BYTES:
        raise ExportError(
            f"the model has {size / 2**20:,.0f} MB packed, and a page holds {MOST_BYTES // 2**20} at most. "
            "Use --to onnx, or train a smaller one (--network.width)."
        )
    return packed


def facts_of(
    model: Model, able: list[Graph], data: Dataset | None, evaluation: Evaluation | None
) -> dict[str, Any]:
    """Return what the script knows of the model, as JSON."""
    spec, mark = model.spec, provenance(model.digest, seed=0, more={"seed": "{seed}"})
    examples, source = examples_of(model, data)
    size = next(
        (graph.inputs(2, seed=0)["code"].shape[1] for graph in able if graph.ability == "decode"), None
    )
    return {
        "format": FORMAT,
        "title": title_of(model),
        "digest": model.digest,
        "shape": list(spec.shape),
        "fit": spec.fit,
        "background": spec.background,
        "labels": [[number, readable(spec.classes[number])] for number in classes_heard(model)],
        "temperature": model.part(NeighborPrior) is None,
        "graphs": {graph.ability: ports(graph) for graph in able},
        "codes": None if size is None else codes_of(model, data, size),
        "restorer": mending.restorer_of(model),
        "coder": None if size is None else coder_of(model),
        "examples": examples,
        "origin_of_examples": source,
        "origin": {"text": mark, "xmp": xmp_of(mark)},
        "card": card(model, evaluation),
    }


def title_of(model: Model) -> str:
    """Return the name of its data, else of its system."""
    return str(readable(str((model.header.get("data") or {}).get("name") or model.name)))


def ports(graph: Graph) -> dict[str, Any]:
    """Return what a graph takes and gives."""
    inputs = [
        {"name": port.name, "dtype": port.dtype, "shape": list(port.shape), "drawn": port.drawn}
        for port in ports_in(graph)
    ]
    return {"inputs": inputs, "output": port_out(graph).name}


def examples_of(model: Model, data: Dataset | None) -> tuple[list[dict[str, Any]], str]:
    """Return pictures to begin with and what they are: test pictures, else new ones."""
    if data is not None and len(data.test):
        return list(of_records(data.test.select(data.test.spaced(EXAMPLES)))), "test pictures"
    if isinstance(model.system, Generates):
        x = next(generate(model, EXAMPLES, temperature=TEMPERATURE))
        names = (f"new picture {at + 1}" for at in range(EXAMPLES))
        return list(of_pixels(to_pixels(x, model.spec), names)), "new pictures of the model"
    return [], ""


def of_records(records: Records) -> Iterator[dict[str, Any]]:
    """Yield data's own pictures."""
    return of_pixels(to_pixels(records.take(slice(None)), records.spec), iter(records.names))


def of_pixels(pixels: Any, names: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield pictures (H, W) or (H, W, 3) as planes."""
    for name, one in zip(names, pixels, strict=True):
        yield {"name": readable(name), "planes": pack_numbers(planes(one), "uint8")}


def rendered(model: Model, packed: dict[str, str], facts: dict[str, Any]) -> str:
    """Return the page."""
    script, style = bundle.bundle("app.js"), bundle.source("style.css")
    engine = Environment(
        loader=PackageLoader("amalgan.studies.page", "web"), autoescape=True, undefined=StrictUndefined
    )
    return engine.get_template("page.html.j2").render(
        policy=policy(script, style),
        title=facts["title"],
        doubts=[readable(doubt) for doubt in model.doubts],
        system=readable(model.name),
        style=Markup(style),
        script=Markup(script),
        worker=squeezed(bundle.worker().encode()),
        wasm=b64encode(runtime.wasm()).decode(),
        graphs=Markup(json.dumps(packed)),
        facts=Markup(harmless(facts)),
    )


def squeezed(data: bytes) -> str:
    """Return bytes gzipped, as base64; equal bytes give equal text."""
    return b64encode(gzip.compress(data, 9, mtime=0)).decode()


def policy(script: str, style: str) -> str:
    """Return what the page may do: run its script and the worker that it makes, use its style, show its pictures."""
    return (
        f"default-src 'none'; script-src '{digest(script)}' 'wasm-unsafe-eval' blob:; worker-src blob:; "
        f"style-src '{digest(style)}'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """Return how a policy names a script or a style."""
    return "sha256-" + b64encode(sha256(text.encode()).digest()).decode()
