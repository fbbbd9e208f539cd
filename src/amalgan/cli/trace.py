"""``trace``: which pictures a model made, whatever their files say."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.batch_progress import pace
from amalgan.cli.detect import percent, spanned
from amalgan.cli.inputs import check_out, data_for, model_at, stream_for
from amalgan.cli.model_outputs import noun, skipped_of
from amalgan.cli.output import Answer, say, table
from amalgan.cli.parts import check_rows_out, write_part
from amalgan.cli.shared import Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.words import counted

if TYPE_CHECKING:
    from amalgan.data import Dataset
    from amalgan.systems.model_file import Model
    from amalgan.tasks.trace.trace import Known

SAID = {True: "these pictures bear the model's watermark", False: "no sign of the model's watermark"}


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Find examples of DATA that this model made, by their pixels.

    By its watermark, if they were generated with one; and with --reals by a score of how much they look like new ones
    of the model, learned on the spot, whose errors are counted and told. Bad files are skipped and listed (exit code
    3).
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to judge: all that amalgan train takes, and single pictures."""
    out: Path
    """Where to write a row an example: x.csv."""
    reals: str | None = None
    """Real examples to learn from and to compare with, best the model's training data. Without them only the watermark
    is looked for."""
    changed: Literal["nothing", "coded", "scaled"] = "coded"
    """What may have happened to DATA on its way: nothing; JPEG; JPEG or scaling down and up again. Real ones of which
    this is true keep to --rate; the more may have happened, the more of the model's are missed."""
    rate: float = 0.01
    """Share of real images that may be flagged by mistake."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Judge and write."""
        from amalgan.core.journal import Journal
        from amalgan.tasks.detect.detect import check_rate
        from amalgan.tasks.trace.trace import columns, key_for, together, trace_on

        check_rate(self.rate)
        shard = self.sharing.part
        check_rows_out(self.out, shard)
        check_out(self.out, self.data)
        model, config = model_at(self.model, self.loading), self.reading.config()
        stream = stream_for(self.data, config, model.spec, shard=shard)
        reals = data_for(self.reals, config, console, like=model.spec) if self.reals else None
        known = None if reals is None else self.learned(model, reals, console)
        asked = columns(model, known)
        journal = Journal.beside(self.out, key_for(model, stream, reals, self.changed), "<f8", (len(asked),))
        with pace(console, "tracing", stream.most, journal.count) as shown:
            found = trace_on(journal, model, stream, known, shown.follow)
        records = stream.records
        options = {"rate": self.rate, "changed": self.changed, "reals": reals and reals.fingerprint}
        if shard.is_whole:
            written = found.write(self.out, self.rate)
        else:
            written = write_part(self.out, found.columns(), stream.part("trace", model.digest, options))
        journal.remove()
        skipped = stream.skipped + (skipped_of(reals) if reals else [])
        facts = {
            "n": len(records),
            "made": int(found.made(self.rate).sum()),
            "rate": self.rate,
            "by": asked,
            "changed": self.changed,
            "watermark_together": together(model, records) if shard.is_whole else None,
            "shard": self.sharing.shard,
            "noun": noun(model),
            "reals": None if known is None else {"n": known.beside, "of": known.source},
            "errors": None if known is None else known.errors(self.rate),
            "out": str(self.out),
            "written": written,
            "system": model.name,
            "digest": model.digest,
            "skipped": skipped,
        }
        return Answer(facts=facts, text=summarize(facts), skipped=skipped)

    def learned(self, model: Model, reals: Dataset, console: Console) -> Known:
        """The model's hand; says so where too few real examples allow no alarm."""
        from amalgan.tasks.trace.trace import Known, Reals

        with console.status("learning what sets the model's apart from real ones ..."):
            known = Known.of(model, Reals.of(model, reals), self.changed)
        if known.smallest > self.rate:
            say(
                console,
                f"note: {counted(known.beside, 'real example')} to compare with can show no p-value below "
                f"{known.smallest:.3g}, so the score raises no alarm at a rate of {self.rate:g}. Give "
                f"{math.ceil(2 / self.rate)} more as --reals.",
            )
        return known


def summarize(facts: dict[str, Any]) -> Table:
    """What was found, for people."""
    many = counted(facts["n"], facts["noun"])
    rows = {
        "judged": f"{many}, by {' and '.join(facts['by'])}",
        "made by the model": f"{facts['made']:,}, where {facts['rate']:.3g} of real ones may be taken for such",
    }
    if (p := facts["watermark_together"]) is not None:
        rows["as one"] = f"p {p:.3g}: {SAID[p <= facts['rate']]}"
    if errors := facts["errors"]:
        beside = facts["reals"]
        rows |= {
            "compared with": f"{counted(beside['n'], 'real example')} of the {beside['of']}",
            "the score errs": f"on {errors['real']:,} other real ones: {percent(errors['false_alarms'])} taken for the "
            f"model's; on {errors['made']:,} new ones of the model, unmarked: {percent(errors['missed'])} missed",
            "AUROC of the score": spanned(errors["auroc"]),
        }
    return table(rows | {"written": facts["out"]})
