"""What a model is used for: ``generate``, ``reconstruct`` and ``evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.batch_progress import pace
from amalgan.cli.film import Film
from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import check_out, judged, looked_through, model_at, stream_for
from amalgan.cli.look import keeps
from amalgan.cli.output import Answer, harmless, say, shown_number
from amalgan.cli.parts import check_order, check_part, keep_part
from amalgan.cli.shared import DecoderName, Loading, Reading, Sharing
from amalgan.core.words import counted
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.data import Dataset
    from amalgan.data.writing.outputs import Output, Written
    from amalgan.evaluation.evaluate import Evaluation
    from amalgan.systems.model_file import Model


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Generate new images (or vectors). The same seed gives the same ones."""

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    out: Path | None = None
    """Output: a folder (one PNG each), x.png (one grid) or x.npz (array x); vectors: x.npz or x.csv; text: x.txt.
    Not needed with --walk."""
    count: int = 64
    """Number of images."""
    label: str | None = None
    """Generate this class only; by default all, as frequent as in the training data."""
    seed: int = 0
    """Seed of the random numbers."""
    decoder: DecoderName | None = None
    """For models with two decoders; realistic by default."""
    temperature: float = 1.0
    """Standard deviation of the random numbers: below 1, examples are more typical and less varied."""
    watermark: Switch = False
    """Add an invisible watermark to the images; amalgan trace recognizes it."""
    film: Annotated[Film, Inline] = field(default_factory=Film)
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Generate and write."""
        self.film.check(self.out)
        self.sharing.refuse_with(walk=self.film.walk)
        model = model_at(self.model, self.loading)
        if self.temperature < 1 and keeps(model.header):
            say(
                console,
                "note: this model draws about codes of training examples; below a temperature of 1 new ones are "
                "nearer to these",
            )
        facts = self.drawn | {"watermark": self.watermark, "system": model.name, "digest": model.digest}
        said = []
        if self.out is not None:
            made = self.examples(model, self.out, console)
            facts |= made
            said.append(f"{counted(made['n'], noun(model))} in {self.out}{unless(made['written'])}")
        if self.film.walk is not None:
            text = provenance(model, seed=self.seed, **self.unusual(watermark=False))
            facts |= self.film.make(model, console, drawn=self.drawn, text=text)
            said.append(f"a walk of {self.film.frames} frames in {self.film.walk}")
        for doubt in model.doubts:
            say(console, f"warning: {doubt}")
        return Answer(facts=facts, text="\n".join(said))

    @property
    def drawn(self) -> dict[str, Any]:
        """How examples and frames are drawn."""
        names = ("label", "seed", "decoder", "temperature")
        return {name: getattr(self, name) for name in names}

    def examples(self, model: Model, out: Path, console: Console) -> dict[str, Any]:
        """Write new examples one by one."""
        from functools import partial

        from amalgan.core.journal import key_of
        from amalgan.data.writing.outputs import Output
        from amalgan.data.writing.parts import Part
        from amalgan.tasks.generate import generate

        asked, shard = self.drawn | {"watermark": self.watermark}, self.sharing.part
        mine, digits = shard.rows(self.count), max(5, len(str(self.count)))
        part = Part(
            command="generate",
            shard=str(shard),
            model=model.digest,
            data="",
            options={"count": self.count} | asked,
            count=len(mine),
        )
        output = Output(
            place=out,
            count=len(mine),
            spec=model.spec,
            key=key_of("generated", model.digest, self.count, asked, *shard.named),
            stamp=None if shard.is_whole else part.text,
            names=[f"{row:0{digits}d}" for row in mine],
            text=provenance(model, seed=self.seed, **self.unusual(watermark=self.watermark)),
        )
        check_part(output, self.sharing)
        work = partial(generate, model, mine.stop, **asked)
        found = streamed(output, lambda first: work(first=mine.start + first), "generating", console)
        if not shard.is_whole and out.suffix.lower() != ".npz":
            keep_part(out, output.places, part)
        if (others := len([*out.glob("*.png")]) - found.files) > 0:
            say(console, f"note: {out} holds {others} other pictures, which were there before")
        return {
            "out": str(out),
            "n": len(mine),
            "shard": self.sharing.shard,
            "files": found.files,
            "written": found.written,
        }

    def unusual(self, *, watermark: bool) -> dict[str, str]:
        """What a picture says besides model and seed: what is not at its default."""
        cooled = {} if self.temperature == 1 else {"temperature": str(self.temperature)}
        return cooled | ({"watermark": "yes"} if watermark else {})


@dataclass(frozen=True, kw_only=True)
class Reconstruct:
    """Encode every example of DATA and decode it again.

    Every split is taken. In a folder of PNGs the names are kept; bad files are skipped and listed (exit code 3).
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to reconstruct: all that amalgan train takes, and single pictures."""
    out: Path
    """Where to: a folder (one PNG each), x.png (one grid), x.npz (array x); vectors: x.npz or x.csv."""
    decoder: DecoderName = "faithful"
    """faithful is as close to the original as the code allows; realistic adds plausible detail."""
    seed: int = 0
    """Seed of what the realistic decoder draws."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Reconstruct and write."""
        from functools import partial

        from amalgan.core.journal import key_of
        from amalgan.data.writing.outputs import Output, in_order
        from amalgan.tasks.reconstruct import Alike, reconstruct

        check_out(self.out, self.data)
        model = model_at(self.model, self.loading)
        shard = self.sharing.part
        stream = looked_through(
            stream_for(self.data, self.reading.config(), model.spec, shard=shard), console
        )
        records, names = stream.records, stream.paths(".png")
        asked: dict[str, Any] = {"decoder": self.decoder, "seed": self.seed}
        if self.out.suffix.lower() in (".npz", ".csv"):
            check_order(stream, self.sharing)
            records = records.select(in_order(records.names))
            names = records.names
        output = Output(
            place=self.out,
            count=len(records),
            spec=model.spec,
            key=key_of("rebuilt", model.digest, len(records), records.digest_sum(), asked, *shard.named),
            stamp=None if shard.is_whole else stream.part("reconstruct", model.digest, asked).text,
            names=names,
            text=provenance(model, seed=self.seed),
            source=self.data,
        )
        check_part(output, self.sharing)
        alike = Alike(model.spec)
        work = partial(reconstruct, model, records, tell=alike, **asked)
        found = streamed(output, work, "reconstructing", console)
        if not shard.is_whole and self.out.suffix.lower() != ".npz":
            keep_part(self.out, output.places, stream.part("reconstruct", model.digest, asked))
        skipped = stream.skipped
        facts = {
            "out": str(self.out),
            "n": output.count,
            "files": found.files,
            "written": found.written,
            "decoder": self.decoder,
            "shard": self.sharing.shard,
            "skipped": skipped,
        } | alike.means()
        text = f"{counted(output.count, noun(model))} in {self.out}{unless(found.written)}"
        text += "".join(f"; {key} {value:.3f}" for key, value in alike.means().items())
        return Answer(facts=facts, text=text, skipped=skipped)


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Measure a model on DATA: every metric that applies.

    The test split is taken: the data's own, or the tenth that its contents decide.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to measure on: best the data it was trained on, whose test split it never saw."""
    count: int = 10_000
    """At most so many test examples, and as many generated ones."""
    seed: int = 0
    """Seed of the random numbers: which examples are used, and what is generated."""
    valid: str | None = None
    """Text: a command that reads strings, one per line, and writes 1 (valid) or 0 for each, as 'python check.py'."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Measure."""
        from amalgan.evaluation.evaluate import evaluate
        from amalgan.evaluation.user_command import valid_by

        valid = None if self.valid is None else valid_by(self.valid)
        with judged(self.model, self.data, console, loading=self.loading, reading=self.reading) as by:
            model, data = by.model, by.data
            found = evaluate(
                model, data, features=by.features, count=self.count, seed=self.seed, valid=valid, tell=by.tell
            )
        for warning in filter(None, (found.overlap.note, *found.warnings)):
            say(console, f"note: {warning}")
        skipped = skipped_of(data)
        facts = found.to_json() | {"system": model.name, "digest": model.digest, "skipped": skipped}
        return Answer(facts=facts, text=measured(found), skipped=skipped)


def streamed(output: Output, work: Callable[..., Iterator[Tensor]], what: str, console: Console) -> Written:
    """Write ``output``, while the console says how far it is."""
    with pace(console, what, output.count, output.done) as shown:
        return output.write(lambda first: shown.follow(work(first=first)))


def unless(written: int) -> str:
    """What to say where all of it was there."""
    return "" if written else ": there already"


def measured(found: Evaluation) -> Table:
    """Every number with its full name."""
    listed = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    listed.add_column("metric", no_wrap=True)
    listed.add_column("value", justify="right", no_wrap=True)
    listed.add_column("what it is", overflow="fold")
    for key, value in found.metrics.items():
        listed.add_row(key, shown_number(value), harmless(found.names[key]))
    return listed


def provenance(model: Model, *, seed: int, **more: str) -> dict[str, str]:
    """What a picture that ``model`` made says of its origin."""
    from amalgan.data.writing.provenance import provenance

    return provenance(model.digest, seed=seed, more=more)


def noun(model: Model) -> str:
    """What its examples are called."""
    return kind_of(model.spec).noun


def skipped_of(data: Dataset) -> list[dict[str, str]]:
    """Inputs that could not be used."""
    return [asdict(bad) for bad in data.inspection.skipped]
