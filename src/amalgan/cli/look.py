"""Looking without changing anything: ``inspect`` a data set, ``info`` on a file, the ``systems`` there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console, Group
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import data_for, say_warnings
from amalgan.cli.origin import example_at, of_example
from amalgan.cli.output import Answer, harmless, table
from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.core.words import first_of
from amalgan.kinds import kind_of, text_of
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.data import Dataset, Inspection
    from amalgan.training.sizing import Offer

SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Inspect:
    """Check a data set before training: what can be read, and possible problems.

    DATA is what amalgan train takes. Files that cannot be used are listed with their reasons (exit code 3).
    """

    data: Positional[str]
    """The data set."""
    minutes: float | None = None
    """List sizes of pictures, and how often each picture would be seen in so many minutes of training here."""
    system: str = "fusion"
    """With --minutes: what would be trained."""
    plugin: Path | None = None
    """Python file, or folder of one, that registers a kind of data of your own."""
    reading: Annotated[DataConfig, Inline] = field(default_factory=DataConfig)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Inspect."""
        if self.minutes is not None and not 0 < self.minutes < math.inf:
            raise UsageError(f"--minutes is {self.minutes:g}; give a number above 0")
        if self.plugin is not None:
            registry.load_plugin(self.plugin)
        data = data_for(self.data, self.reading, console, at_least=0)
        facts, text = data.inspection.to_json(), [table(inspected(data.inspection))]
        if self.minutes is not None:
            found = self.offers(data, console)
            facts["sides"] = [offer.to_json() for offer in found]
            text += [listed(found, self.minutes)] * bool(found)
        say_warnings(data, console)
        return Answer(facts=facts, text=Group(*text), skipped=facts["skipped"])

    def offers(self, data: Dataset, console: Console) -> list[Offer]:
        """What the pictures might be made into; nothing for vectors."""
        from amalgan.training import sizing

        with console.status("timing a few rounds ..."):
            return sizing.offers_for(data, self.system, minutes=self.minutes or 0)


def inspected(found: Inspection) -> dict[str, Any]:
    """An inspection for people."""
    parts = ", ".join(f"{count:,} {part}" for part, count in found.splits.items())
    copies = found.duplicates
    return {
        "data": found.name,
        "read": f"{found.read:,} examples, {len(found.skipped):,} skipped, {found.ignored:,} ignored",
        "as": f"{text_of(found.spec)} ({found.chosen})",
        "found": tallied(found.modes),
        "sizes": tallied(found.sizes) or "none",
        **cut(found),
        "classes": tallied(found.classes) or "none",
        "unlabeled": f"{found.unlabeled:,}",
        "splits": f"{parts} ({'its own' if found.own_splits else f'by {found.split_by}'})",
        "duplicates": f"{copies.count:,}, of which {copies.across_splits:,} in another split",
    }


def listed(offers: Sequence[Offer], minutes: float) -> Table:
    """Sizes and what they cost, for people."""
    found = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("size", "images a second", f"times seen in {minutes:g} minutes", ""):
        found.add_column(title, justify="right" if title else "left")
    for offer in offers:
        mark = "proposed" if offer.proposed else ""
        found.add_row(offer.text, two_digits(offer.images_a_second), two_digits(offer.seen), mark)
    return found


def two_digits(value: float) -> str:
    """A number that was measured roughly."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def cut(found: Inspection) -> dict[str, str]:
    """How much of pictures is never seen."""
    if kind_of(found.spec).refuses("size"):
        return {}
    share = (
        f"{found.cut_away:.1%} of the pictures' area, on average" if found.cut_away >= 0.0005 else "nothing"
    )
    return {"cut away": f"{share} (--fit {found.spec.fit})"}


def tallied(counts: dict[str, int]) -> str:
    """``cat 12, dog 9``; the first dozen."""
    shown = [f"{name} {count:,}" for name, count in list(counts.items())[:SHOWN]]
    return ", ".join(shown) + (f" and {len(counts) - SHOWN} more" if len(counts) > SHOWN else "")


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
        from amalgan.systems.hub import Address, located

        place = located(self.file) if Address.of(self.file) else self.file
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


@dataclass(frozen=True, kw_only=True)
class Systems:
    """List the systems that can be trained, and what each can do."""

    plugin: Path | None = None
    """Python file that registers systems of your own, listed too."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """List."""
        if self.plugin is not None:
            registry.load_plugin(self.plugin)
        from amalgan.systems import catalog

        found = catalog.known_systems()
        listed = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("name", "what it is", "can", "from", "file", "lines"):
            listed.add_column(title, justify="right" if title == "lines" else "left")
        for facts in found:
            can = ", ".join(facts.abilities).replace("_", " ")
            listed.add_row(
                *map(harmless, (facts.name, facts.summary, can, facts.paper, facts.file, str(facts.lines)))
            )
        return Answer(facts={"systems": [asdict(facts) for facts in found]}, text=listed)
