"""``reconstruct``: every example of DATA, encoded and decoded again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_out, looked_through, model_at, stream_for
from amalgan.cli.model_outputs import noun, provenance, unless, write_streamed
from amalgan.cli.output import Answer
from amalgan.cli.parts import check_order, check_part, keep_part
from amalgan.cli.shared import DecoderName, Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.words import counted

if TYPE_CHECKING:
    pass


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
        found = write_streamed(output, work, "reconstructing", console)
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
