"""``amalgan compare``, and what was found for people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from amalgan.cli.inputs import check_data, check_out
from amalgan.cli.output import Answer, harmless
from amalgan.config.compare_options import CompareOptions
from amalgan.config.flags import Switch

if TYPE_CHECKING:
    from amalgan.studies.compare import Comparison


@dataclass(frozen=True, kw_only=True)
class Compare(CompareOptions):
    """Train several systems on DATA with the same budget, and recommend one, if the result is conclusive.

    Every cell (a system and a seed) is a run folder, runs/SYSTEM-SEED in --out, trained by a process with one thread.
    The same command goes on where it was stopped. Afterwards --out holds report.html, report.json and table.csv. A cell
    that fails or collapses is a row with its reason (exit code 3).
    """

    claims_itself: ClassVar[bool] = True
    """Its folder is locked and looked at where the work is done, for Python too."""

    config: Path | None = None
    """Repeat a comparison: options that are not given are those of this plan.json, or of the one in this folder."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Compare."""
        check_data(self.data)
        check_out(self.out, self.data)
        from amalgan.studies.compare import compare

        found = compare(self, console)
        facts = found.report | {"out": str(self.out), "report": str(self.out / "report.html")}
        return Answer(
            facts=facts, text=summarize(found), skipped=found.troubled, trouble="failed or collapsed: {} cell"
        )


def summarize(found: Comparison) -> Group:
    """The table of headline measures, the verdict, and where the rest is."""
    report = found.report
    sentences = [one["text"] for one in report["verdict"]] + report["notes"]
    return Group(
        headlines(report),
        Text(),
        *(Text(harmless(sentence)) for sentence in sentences),
        Text(),
        Text(f"report: {found.folder / 'report.html'}"),
    )


def headlines(report: dict[str, Any]) -> Table:
    """A row a system; means with half their 95 % intervals."""
    from amalgan.studies.compare.amounts import read_amount

    measures = [measure for measure in report["measures"] if measure["headline"]]
    listed = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    listed.add_column("system", no_wrap=True)
    for measure in measures:
        arrow = {True: " ↑", False: " ↓", None: ""}[measure["higher_is_better"]]
        listed.add_column(f"{measure['title']}{arrow}", justify="right")
    for row in report["systems"]:
        entries = report["table"].get(row["name"], {})
        cells = [read_amount(entries.get(measure["key"])) for measure in measures]
        listed.add_row(harmless(row["name"]), *cells)
    return listed
