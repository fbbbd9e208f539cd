"""``info``: what a file of amalgan says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.origin import example_at, of_example
from amalgan.cli.output import Answer, table
from amalgan.config.flags import Switch
from amalgan.core.words import first_of
from amalgan.kinds import text_of

if TYPE_CHECKING:
    pass


SHOWN = 12
"""Names that are listed."""


@dataclass(frozen=True, kw_only=True)
class Info:
    """Describe a model file, or another file that amalgan wrote.

    A model file, a run's folder, a training state, a feature network, or compressed pictures (.amg): the whole file is
    read and checked for damage. Of a picture or a sound it is said which model made it, if the file tells.
    """

    file: Positional[Path]
    """The file, a run's folder, or hf://user/name."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Read its header."""
        from amalgan.core import tensor_file
        from amalgan.systems import model_file
        from amalgan.systems.hub import Address, locate

        place = locate(self.file) if Address.of(self.file) else self.file
        if place.suffix.lower() == ".amg" and not place.is_dir():
            facts = compressed(place)
            return Answer(facts=facts, text=table({name.replace("_", " "): facts[name] for name in facts}))
        if (example := example_at(place)) is not None:
            return Answer(facts=example, text=table(of_example(example)))
        if place.is_dir():
            model = place / "model.safetensors"
            place = model if model.exists() else place / "state.safetensors"
        tensors, header = tensor_file.read(place, expected="a model file")
        facts = header | {
            "kind": "a model" if "system" in header else header.get("what", "a file of amalgan"),
            "file": str(place),
            "bytes": place.stat().st_size,
            "numbers": sum(tensor.numel() for tensor in tensors.values()),
            "digest": model_file.digest(tensors),
        }
        return Answer(facts=facts, text=table(described(facts)))


def compressed(place: Path) -> dict[str, Any]:
    """What an .amg file holds; all of its checksums are looked at."""
    from amalgan.codec import amg_file

    with amg_file.readable(place), place.open("rb") as file:
        many = amg_file.kind_of(file.read(1)) == amg_file.ARCHIVE
    if many:
        archive = amg_file.Archive(place)
        head, codes = archive.head, [len(archive.code(row)) for row in range(len(archive))]
    else:
        head, code = amg_file.unpack(amg_file.read_picture(place), place)
        codes = [len(code)]
    size = place.stat().st_size
    return {
        "kind": "an archive of compressed examples" if many else "one compressed example",
        "file": str(place),
        "bytes": size,
        "examples": len(codes),
        "bytes_each": round(size / max(1, len(codes)), 2),
        "bytes_of_codes": sum(codes),
        "quality": head.level + 1,
        "model": head.digest.hex(),
    }


def described(facts: dict[str, Any]) -> dict[str, Any]:
    """A header for people."""
    rows = {
        "kind": facts["kind"],
        "file": f"{facts['file']} ({facts['bytes'] / 1e6:.1f} MB, {facts['numbers']:,} numbers)",
    }
    return rows | (of_model(facts) if facts["kind"] == "a model" else of_other(facts))


def of_model(facts: dict[str, Any]) -> dict[str, Any]:
    """What there is to say of a model."""
    from amalgan.core.types import DataSpec

    spec, training = DataSpec.from_json(facts["spec"]), facts.get("training", {})
    names = first_of(spec.classes, SHOWN)
    return {
        "system": facts["system"],
        "reads and makes": text_of(spec),
        "classes": f"{len(spec.classes)}: {names}" if spec.classes else "none",
        "can": ", ".join(facts["abilities"]).replace("_", " "),
        "trained on": "{} ({:,} examples)".format(
            *(facts.get("data", {}).get(key, 0) for key in ("name", "train"))
        ),
        **keeps(facts),
        "images": f"{training.get('images', 0):,}, seed {training.get('seed')}, batch {training.get('batch')}",
        **{name.replace("_", " "): f"{value:.4g}" for name, value in facts.get("metrics", {}).items()},
        "written by": ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        "digest": facts["digest"],
    }


def keeps(facts: dict[str, Any]) -> dict[str, str]:
    """What a model holds of single training examples: think of it before it is passed on."""
    if facts["config"].get("prior", {}).get("kind") != "neighbors":
        return {}
    return {"keeps": "codes of training examples, which it can decode (--prior.kind neighbors)"}


def of_other(facts: dict[str, Any]) -> dict[str, Any]:
    """What there is to say of a training state or a feature network."""
    rows = {name: facts[name] for name in ("name", "images", "round", "stop") if facts.get(name) is not None}
    if run := facts.get("identity"):
        rows |= {"system": run["system"], "data": run["data"], "of": f"{run['images']:,} images"}
    return rows
