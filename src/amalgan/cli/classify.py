"""``classify``: class probabilities of any examples, and how right they are where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.inputs import check_out, looked_through, model_at, related, stream_for
from amalgan.cli.output import Answer, shown_number, table
from amalgan.cli.parts import check_all, check_rows_out, write_part
from amalgan.cli.shared import Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.words import first_of

MOST_CLASSES = 20


@dataclass(frozen=True, kw_only=True)
class Classify:
    """Classify every example of DATA, with probabilities.

    Where labels are known, accuracy is measured, with its 95 % interval, log loss and calibration error.
    """

    model: Positional[Path]
    """A model file or a run's folder, of a system that classifies (amalgan systems)."""
    data: Positional[str]
    """What to classify: all that amalgan train takes, and single pictures; labels are not needed."""
    out: Path | None = None
    """Where to write every probability: x.csv."""
    split: Literal["auto", "test", "all"] = "auto"
    """auto: the test split of data that has one or has labels, else everything."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Classify, judge and write."""
        from amalgan.tasks.classify import choose_examples, classify, require_classes

        shard = self.sharing.part
        if self.out is not None:
            check_rows_out(self.out, shard)
            check_out(self.out, self.data)
        check_all(shard, self.split)
        model = model_at(self.model, self.loading)
        require_classes(model)
        stream = looked_through(
            stream_for(self.data, self.reading.config(), model.spec, shard=shard), console
        )
        split, records = (
            choose_examples(stream.dataset, self.split) if shard.is_whole else ("all", stream.records)
        )
        found = classify(model, records)
        if self.out is not None and shard.is_whole:
            found.write(self.out)
        elif self.out is not None:
            part = stream.part("classify", model.digest, {"classes": [*model.spec.classes]})
            write_part(self.out, found.columns(), part)
        skipped = stream.skipped
        facts = {
            "n": len(found),
            "split": split,
            "overlap": related(model, stream, records, console) if shard.is_whole else None,
            "shard": self.sharing.shard,
            **found.judged(),
            "counts": found.counts(),
            "out": self.out and str(self.out),
            "system": model.name,
            "digest": model.digest,
            "skipped": skipped,
        }
        return Answer(facts=facts, text=summarize(facts), skipped=skipped)


def summarize(facts: dict[str, Any]) -> Table:
    """What was found, for people."""
    classes = list(facts["counts"].items())
    counts = first_of([f"{name} {count:,}" for name, count in classes], MOST_CLASSES)
    rows = {
        "examples": f"{facts['n']:,} ({'all' if facts['split'] == 'all' else 'test split'})",
        "found": counts,
        "accuracy": "unknown: no labels",
    }
    if facts["labeled"]:
        low, high = facts["interval"]
        rows |= {
            "accuracy": f"{facts['accuracy']:.4f} of {facts['labeled']:,} labeled, "
            f"95 % interval {low:.4f} to {high:.4f}",
            "log loss": f"{shown_number(facts['log_loss'])} nats",
            "calibration error": shown_number(facts["calibration_error"]),
        }
    return table(rows | ({"written": facts["out"]} if facts["out"] else {}))
