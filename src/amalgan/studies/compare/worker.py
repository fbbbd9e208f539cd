"""One cell of a comparison, in a process of its own with one thread, so that its time and memory are its own.

    python -m amalgan.studies.compare.worker DIR cell SYSTEM SEED       DIR/runs/SYSTEM-SEED/{cell.json, shown.npz}
                                                 try SYSTEM FACTOR      DIR/tries/SYSTEM-FACTOR/try.json
                                                 outside NAME SEED      DIR/runs/NAME-SEED/{cell.json, shown.npz}
                                                 reference              DIR/reference.json

A cell whose training fails leaves a ``cell.json`` that says why. What only hinders us now (a full disk, a signal)
leaves none: the same command goes on from the last saved state. Seconds, of the CPU or on an accelerator of the clock,
are counted from the start of training to the published model; at each save of the state their sum goes to
``spent.json``, so a cell that is killed hard loses the count of what it must do again, and nothing else.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

import torch
from rich.console import Console

from amalgan.config.train_options import TrainOptions
from amalgan.core import files
from amalgan.core.errors import AmalganError, FileError, Interrupted, ModelFileError, StateError
from amalgan.core.json_schema import read_json
from amalgan.evaluation.scores.score import Trial
from amalgan.studies.compare import cell_examples, collapse, costs, curves, outside_rows, timing, tuning
from amalgan.studies.compare.cell_file import Cell, Scores
from amalgan.studies.compare.measures import Subject, references, score_subject
from amalgan.studies.compare.plan import TUNING_SHARE, Plan
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.training.run import execute

T = TypeVar("T")


def main(words: Sequence[str]) -> int:
    """Do one cell; return the exit code: 0 when its file is written."""
    torch.set_num_threads(1)
    threading.Thread(target=leave_with_parent, daemon=True).start()
    kinds: dict[str, Callable[..., None]] = {
        "cell": cell,
        "try": attempt,
        "outside": given,
        "reference": reference,
    }
    try:
        plan = Plan.read(Path(words[0]))
        plan.load_plugin()
        kinds[words[1]](plan, *words[2:])
    except Interrupted as stopped:
        return stopped.exit_code
    except AmalganError as error:
        print(f"{error}", file=sys.stderr)
        return error.exit_code
    return 0


def leave_with_parent() -> None:
    """Stop, and save what there is, when the process that started us is gone: it holds the other end of our stdin."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


@dataclass
class Meter:
    """Seconds and peak memory of a cell, over all its sittings."""

    place: Path
    device: str
    before: dict[str, float]
    started_at: float

    @classmethod
    def of(cls, run: Path, device: str) -> Meter:
        """Goes on from what earlier sittings spent up to their last save."""
        place = run / "spent.json"
        begun = any((run / name).exists() for name in ("state.safetensors", "model.safetensors"))
        before = read_json(place, {str: float}, "amalgan compare") if begun and place.exists() else {}
        return cls(place, device, before, timing.clock_of(device)())

    @property
    def spent(self) -> dict[str, float]:
        """So far."""
        key, _ = costs.names_of(self.device)
        seconds = self.before.get(key, 0.0) + timing.clock_of(self.device)() - self.started_at
        most = {name: max(self.before.get(name, 0.0), now) for name, now in costs.peaks(self.device).items()}
        return {key: seconds, **most}

    def keep(self) -> None:
        """Write it down."""
        files.write_json(self.place, self.spent)


def cell(plan: Plan, system: str, seed: str) -> None:
    """Train one system with one seed and measure it."""
    factor = tuning.choose_factor(plan, system)
    settings = tuning.settings(plan, system, factor)
    out = plan.cell(system, int(seed))
    cost: dict[str, float | None] = {}
    begun = replace(Cell.begin(system, int(seed)), cost=cost)

    def measured() -> Cell:
        model, spent = trained(plan.order(system, int(seed), settings=settings, out=out))
        cost.update(spent)
        cost.update(costs.costs_of_use(model, plan.data))
        if (work := plan.systems[system].flops_train) is not None:
            cost["flops_train"] = work
        log, curve = out / "log.jsonl", tuple(model.header["training"]["curve"])
        found = judge(plan, replace(begun, curve=curve, log=curves.thin_log(log)), model, log)
        cell_examples.write(out / "shown.npz", cell_examples.of_model(model, plan.data, plan.asked.seed))
        return found

    files.write_json(out / "cell.json", rescued(measured, begun).to_json())


