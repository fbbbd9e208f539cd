"""A comparison that may move: whatever is finished is kept in the repository, and goes on on any machine.

    python benchmarks/grid.py NAME DATA [the flags of amalgan compare]

    benchmarks/results/grids/NAME ─► runs/grids/NAME ─► amalgan compare
                 ▲                                             │
                 └──────────── each cell as it ends ◄──────────┘

Kept are the plan, what every cell came to, what the first seed shows, and the report of what is finished so far: enough
to go on and to draw the page again, in which no path of a machine stands. The feature network is part of the ruler and
kept beside the grids, one file a data set; where this machine has another one the grid refuses to go on. To measure a
cell again, remove its folder in both places.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import writing
from amalgan import features
from amalgan.cli.compare import Compare
from amalgan.cli.parsing import parse
from amalgan.core import tensor_file
from amalgan.core.errors import AmalganError, UsageError
from amalgan.core.thinning import thin
from amalgan.data import Dataset, open_data
from amalgan.studies.compare import outputs, results
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.planning import as_far_as
from amalgan.studies.compare.timing import one_thread
from amalgan.systems import model_file

ROOT = Path(__file__).parents[1]
LOOK_SECONDS = 3.0
POINTS = 12
"""Points of a curve that the kept report holds; the cells hold all."""
WHOLE = ("plan.json", "reference.json", "tuning.json")
CELLS = ("runs/*/cell.json", "tries/*/try.json")
LARGE, SAMPLES_KEPT, REBUILT_KEPT = 4096, 24, 8
"""Numbers of a picture from which on few are kept: new ones, and of each kind of reconstructions."""
OURS = ("--out", "--overwrite", "--json")
"""Flags that a grid gives itself, or cannot have."""


@dataclass
class Grid:
    """One comparison and the two places it lies in."""

    name: str
    asked: Compare
    words: Sequence[str]
    """DATA and flags, as they were given."""
    runs: Path
    kept: Path
    seen: dict[Path, int] = field(default_factory=dict)
    """When each file changed that has been kept."""

    def carry_out(self) -> int:
        """Go on from what is kept, to the end; the exit code is that of the comparison."""
        data = open_data(self.asked.data, self.asked.reading)
        self.bring_network(data)
        self.restore()
        self.check_network(data)
        self.keep(data)
        return self.watch(data)

    def bring_network(self, data: Dataset) -> None:
        """Put the kept feature network where amalgan looks for it, if there is none."""
        here, saved = self.network(data)
        if saved.exists() and not here.exists():
            writing.write_bytes(here, saved.read_bytes())

    def network(self, data: Dataset) -> tuple[Path, Path]:
        """Where the feature network lies in the cache, and where it is kept."""
        here = features.kept_at(data, self.asked.reading.cache)
        return here, self.kept.parent / "features" / here.name

    def check_network(self, data: Dataset) -> None:
        """Keep the network where none is kept yet; refuse another one than that which has measured so far.

        Raises:
            UsageError: numbers would not compare.
        """
        with one_thread():
            name = features.features_of(data, cache=self.asked.reading.cache).name
        planned = self.kept / "plan.json"
        known = {json.loads(planned.read_text())["asked"]["features"]} if planned.exists() else set()
        here, saved = self.network(data)
        if here.exists():
            if not saved.exists() and known <= {name}:
                writing.write_bytes(saved, here.read_bytes())
            known |= {digest(saved, name)} if saved.exists() else set()
        if other := known - {name}:
            raise UsageError(
                f"the feature network on this machine is {name}; {self.name} is measured by {other.pop()}. Numbers by "
                f"two networks do not compare. Remove {here}, so that the one in {saved.parent} is taken."
            )

    def restore(self) -> None:
        """Bring what is kept to where the comparison runs; what is there already stays.

        Raises:
            UsageError: the two plans do not belong together.
        """
        kept, here = self.kept / "plan.json", self.runs / "plan.json"
        if not kept.exists():
            return
        if here.exists() and not extends(here, kept):
            if not extends(kept, here):
                raise UsageError(f"{self.runs} and {self.kept} hold different plans. Remove one of them.")
            here.unlink()
        for source in [self.kept / name for name in WHOLE] + [
            *self.parts(self.kept, *CELLS, "runs/*/shown.npz")
        ]:
            target = self.runs / source.relative_to(self.kept)
            if source.exists() and not target.exists():
                writing.write_bytes(target, source.read_bytes())

    def watch(self, data: Dataset) -> int:
        """Run the comparison, and keep each cell as it ends."""
        child = subprocess.Popen(
            [sys.executable, "-m", "amalgan", "compare", *self.words, "--out", str(self.runs)],
            start_new_session=True,  # the terminal's Ctrl-C is for us; we tell it
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, frame: child.send_signal(number))
        while child.poll() is None:
            time.sleep(LOOK_SECONDS)
            self.keep(data)
        self.keep(data)
        return child.returncode

    def keep(self, data: Dataset) -> None:
        """Keep what is new, and the report of all that is finished."""
        if not (self.runs / "plan.json").exists():
            return
        plan = Plan.read(self.runs)
        plain = [self.runs / name for name in WHOLE] + [*self.parts(self.runs, *CELLS)]
        shown = [*self.parts(self.runs, f"runs/*-{plan.seeds[0]}/shown.npz")]
        new = [source for source in plain + shown if self.changed(source)]
        for source in new:
            target = self.kept / source.relative_to(self.runs)
            if source.suffix == ".npz":
                writing.write_bytes(target, thin_examples(source.read_bytes()))
            else:
                text = json.dumps(
                    self.without_paths(plan, json.loads(source.read_text()), data), **layout(source)
                )
                writing.write_text(target, f"{text}\n")
        if new:
            self.keep_report(plan, data)

    def keep_report(self, plan: Plan, data: Dataset) -> None:
        """The report of all that is finished, its curves thinned."""
        plan.load_plugin()
        places = [plan.cell(name, seed) / "cell.json" for name, seed in results.list_cells(plan)]
        cells = [
            cell for cell, place in zip(results.cells_of(plan, {}), places, strict=True) if place.exists()
        ]
        if not cells:
            return
        report = outputs.report_of(plan, cells) | {"to_come": len(places) - len(cells)}
        report["cells"] = [
            cell | {name: thin(cell[name], POINTS) for name in ("log", "curve")} for cell in report["cells"]
        ]
        writing.write_json(self.kept / "report.json", self.without_paths(plan, report, data))
        writing.write_text(self.kept / "table.csv", outputs.csv_of(report))

    def changed(self, source: Path) -> bool:
        """Whether a file is there and new since it was last looked at."""
        at = source.stat().st_mtime_ns if source.exists() else None
        new = at is not None and self.seen.get(source) != at
        if at is not None:
            self.seen[source] = at
        return new

    def parts(self, folder: Path, *patterns: str) -> Iterator[Path]:
        """Files of cells."""
        for pattern in patterns:
            yield from sorted(folder.glob(pattern))

    def without_paths(self, plan: Plan, found: Any, data: Dataset) -> Any:
        """``found`` with names in place of this machine's paths."""
        if isinstance(found, dict):
            return {key: self.without_paths(plan, value, data) for key, value in found.items()}
        if isinstance(found, list):
            return [self.without_paths(plan, value, data) for value in found]
        if not isinstance(found, str):
            return found
        for path, name in self.names(plan, data).items():
            found = re.sub(rf"(?<![\w./-]){re.escape(path)}(?![\w-])", lambda _, name=name: name, found)
        return found

    def names(self, plan: Plan, data: Dataset) -> dict[str, str]:
        """What stands for each path, the longest path first."""
        where = plan.facts["where"]
        known = {place: data.name for place in (self.asked.data, where["data"])}
        places = [place for several in where["samples"].values() for place in several]
        places += [place for text in self.asked.samples for place in text.partition("=")[2].split(",")]
        places += [str(place) for place in (self.asked.plugin, where["plugin"], where["cache"]) if place]
        known |= {place: Path(place).name for place in places}
        known |= {str(self.runs): f"runs/grids/{self.name}"}
        return dict(sorted(known.items(), key=lambda pair: -len(pair[0])))


