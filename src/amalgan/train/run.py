"""One training run: from an order to a folder with a model.

Order ─► data ─► RunConfig (minutes become images) ─► state, fresh or resumed ─► loop ─► settle ─► model.safetensors
                        └─► R/run.json, R/log.jsonl, R/samples/*.png, R/state.safetensors
"""

from __future__ import annotations

import json
import math
import shutil
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan import files, modelfile, registry
from amalgan.config import fields
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import RunConfig
from amalgan.data import Dataset, open_data, resolve_augment
from amalgan.errors import StateError, UsageError
from amalgan.features import features_of
from amalgan.streams import key, seeded
from amalgan.systems.base import System
from amalgan.train import budget, loop, pictures, processes, state
from amalgan.train.hooks import Log, Periodic, Save, Signals, trim
from amalgan.train.processes import DeviceName, Processes
from amalgan.train.progress import Show
from amalgan.train.state import TrainState
from amalgan.train.validation import Goal, Validate, possible, wanted
from amalgan.train.watchdog import Watchdog

DEFAULT_MINUTES = 5.0
LOG_ROUNDS = 20
SAMPLE_TIMES = 10
STATE = "state.safetensors"
VALIDATION_TIMES = 20


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the user asks for; ``RunConfig`` is what it comes to on this data and machine."""

    data: str
    system: str
    settings: Any
    out: Path
    images: int | None = None
    minutes: float | None = None
    seed: int = 0
    batch: int = 64
    micro_batch: int | None = None
    validate_every: int | None = None
    until: str | None = None
    patience: int | None = None
    device: DeviceName = "auto"
    resume: bool = False
    overwrite: bool = False
    init: Path | None = None
    reading: DataConfig = field(default_factory=DataConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run reached."""

    model: Path
    images: int
    resumed_at_images: int | None
    cpu_seconds: float
    metrics: dict[str, float]
    stopped: str | None
    skipped: list[dict[str, str]]


def execute(order: Order, console: Console) -> Result:
    """Carry out ``order``: train, and publish ``model.safetensors`` when training has ended.

    Raises:
        AmalganError: the settings, the data, the folder, or the numbers; Interrupted after a signal.
    """
    started_at = time.process_time()
    with ExitStack() as stack:
        peers = stack.enter_context(processes.start(order.device))
        signals = stack.enter_context(Signals.caught())
        check_folder(order, peers)
        console = console if peers.first else Console(quiet=True)
        data = read(order, console)
        run = resolve(order, data, peers, console)
        console.print(describe(run, data), highlight=False, soft_wrap=True, markup=False)
        current, resumed_at = begin(order, run, data, peers, console)
        show = stack.enter_context(Show.on(console, images=current.images, of=run.images))
        hooks = hooks_for(order, run, data, current, peers, signals, show)
        with signals.remembered():
            loop.train(run, data, current, peers, hooks)
            store(order, run, data, current, peers)
        metrics = finish(order, run, data, current, peers)
    return Result(
        model=order.out / "model.safetensors",
        images=current.images,
        resumed_at_images=resumed_at,
        cpu_seconds=time.process_time() - started_at,
        metrics=metrics,
        stopped=current.stop,
        skipped=[asdict(bad) for bad in data.inspection.skipped],
    )


def read(order: Order, console: Console) -> Dataset:
    """Open the data, showing how far reading is and what is doubtful about it."""
    with console.status(f"reading {order.data} ...") as status:
        data = open_data(
            order.data,
            order.reading,
            progress=lambda done, of: status.update(f"reading {order.data}: {done:,} of {of:,} ..."),
        )
    for warning in data.inspection.warnings:
        console.print(f"note: {warning}", highlight=False, soft_wrap=True, markup=False)
    return data


def check_folder(order: Order, peers: Processes) -> None:
    """Refuse to write over another run; all processes decide before the first one writes."""
    taken = peers.any((order.out / "run.json").exists())
    if taken and not order.resume and not order.overwrite:
        raise UsageError(
            f"{order.out} holds a run already. Go on with it by --resume, replace it by --overwrite, "
            "or choose another --out."
        )