def attempt(plan: Plan, system: str, factor: str) -> None:
    """Train one system a while at another rate and judge it on the validation split."""
    out = plan.try_of(system, float(factor))
    settings = tuning.settings(plan, system, float(factor))

    def judged_so() -> tuning.Judgement:
        order = plan.order(
            system, plan.facts["tuning"]["seed"], settings=settings, out=out, share=TUNING_SHARE
        )
        model, _ = trained(order)
        return tuning.judgement(plan, model)

    found = rescued(judged_so, Cell.begin(system, 0))
    facts = found.to_json() if isinstance(found, Cell) else {"state": "done", "reason": None, **asdict(found)}
    facts.pop("seed", None)  # a try that failed says all else that a cell that failed says
    files.write_json(out / "try.json", {"system": system, "factor": float(factor)} | facts)


def given(plan: Plan, name: str, seed: str) -> None:
    """Measure examples that were made elsewhere."""
    out = plan.cell(name, int(seed))
    begun = Cell.begin(name, int(seed))

    def measured() -> Cell:
        examples = outside_rows.open_rows(plan, name, plan.seeds.index(int(seed)))
        found = judge(plan, begun, examples, None)
        cell_examples.write(out / "shown.npz", cell_examples.of_outside(examples, plan.data))
        return found

    files.write_json(out / "cell.json", rescued(measured, begun).to_json())


def reference(plan: Plan) -> None:
    """Measure what depends on the data alone."""
    files.write_json(plan.folder / "reference.json", asdict(Scores.of(references(trial_of(plan)))))


def trial_of(plan: Plan) -> Trial:
    """What every row is judged against: the same examples."""
    look = plan.features.on(plan.asked.device)
    return Trial(data=plan.data, features=look, count=plan.asked.count, seed=plan.asked.seed)


def judge(plan: Plan, cell: Cell, subject: Subject, log: Path | None) -> Cell:
    """The cell with every score of a model or of outside examples, and whether it has collapsed."""
    scores = Scores.of(score_subject(subject, trial_of(plan)))
    why = collapse.reason(scores.metrics, log)
    return replace(cell.with_scores(scores), state="collapsed" if why else "done", reason=why)


def trained(order: TrainOptions) -> tuple[Model, dict[str, float]]:
    """The model of a run, trained to its end now or before, and what that took."""
    meter, ended = Meter.of(order.folder, order.device), order.folder / "model.safetensors"
    if not (ended.exists() and "ended" in meter.before):
        execute(order, Console(file=sys.stderr, width=200), stored=meter.keep)
        files.write_json(meter.place, meter.spent | {"ended": 1.0})
        meter = Meter.of(order.folder, order.device)
    cost = {name: value for name, value in meter.before.items() if name != "ended"}
    model, (seconds, rate) = model_file.load(ended, order.device), costs.names_of(order.device)
    return model, cost | {rate: model.header["training"]["images"] / cost[seconds]}


def rescued(act: Callable[[], T], begun: Cell) -> T | Cell:
    """What ``act`` found, or why it could not: a row that failed must not take the others with it.

    Args:
        begun: the cell as far as it has come when ``act`` fails.

    Raises:
        AmalganError: the disk or a signal is in the way, which may be otherwise the next time.
    """
    try:
        return act()
    except (Interrupted, OSError, MemoryError):
        raise
    except AmalganError as error:
        if isinstance(error, FileError) and not isinstance(error, ModelFileError | StateError):
            raise
        return replace(begun, reason=str(error))
    except Exception as bug:
        traceback.print_exc()
        return replace(begun, reason=f"{type(bug).__name__}: {bug}", traceback=traceback.format_exc())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
