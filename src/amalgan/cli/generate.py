"""``generate``: new examples, or films through them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.film import Film
from amalgan.cli.info import keeps
from amalgan.cli.inputs import model_at
from amalgan.cli.model_outputs import noun, provenance, unless, write_streamed
from amalgan.cli.output import Answer, say
from amalgan.cli.parts import check_part, keep_part
from amalgan.cli.shared import DecoderName, Loading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.words import counted

if TYPE_CHECKING:
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
        found = write_streamed(output, lambda first: work(first=mine.start + first), "generating", console)
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