def resolve(order: Order, data: Dataset, peers: Processes, console: Console) -> RunConfig:
    """The run that ``order`` means on this data: every default filled in, minutes turned into images."""
    run = RunConfig(
        system=order.system,
        settings=order.settings.resolved(data.spec),
        data=data.name,
        images=order.batch if order.images is None else order.images,
        seed=order.seed,
        batch=order.batch,
        micro_batch=order.micro_batch,
        validate_every=order.validate_every,
        until=order.until,
        patience=order.patience,
        reading=replace(order.reading, cache=None),
        augment=resolve_augment(order.augment, data.spec),
    )
    if order.until:
        Goal.parse(order.until)
    if order.images is not None:
        return run
    if order.resume and (planned := planned_images(order.out)):
        return replace(run, images=planned)
    minutes = DEFAULT_MINUTES if order.minutes is None else order.minutes
    if not 0 < minutes < math.inf:
        raise UsageError(f"--minutes is {minutes:g}; give a number above 0")
    console.print(f"timing a few rounds to fit {minutes:g} minutes ...", highlight=False)
    return replace(run, images=budget.images_for(minutes, run, data, fresh_system(run, data, peers), peers))


def planned_images(out: Path) -> int | None:
    """The number of images that the run in ``out`` fixed when it began."""
    try:
        return int(json.loads((out / "run.json").read_text())["images"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def describe(run: RunConfig, data: Dataset) -> str:
    """What is about to happen, in two lines."""
    splits = f"{len(data.train):,} to train, {len(data.validation):,} to validate, {len(data.test):,} to test"
    changes = {name: value for name, value in fields.to_json(run.augment).items() if value}
    skipped = f"; {len(data.inspection.skipped)} files skipped" if data.inspection.skipped else ""
    return (
        f"{data.name}: {data.spec.text}, {len(data.spec.classes) or 'no'} classes, {splits}{skipped}\n"
        f"{run.system}: {run.images:,} images, seed {run.seed}, batch {run.batch}, augmentation {changes or 'none'}"
    )


def fresh_system(run: RunConfig, data: Dataset, peers: Processes) -> System:
    """The run's system with its initial weights, a function of the seed."""
    cls = registry.system_class(run.system)
    built = seeded(lambda: cls(run.settings, data.spec), key(run.seed, "weights"))
    return built.to(peers.device)


def begin(
    order: Order, run: RunConfig, data: Dataset, peers: Processes, console: Console
) -> tuple[TrainState, int | None]:
    """The state to start from, and the images it had reached if it was resumed; writes ``run.json``.

    All processes look for a saved state before the first one writes.
    """
    system = fresh_system(run, data, peers)
    refuse_impossible(run, data, system, peers)
    if order.init:
        initialize(system, order.init)
    current = TrainState.fresh(system)
    saved = order.out / STATE
    found = peers.any(state.exists(saved))
    resumed_at = None
    if order.resume and found:
        state.restore(current, saved, identity(run, data), lambda text: say(console, text))
        resumed_at = current.images
        console.print(f"resumed at {resumed_at:,} images", highlight=False)
    elif order.resume:
        console.print(f"{order.out} holds no saved state: starting fresh", highlight=False, soft_wrap=True)
    if peers.first and resumed_at is None:
        clear(order.out)
    if peers.first:
        facts = {"amalgan": "run", **fields.to_json(run), "data_fingerprint": data.fingerprint}
        files.write_json(order.out / "run.json", facts)
        trim(order.out / "log.jsonl", current.round)
    if resumed_at is None:
        store(order, run, data, current, peers)
    return current, resumed_at


def say(console: Console, text: str) -> None:
    """One line to the user; names of files are no markup."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)


def clear(out: Path) -> None:
    """Remove what an earlier run left in ``out``, lest it be taken for this one's."""
    for name in (STATE, state.previous_of(Path(STATE)).name, "log.jsonl", "model.safetensors"):
        (out / name).unlink(missing_ok=True)
    shutil.rmtree(out / "samples", ignore_errors=True)


def store(order: Order, run: RunConfig, data: Dataset, current: TrainState, peers: Processes) -> None:
    """Save the state; the first process does it for all."""
    if peers.first:
        state.save(current, order.out / STATE, identity(run, data))


def refuse_impossible(run: RunConfig, data: Dataset, system: System, peers: Processes) -> None:
    """Find out what this run could not do before anything is written.

    Raises:
        UsageError: the batch cannot be shared or split, or nothing can be validated as asked.
    """
    peers.share(run.batch)
    loop.refuse_split(run, system.phases(), peers)
    if (run.until or run.patience) and not len(data.validation):
        raise UsageError(
            f"{data.name} has no validation examples for --until or --patience. Add some, or leave them out."
        )
    wanted(system, Goal.parse(run.until) if run.until else None, run.patience)


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


def identity(run: RunConfig, data: Dataset) -> dict[str, Any]:
    """What a state must agree with to be resumed."""
    plain = fields.to_json(run)
    return {**plain, "spec": json.loads(json.dumps(asdict(data.spec))), "data_fingerprint": data.fingerprint}


def hooks_for(
    order: Order,
    run: RunConfig,
    data: Dataset,
    current: TrainState,
    peers: Processes,
    signals: Signals,
    show: Show,
) -> list[loop.Hook]:
    """What stands beside the loop, in order: the watchdog first, so that nothing broken is saved or shown."""

    def write(now: TrainState) -> None:
        store(order, run, data, now, peers)

    def take_back(now: TrainState) -> None:
        state.restore(now, order.out / STATE, identity(run, data), show.tell)

    validate = Validate(
        data=data,
        device=peers.device,
        features=lambda: features_of(data, cache=order.reading.cache, device=peers.device),
        goal=Goal.parse(run.until) if run.until else None,
        patience=run.patience,
    )
    every = run.validate_every or max(run.batch, run.images // VALIDATION_TIMES)
    hooks: list[loop.Hook] = [Watchdog(take_back, show.tell)]
    cheap = len(data.validation) and possible(current.average)[:1] != ["frechet"]
    if cheap or run.until or run.patience:
        hooks.append(Periodic(validate, every))
    if peers.first:
        sheets = pictures.Sheets(order.out / "samples", data, peers.device)
        hooks.append(Log(order.out / "log.jsonl", LOG_ROUNDS))
        hooks.append(Periodic(sheets, max(run.batch, run.images // SAMPLE_TIMES)))
        hooks.append(show)
    return [*hooks, Save(write, signals, peers)]


def finish(
    order: Order, run: RunConfig, data: Dataset, current: TrainState, peers: Processes
) -> dict[str, float]:
    """Settle the averaged weights (the best ones, if they were kept) and publish them."""
    if current.best is not None:
        current.average.load_state_dict(current.best)
    loop.settle(current.average, run, data, peers)
    last = current.curve[-1] if current.curve else {}
    metrics = {f"validation_{name}": value for name, value in last.items() if name != "images"}
    if peers.first:
        publish(order, run, data, current, peers, metrics)
    return metrics


def publish(
    order: Order,
    run: RunConfig,
    data: Dataset,
    current: TrainState,
    peers: Processes,
    metrics: dict[str, float],
) -> None:
    """The last sheet of pictures, and the model file."""
    facts = {
        "training": {"images": current.images, "seed": run.seed, "batch": run.batch, "curve": current.curve},
        "data": {"name": data.name, "fingerprint": data.fingerprint, "train": len(data.train)},
        "metrics": metrics,
    }
    pictures.Sheets(order.out / "samples", data, peers.device)(current)
    modelfile.publish(order.out / "model.safetensors", current.average, name=run.system, facts=facts)


__all__ = ["Order", "Result", "StateError", "execute"]
