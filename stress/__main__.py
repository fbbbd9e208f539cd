"""Keep every promise, or say which is broken.

    python -m stress [--share 1] [--only resume decoder] [--jobs 2] [--json FILE]

Prints the table, and exits with 1 if a promise is broken.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from stress import forked
from stress.figure import Figure

PROMISES = {
    "resume": "resume is bit-exact",
    "atomic": "a save is whole or not at all",
    "disk": "a disk that refuses loses nothing",
    "writes": "every write passes through one module",
    "lost": "nothing of the user's is lost",
    "corruption": "damage is found",
    "decoder": "compressed files and models are distrusted",
    "headers": "JSON from outside is typed and bounded",
    "images": "pictures are distrusted",
    "folder": "a bad file never stops a run",
    "codec": "bytes mean the same numbers everywhere",
    "names": "hostile names are text",
    "server": "a server answers its own user alone",
    "copies": "copies are found, and nothing else is",
    "ranks": "a dead process stops the others, who say why",
    "nan": "numbers that are not finite never last",
    "diverged": "divergence is caught while numbers are finite",
    "identity": "data, models and caches are known by content",
    "caller": "the caller's process stays as it was",
}
SECONDS = 570
"""For one promise."""
FAST = Path("/dev/shm")
"""Memory as a folder, where there is one: what a disk would lose is simulated."""
SHOWN = 5


@dataclass
class Job:
    """A promise being tried in a process of its own."""

    name: str
    child: int
    folder: Path
    started_at: float = field(default_factory=time.monotonic)
    code: int | None = None

    def done(self) -> bool:
        """Whether it has ended, or was ended because it took too long."""
        late = time.monotonic() - self.started_at > SECONDS
        self.code = forked.ended(self.child, 0) or -signal.SIGKILL if late else forked.code_of(self.child)
        return self.code is not None

    def outcome(self) -> dict[str, Any]:
        """What it came to; a process that crashed has broken its promise."""
        if self.code == 0:
            found: dict[str, Any] = json.loads((self.folder / "answer.json").read_text())
            return found
        last = (self.folder / "said.txt").read_text(errors="replace")[-2000:]
        crash = f"its process ended with {self.code}; the last it said:\n{last}"
        return {
            "asked": "to end",
            "reached": f"ended with {self.code}",
            "broken": [crash],
            "cpu_seconds": 0.0,
        }


def main(argv: Sequence[str] | None = None) -> int:
    """Try the promises and draw the table."""
    asked = arguments(argv)
    started_at, rows = time.monotonic(), dict[str, dict[str, Any]]()
    scratch = Path(tempfile.mkdtemp(prefix="stress-", dir=FAST if os.access(FAST, os.W_OK) else None))
    try:
        os.environ["XDG_CACHE_HOME"] = str(scratch / "cache")
        warm(scratch)
        for name, facts in tried(asked.only or list(PROMISES), asked.share, asked.jobs, scratch):
            rows[name] = facts
            minutes = round((time.monotonic() - started_at) / 60, 1)
            print(f"{minutes} min, {PROMISES[name]}: {facts['reached']}", file=sys.stderr, flush=True)
            if asked.json:
                keep(asked.json, {"share": asked.share, "minutes": minutes, "rows": rows})
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    Console(width=160).print(drawn(rows))
    for name, facts in rows.items():
        for case in facts["broken"][:SHOWN]:
            print(f"{name}: {case}", file=sys.stderr)
    return int(any(facts["broken"] for facts in rows.values()))


def keep(target: Path, facts: dict[str, Any]) -> None:
    """Write what is known so far, in the order of the table."""
    rows = {name: facts["rows"][name] for name in PROMISES if name in facts["rows"]}
    target.write_text(json.dumps(facts | {"rows": rows}, indent=2) + "\n")


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m stress", description=__doc__.partition("\n")[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the cases that make stress tries")
    parser.add_argument("--only", nargs="+", choices=PROMISES, metavar="PROMISE", help=", ".join(PROMISES))
    parser.add_argument("--jobs", type=int, default=2, help="promises tried at once")
    parser.add_argument("--json", type=Path, help="keep the table here")
    return parser.parse_args(argv)


def warm(scratch: Path) -> None:
    """Import here whatever a run imports, found out by a child: forked children then need not."""
    import torch

    torch.set_num_threads(1)
    for name in PROMISES:
        import_module(f"stress.{name}")
    for name in forked.result(partial(imported, scratch), scratch, seconds=SECONDS):
        try:
            import_module(name)
        except Exception:  # some modules exist only as names that their makers entered
            continue


def imported(scratch: Path) -> list[str]:
    """Run something small; all that is imported after it."""
    import pytest

    from workshop import Workshop

    workshop = Workshop.furnished(scratch, pytest.MonkeyPatch())
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        workshop.run(workshop.order("fusion"))
    return sorted(sys.modules)


def tried(
    names: Sequence[str], share: float, jobs: int, scratch: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and facts of the promises, as they are done; ``jobs`` at once."""
    waiting, running = list(names), list[Job]()
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(begun(waiting.pop(0), share, scratch))
        for job in list(running):
            if job.done():
                running.remove(job)
                yield job.name, job.outcome()
        time.sleep(0.02)


def begun(name: str, share: float, scratch: Path) -> Job:
    """Try one promise."""
    folder = scratch / name
    (folder / "work").mkdir(parents=True)
    return Job(name, forked.start(partial(kept, name, share, folder), folder / "answer.json"), folder)


def kept(name: str, share: float, folder: Path) -> dict[str, Any]:
    """What a promise came to, as plain facts; all that is said on the way goes to a file."""
    with (folder / "said.txt").open("w") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    found: Figure = import_module(f"stress.{name}").figure(share, folder / "work")
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return asdict(found) | {"cpu_seconds": round(sum(one.ru_utime + one.ru_stime for one in used), 1)}


def drawn(rows: dict[str, dict[str, Any]]) -> Table:
    """The table."""
    table = Table("promise", "must hold", "reached", "CPU s", "kept")
    for name, facts in ((name, rows[name]) for name in PROMISES if name in rows):
        reached, seconds = facts["reached"], f"{facts['cpu_seconds']:.0f}"
        table.add_row(PROMISES[name], facts["asked"], reached, seconds, "no" if facts["broken"] else "yes")
    return table


if __name__ == "__main__":
    sys.exit(main())
