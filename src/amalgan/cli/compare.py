"""``amalgan compare``: flags to a ``Request``, and what was found for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from tyro.conf import Positional, UseAppendAction

from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import check_data, check_out
from amalgan.cli.output import Answer, harmless
from amalgan.cli.shared import DeviceName, PrecisionName
from amalgan.config.data import AugmentConfig, DataConfig

if TYPE_CHECKING:
    from amalgan.studies.compare import Comparison


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Budget of every system; 2 CPU-minutes per cell by default."""

    cpu_minutes: float | None = None
    """CPU-minutes of training a cell, on one thread; a few rounds are timed and the images fixed from them. On an
    accelerator, minutes of the clock for a cell alone there."""
    images: int | None = None
    """Pictures that every cell draws, instead of CPU-minutes."""
    parameters: int | None = None
    """Trained parameters: the networks of every system are made so wide; without a time, 100,000 images."""


@dataclass(frozen=True, kw_only=True)
class Compare:
    """Train several systems on DATA with the same budget, and recommend one, if the result is conclusive.

    Every cell (a system and a seed) is a run folder, runs/SYSTEM-SEED in --out, trained by a process with one thread.
    The same command goes on where it was stopped. Afterwards --out holds report.html, report.json and table.csv. A cell
    that fails or collapses is a row with its reason (exit code 3).
    """

    claims_itself: ClassVar[bool] = True
    """Its folder is locked and looked at where the work is done, for Python too."""

    data: Positional[str]
    """What to train on: all that amalgan train takes."""
    out: Path
    """The folder of the comparison."""
    systems: str = "autoencoder,gan,fusion"
    """Rows, with commas between: a system, or one with settings of its own, as fusion:schedule=joint:critic.r1=0.1."""
    seeds: int = 3
    """Runs of each system, with different random numbers; needed to distinguish differences from chance."""
    tries: int = 1
    """Learning rates tried for every system, equally many, each on a quarter of the budget; 1 leaves all untuned."""
    samples: UseAppendAction[tuple[str, ...]] = ()
    """Examples made elsewhere as a further row: name=x.npz, or name=a.npz,b.npz for several seeds. Repeatable."""
    plugin: Path | None = None
    """Python file, or folder of one, that registers a system or a kind of data of your own."""
    jobs: int = 1
    """Cells at a time; 0 takes as many as there are cores, which makes measured times less certain."""
    seed: int = 0
    """The first seed, and that of everything drawn to measure."""
    count: int = 10_000
    """At most so many test examples, and as many generated ones."""
    batch: int = 64
    """Pictures a round."""
    preset: Literal["quick", "base"] = "quick"
    """Size of the networks, as amalgan train has it."""
    device: DeviceName = "cpu"
    """Where cells train and are measured; those of --jobs share an accelerator. auto takes cuda, else mps, else cpu."""
    precision: PrecisionName = "auto"
    """What layers compute in while training, as amalgan train has it."""
    overwrite: Switch = False
    """Replace the comparison in --out."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""
    spending: Annotated[Spending, Inline] = field(default_factory=Spending)
    reading: Annotated[DataConfig, Inline] = field(default_factory=DataConfig)
    augment: Annotated[AugmentConfig, Inline] = field(default_factory=AugmentConfig)

    def run(self, console: Console) -> Answer:
        """Compare."""
        check_data(self.data)
        check_out(self.out, self.data)
        from amalgan.studies.compare import Request, compare

        found = compare(
            Request(
                data=self.data,
                systems=tuple(filter(None, (name.strip() for name in self.systems.split(",")))),
                out=self.out,
                seeds=self.seeds,
                cpu_minutes=self.spending.cpu_minutes,
                images=self.spending.images,
                parameters=self.spending.parameters,
                tries=self.tries,
                jobs=self.jobs,
                seed=self.seed,
                count=self.count,
                batch=self.batch,
                preset=self.preset,
                device=self.device,
                precision=self.precision,
                plugin=self.plugin,
                samples=self.samples,
                overwrite=self.overwrite,
                reading=self.reading,
                augment=self.augment,
            ),
            console,
        )
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
