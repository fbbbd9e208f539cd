"""The whole comparison: plan, tries, cells, report.

CompareOptions ─► plan.json ─► tries (if more than one) ─► cells ─► report.json, table.csv, report.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan.config.compare_options import CompareOptions
from amalgan.core.notebook import between, html_table, number
from amalgan.studies.compare import outputs, results, tuning
from amalgan.studies.compare.cells import Crew, Job, crew, hold_comparison
from amalgan.studies.compare.plan import TUNING_SHARE, Plan
from amalgan.studies.compare.planning import draft_plan, load_or_make_plan
from amalgan.studies.compare.progress import Progress, opening


@dataclass(frozen=True, repr=False)
class Comparison:
    """What was found, and where it lies."""

    folder: Path
    report: dict[str, Any]

    @property
    def troubled(self) -> list[dict[str, str]]:
        """Cells that failed or collapsed, with the reason."""
        return [
            {"name": f"{cell['system']}, seed {cell['seed']}", "reason": f"{cell['state']}: {cell['reason']}"}
            for cell in self.report["cells"]
            if cell["state"] != "done"
        ]

    def __repr__(self) -> str:
        rows, measures = (len(self.report[part]) for part in ("systems", "measures"))
        return f"Comparison of {rows} rows by {measures} measures, in {self.folder}; report.html shows it"

    def _repr_html_(self) -> str:
        shown = [one for one in self.report["measures"] if one["headline"]]
        rows = [
            [name, *(placed(found.get(one["key"], {})) for one in shown)]
            for name, found in self.report["table"].items()
        ]
        return html_table(rows, ["system", *(titled(one) for one in shown)])


def placed(entry: dict[str, Any]) -> str:
    """Return one place of the table: the mean over seeds and its interval; empty where nothing was measured."""
    if not entry:
        return ""
    limits = [entry[side] for side in ("low", "high") if entry[side] is not None]
    return f"{number(entry['mean'])} {between(limits)}".rstrip()


def titled(measure: dict[str, Any]) -> str:
    """Return a column's title, with an arrow that says which direction is better."""
    arrows = {True: " ↑", False: " ↓", None: ""}
    unit = f", {measure['unit']}" if measure["unit"] else ""
    return f"{measure['title']}{unit}{arrows[measure['higher_is_better']]}"


def compare(request: CompareOptions, console: Console) -> Comparison:
    """Train every system with every seed, measure, and report; goes on where an earlier sitting stopped.

    Raises:
        AmalganError: the request, the data or the folder; a cell that fails is a row of the report instead.
        Interrupted: a signal came; what was reached is saved.
    """
    draft = draft_plan(request, console)
    with hold_comparison(request.out) as lock:
        plan = load_or_make_plan(draft, console)
        with crew(request.out, lock, request.jobs) as workers, Progress.on(console) as progress:
            progress.say(opening(plan, workers.at_once))
            carry_out(plan, workers, progress)
        report = outputs.report_of(plan, results.cells_of(plan, workers.troubles))
        outputs.write(plan, report)
    return Comparison(request.out, report)


def carry_out(plan: Plan, workers: Crew, progress: Progress) -> None:
    """Do what is not done yet."""
    if plan.asked.tries > 1:
        tries = try_jobs(plan)
        progress.begin("trying settings", tries)
        workers.do(tries, progress.ended, progress.show_running)
        progress.tell_tuning(tuning.decide(plan))
    jobs = [*reference_jobs(plan), *cell_jobs(plan)]
    progress.begin("comparing", jobs)
    workers.do(jobs, progress.ended, progress.show_running)


def try_jobs(plan: Plan) -> list[Job]:
    """Every try of every system."""
    return [
        Job(
            f"{name} at {factor:g} of its rates",
            ("try", name, str(factor)),
            plan.try_of(name, factor) / "try.json",
            plan.systems[name].images // TUNING_SHARE,
        )
        for factor in tuning.factors(plan.asked.tries)
        for name in plan.systems
    ]


def reference_jobs(plan: Plan) -> Sequence[Job]:
    """What depends on the data alone."""
    return [Job("what real examples reach", ("reference",), plan.folder / "reference.json")]


def cell_jobs(plan: Plan) -> list[Job]:
    """Every cell, seed by seed, so that all systems are seen early."""
    jobs = [
        Job(
            f"{name}, seed {seed}",
            ("cell" if name in plan.systems else "outside", name, str(seed)),
            plan.cell(name, seed) / "cell.json",
            plan.systems[name].images if name in plan.systems else 0,
        )
        for name, seed in results.list_cells(plan)
    ]
    return sorted(jobs, key=lambda job: int(job.words[2]))
