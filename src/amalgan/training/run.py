"""One training run: from an order to a folder with a model.

Order ─► plan ─► Job: state, fresh or resumed ─► loop ─► settle, fit a coder ─► model.safetensors
                  └─► R/run.json, R/log.jsonl, R/samples/*.png, R/state.safetensors
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan import files, modelfile
from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.data import Dataset
from amalgan.errors import UsageError
from amalgan.features import features_of
from amalgan.systems.base import System
from amalgan.training import coders, loop, pictures, plan, processes, sizing, state
from amalgan.training.hooks import Log, Periodic, Save, Signals, trim
from amalgan.training.order import Order, Result
from amalgan.training.processes import Processes
from amalgan.training.progress import Show
from amalgan.training.state import TrainState
from amalgan.training.validation import Goal, Validate, possible
from amalgan.training.watchdog import Watchdog

LOG_ROUNDS = 20
SAMPLE_TIMES = 10
STATE = "state.safetensors"
VALIDATION_TIMES = 20

__all__ = ["Order", "Result", "execute"]


def execute(order: Order, console: Console, stored: Callable[[], None] = lambda: None) -> Result:
    """Carry out ``order``: train, and publish ``model.safetensors`` when training has ended.

    Args:
        stored: is called after each save of the state.

    Raises:
        AmalganError: the settings, the data, the folder, or the numbers; Interrupted after a signal.
    """
    started_at = time.process_time()
    with ExitStack() as stack:
        peers = stack.enter_context(processes.start(order.device))
        signals = stack.enter_context(Signals.caught())
        check_folder(order, peers)
        console = console if peers.first else Console(quiet=True)
        order, why = sizing.sized(order, peers, console)
        data = plan.read(order, console)
        job = Job(order, plan.resolve(order, data, peers, console), data, peers, console, stored)
        job.say(plan.describe(job.run, data))
        for line in sizing.describe(data, why):
            job.say(line)
        current, resumed_at = job.begin()
        show = stack.enter_context(Show.on(console, images=current.images, of=job.run.images))
        with signals.remembered():
            loop.train(job.run, data, current, peers, job.hooks(current, signals, show))
            job.store(current)
        metrics = job.finish(current)
    return Result(
        model=order.out / "model.safetensors",
        images=current.images,
        resumed_at_images=resumed_at,
        cpu_seconds=time.process_time() - started_at,
        metrics=metrics,
        stopped=current.stop,
        skipped=[asdict(bad) for bad in data.inspection.skipped],
    )


def check_folder(order: Order, peers: Processes) -> None:
    """Refuse to write over another run; all processes decide before the first one writes."""
    taken = peers.any((order.out / "run.json").exists())
    if taken and not order.resume and not order.overwrite:
        raise UsageError(
            f"{order.out} holds a run already. Go on with it by --resume, replace it by --overwrite, "
            "or choose another --out."
        )


@dataclass(frozen=True)
class Job:
    """A run being carried out: what every step of it needs."""

    order: Order
    run: RunConfig
    data: Dataset
    peers: Processes
    console: Console
    stored: Callable[[], None]

    @property
    def saved(self) -> Path:
        """Where the state is kept."""
        return self.order.out / STATE

    @property
    def identity(self) -> dict[str, Any]:
        """What a state must agree with to be resumed."""
        spec = json.loads(json.dumps(asdict(self.data.spec)))
        del spec["names"]  # what entries are called changes nothing, and states of an earlier version lack it
        return {**fields.to_json(self.run), "spec": spec, "data_fingerprint": self.data.fingerprint}

    def say(self, text: str) -> None:
        """One line to the user; names of files are no markup."""
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)

    def begin(self) -> tuple[TrainState, int | None]:
        """The state to start from, and the images it had reached if it was resumed; writes ``run.json``.

        All processes look for a saved state before the first one writes.
        """
        system = plan.fresh_system(self.run, self.data, self.peers)
        plan.refuse_impossible(self.run, self.data, system, self.peers)
        for doubt in plan.doubts(self.run, self.data, system):
            self.say(doubt)
        if self.order.init:
            initialize(system, self.order.init)
        current = TrainState.fresh(system)
        resumed_at = self.resume(current) if self.order.resume else None
        if self.peers.first:
            self.open_folder(current, resumed_at)
        if resumed_at is None:
            self.store(current)
        return current, resumed_at

    def resume(self, current: TrainState) -> int | None:
        """Make ``current`` what was saved, if anything was; the images it had reached."""
        if not self.peers.any(state.exists(self.saved)):
            self.say(f"{self.order.out} holds no saved state: starting fresh")
            return None
        state.restore(current, self.saved, self.identity, self.say)
        self.say(f"resumed at {current.images:,} images")
        return current.images

    def open_folder(self, current: TrainState, resumed_at: int | None) -> None:
        """Make the folder this run's: nothing of an earlier one, the plan, the log up to here."""
        if resumed_at is None:
            clear(self.order.out)
        facts = {"amalgan": "run", **fields.to_json(self.run), "data_fingerprint": self.data.fingerprint}
        files.write_json(self.order.out / "run.json", facts)
        trim(self.order.out / "log.jsonl", current.round)

    def store(self, current: TrainState) -> None:
        """Save the state; the first process does it for all."""
        if self.peers.first:
            state.save(current, self.saved, self.identity)
            self.stored()

    def hooks(self, current: TrainState, signals: Signals, show: Show) -> list[loop.Hook]:
        """What stands beside the loop: the watchdog first, so that nothing broken is saved or shown."""

        def take_back(now: TrainState) -> None:
            state.restore(now, self.saved, self.identity, show.tell)
            if self.peers.first:
                trim(self.order.out / "log.jsonl", now.round)

        run, every = self.run, max(self.run.batch, self.run.images // VALIDATION_TIMES)
        hooks: list[loop.Hook] = [Watchdog(take_back, show.tell)]
        cheap = len(self.data.validation) and possible(current.average)[:1] != ["frechet"]
        if cheap or run.until or run.patience:
            hooks.append(Periodic(self.validation(current), run.validate_every or every))
        if self.peers.first:
            hooks.append(Log(self.order.out / "log.jsonl", LOG_ROUNDS))
            hooks.append(Periodic(self.sheets(), max(run.batch, run.images // SAMPLE_TIMES)))
            hooks.append(show)
        return [*hooks, Save(self.store, signals, self.peers)]

    def validation(self, current: TrainState) -> Validate:
        """What measures the averaged weights as training goes on."""
        return Validate(
            data=self.data,
            processes=self.peers,
            settle=lambda system: loop.settle(system, self.run, self.data, self.peers),
            features=lambda: features_of(self.data, cache=self.order.reading.cache, device=self.peers.device),
            goal=Goal.parse(self.run.until) if self.run.until else None,
            patience=self.run.patience,
            begun_images=max(phase.during[0] for phase in current.phases) * self.run.images,
        )

    def sheets(self) -> pictures.Sheets:
        """What draws as training goes on."""
        return pictures.Sheets(self.order.out / "samples", self.data, self.peers.device)

    def finish(self, current: TrainState) -> dict[str, float]:
        """Settle the averaged weights (the best ones, if they were kept) and publish them."""
        if current.best is not None:
            current.average.load_state_dict(current.best)
        loop.settle(current.average, self.run, self.data, self.peers)
        reached = self.validation(current).reached(current)
        metrics = {f"validation_{name}": value for name, value in reached.items() if name != "images"}
        if self.peers.first:
            self.sheets()(current)
            self.publish(current, metrics)
        return metrics

    def publish(self, current: TrainState, metrics: dict[str, float]) -> None:
        """Write the model file. It holds no times and no paths: equal runs give equal files."""
        run, data = self.run, self.data
        facts = {
            "training": {
                "images": current.images,
                "seed": run.seed,
                "batch": run.batch,
                "curve": current.curve,
            },
            "data": {"name": data.name, "fingerprint": data.fingerprint, "train": len(data.train)},
            "metrics": metrics,
        }
        target, system = self.order.out / "model.safetensors", current.average
        modelfile.publish(target, system, name=run.system, facts=facts, coder=self.coder(system))

    def coder(self, system: System) -> modelfile.AnyCoder | None:
        """What ``system`` compresses with, fitted to examples that it settled on."""
        count = min(coders.MOST_CODES, loop.settling_examples(self.run, self.data))
        picked = loop.settling_order(self.data.train, self.run.seed)[:count]
        examples = loop.examples(self.data.train, picked, self.peers.device)
        return coders.fit(system, examples, seed=self.run.seed)


def clear(out: Path) -> None:
    """Remove what an earlier run left in ``out``, lest it be taken for this one's."""
    for name in (STATE, state.previous_of(Path(STATE)).name, "log.jsonl", "model.safetensors"):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "samples", ignore_errors=True)


def initialize(system: System, source: Path) -> None:
    """Start from the weights of a model file.

    Raises:
        UsageError: the model's weights do not fit; names the first that differs.
    """
    weights = modelfile.load(source).system.state_dict()
    mine = system.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        if name not in mine or name not in weights or mine[name].shape != weights[name].shape:
            raise UsageError(
                f"--init {source}: {name} differs from this run's. Use the same system, sizes and data shape."
            )
    system.load_state_dict(weights)