def thin_examples(shown: bytes) -> bytes:
    """The examples of a run as they are kept: of large pictures, as many as a sheet of the docs shows."""
    with np.load(io.BytesIO(shown), allow_pickle=False) as arrays:
        found = dict(arrays)
    if not any(array[:1].size > LARGE for array in found.values()):
        return shown
    kept = {
        name: array[: SAMPLES_KEPT if name == "samples" else REBUILT_KEPT]
        if array[:1].size > LARGE
        else array
        for name, array in found.items()
    }
    file = io.BytesIO()
    np.savez_compressed(file, **kept)
    with zipfile.ZipFile(io.BytesIO(shown)) as before, zipfile.ZipFile(file, "a") as after:
        after.comment = before.comment  # by which amalgan knows its own file
    return file.getvalue()


def layout(source: Path) -> dict[str, Any]:
    """How a kept file is written: cells, whose curves are long, in few bytes."""
    small: dict[str, Any] = {"separators": (",", ":")} if source.name == "cell.json" else {"indent": 2}
    return small | {"ensure_ascii": False, "allow_nan": False}


def digest(network: Path, name: str) -> str:
    """The name of a kept network: as ``name`` is made, of its own weights."""
    weights, _ = tensor_file.read(network, expected="a feature network")
    return f"{name.rpartition('-')[0]}-{model_file.digest(weights)[:8]}"


def extends(larger: Path, smaller: Path) -> bool:
    """Whether a plan is another one, perhaps with more rows and seeds."""
    more, less = (json.loads(place.read_text()) for place in (larger, smaller))
    same = as_far_as(more["asked"], less["asked"]) == less["asked"]
    return same and all(entry in more["systems"] for entry in less["systems"])


def grid_of(words: Sequence[str], root: Path = ROOT) -> Grid:
    """The grid that the command line asks for.

    Raises:
        UsageError: a name that is no folder's, or a flag that is not for a grid.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", help="the grid's name, a folder's")
    parser.add_argument("data", help="what amalgan compare takes")
    known, flags = parser.parse_known_args(words)
    if not re.fullmatch(r"\w[\w.-]*", known.name) or known.name == "features":
        raise UsageError(f"{known.name!r} is no name for a grid; take letters, digits, - and _")
    if wrong := [flag for flag in OURS if any(word.split("=")[0] == flag for word in flags)]:
        raise UsageError(f"a grid has no {wrong[0]}: it lies in runs/grids/{known.name} and goes on")
    runs = root / "runs" / "grids" / known.name
    asked = parse(["compare", known.data, *flags, "--out", str(runs)])
    assert isinstance(asked, Compare)
    kept = root / "benchmarks" / "results" / "grids" / known.name
    return Grid(known.name, asked, [known.data, *flags], runs, kept)


def main(words: Sequence[str] | None = None) -> int:
    """Carry out the grid."""
    try:
        return grid_of(sys.argv[1:] if words is None else words).carry_out()
    except AmalganError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
