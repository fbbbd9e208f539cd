"""``inspect``: a data set before training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console, Group
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.inputs import data_for, say_warnings
from amalgan.cli.output import Answer, table
from amalgan.config.data import DataConfig
from amalgan.config.flags import Inline, Switch
from amalgan.core.errors import UsageError
from amalgan.kinds import kind_of, text_of
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.data import Dataset, Inspection
    from amalgan.training.sizing import Offer


SHOWN = 12
"""Names that are listed."""


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
