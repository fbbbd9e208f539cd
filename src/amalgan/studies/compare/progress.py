"""How far a comparison is, on stderr: what it will take, a line for every cell that ends, a live line meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.status import Status

from amalgan.core.file_names import shown
from amalgan.core.json_schema import fitting_in
from amalgan.studies.compare.cells import Job
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.results import list_cells
from amalgan.studies.compare.tuning import Try

TOLD = ("frechet_distance", "psnr", "squared_error", "accuracy_from_samples")
"""The measures that the line of a cell shows."""
NAMES = {
    "frechet_distance": "Fréchet",
    "psnr": "PSNR",
    "squared_error": "error",
    "accuracy_from_samples": "trained on samples",
}
UNITS = {"cpu_seconds": "CPU-s", "device_seconds": "s"}
NUMBERS = {str: (float, None)}
RESULT = {
    "state?": str,
    "reason?": (str, None),
    "measure?": (str, None),
    "score?": (float, None),
    "metrics?": NUMBERS,
    "cost?": NUMBERS,
}
"""What the file of a worker must look like: of a cell, a try, or what real examples reach."""


def opening(plan: Plan, at_once: int) -> str:
    """What is about to happen and how long it will take."""
    data, seeds = plan.facts["data"], len(plan.seeds)
    rows = [*plan.systems, *plan.outside]
    sizes = ", ".join(
        f"{name} {entry.images:,} images, {entry.parameters:,} parameters"
        for name, entry in plan.systems.items()
    )
    times = plan.facts["times"]
    training, measuring = (
        times["training_seconds"],
        times["measuring_seconds"] * (len(list(list_cells(plan))) + 1),
    )
    splits = f"{data['train']:,} to train, {data['validation']:,} to validate, {data['test']:,} to test"
    return (
        f"{data['name']}: {data['text']}, {len(data['classes']) or 'no'} classes, {splits}\n"
        f"{len(rows)} row{'s' * (len(rows) > 1)} x {seeds} seed{'s' * (seeds > 1)}; {plan.facts['budget']['text']}\n"
        f"{sizes}\n"
        f"expected: {minutes((training + measuring) / at_once)}, {at_once} at a time "
        f"({minutes(training)} {'of CPU ' * (plan.asked.device == 'cpu')}to train, {minutes(measuring)} to measure)"
    )


def minutes(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


@dataclass
class Progress:
    """Tells of cells as they end."""

    console: Console
    status: Status
    title: str = ""
    done: int = 0
    total: int = 0
    finished: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def on(cls, console: Console) -> Iterator[Progress]:
        """Show progress on ``console`` within the block."""
        with console.status("") as status:
            yield cls(console, status)

    def begin(self, title: str, jobs: list[Job]) -> None:
        """The jobs that come now; those that are done already are told of."""
        self.title, self.total = title, len(jobs)
        self.done = sum(job.result.exists() for job in jobs)
        if self.done:
            self.say(f"{self.done} of {self.total} are done already")

    def show_running(self, running: list[Job]) -> None:
        """Show the jobs that are being done."""
        parts = [
            f"{shown(job.title)} {min(1.0, job.drawn / job.images):.0%}" if job.images else shown(job.title)
            for job in running
        ]
        self.status.update(f"{self.title} {self.done}/{self.total}: {'; '.join(parts)}")

    def ended(self, job: Job) -> None:
        """Tell what came of a job."""
        self.done += 1
        self.say(f"[{self.done}/{self.total}] {job.title}: {outcome(job)}")

    def tell_tuning(self, found: dict[str, list[Try]]) -> None:
        """Tell which settings are used."""
        for system, tries in found.items():
            for one in tries:
                score = "failed" if one.score is None else f"{one.measure} {one.score:.4g}"
                self.say(f"{system}: {one.settings}: {score}{', used' if one.chosen else ''}")

    def say(self, text: str) -> None:
        """One line; names are no markup."""
        lines = [shown(line) if not line.isprintable() else line for line in text.splitlines()]
        self.console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)


def outcome(job: Job) -> str:
    """What a worker left, in a few words."""
    facts = fitting_in(job.result, RESULT)
    if facts is None:
        return "no result"
    if facts.get("state") == "failed":
        return f"failed: {facts.get('reason')}"
    if facts.get("score") is not None:
        return f"{facts.get('measure')} {facts['score']:.4g} on the validation split"
    found = facts.get("metrics", {})
    parts = [f"{NAMES[key]} {found[key]:.4g}" for key in TOLD if found.get(key) is not None]
    parts += (
        [f"real {found['accuracy_from_real']:.4g}"] if found.get("accuracy_from_real") is not None else []
    )
    cost = facts.get("cost", {})
    parts += [f"{cost[key]:.0f} {unit}" for key, unit in UNITS.items() if cost.get(key) is not None]
    words = ", ".join(parts) or "done"
    return f"collapsed: {facts.get('reason')} ({words})" if facts.get("state") == "collapsed" else words
