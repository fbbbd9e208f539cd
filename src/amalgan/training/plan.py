"""From options to a plan: the data opened, every default filled in, minutes turned into images.

TrainOptions ─► read ─► Dataset ─► resolve ─► RunConfig ─► fresh_system ─► refuse_impossible
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import torch
from rich.console import Console
from torch import Tensor

from amalgan import networks
from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import DataError, UsageError
from amalgan.core.json_schema import fitting_in
from amalgan.core.randomness import build_seeded, key
from amalgan.data import Dataset, Records, open_data, resolve_augment
from amalgan.kinds import kind_of, text_of
from amalgan.networks.priors import MixturePrior, Prior
from amalgan.networks.priors.gaussian_flow import GaussianFlowPrior
from amalgan.networks.priors.velocity import FlatVelocity
from amalgan.systems import registry
from amalgan.systems.base import System
from amalgan.training import budget, defaults, loop, threads
from amalgan.training.ledger import Ledger
from amalgan.training.processes import Processes, precision_on
from amalgan.training.state import STATE, exists
from amalgan.training.timed import TimeBudget
from amalgan.training.validation import Goal, list_wanted

DEFAULT_MINUTES = 5.0
READING = "reading"
"""What the ledger calls it; minutes do not count it."""
LEARNED_BY_HEART = 1000
"""Fewer pictures than this an autoencoder reconstructs far better than unseen ones, after some minutes."""
BEGUN_WITH, AT_ONCE = 1024, 32
"""Examples whose mean is where decoders begin, and how many of them are in memory."""


ALONE = Processes()


def read(
    options: TrainOptions, console: Console, ledger: Ledger | None = None, peers: Processes = ALONE
) -> Dataset:
    """Open the data, showing how far reading is and what is doubtful about it; the first process decodes it for all.

    Raises:
        DataError: what is there cannot be trained on, or processes find different data.
    """
    ledger = ledger or Ledger()
    with ledger.doing(READING), console.status(f"reading {options.data} ...") as status:

        def progress(done: int, of: int) -> None:
            ledger.note = f"{done:,} of {of:,}"
            status.update(f"reading {options.data}: {ledger.note} ...")

        with peers.first_alone():
            data = open_data(options.data, options.reading, seed=options.seed, progress=progress)
    if peers.differ(int(data.fingerprint[:15], 16)):
        raise DataError(
            f"the {peers.world} processes found different data in {options.data}. Give all of them the same files."
        )
    for warning in filter(None, (data.note, *data.inspection.warnings)):
        console.print(f"note: {warning}", highlight=False, soft_wrap=True, markup=False)
    return data


def resolve(options: TrainOptions, data: Dataset, peers: Processes) -> RunConfig:
    """The run that ``options`` means on this data: every default filled in.

    Without a number of images, of its own or of the run that goes on, it is one round: ``fit_to_time`` plans the rest.
    """
    planned = planned_images(options) if options.images is None else options.images
    if options.until:
        Goal.parse(options.until)
    return RunConfig(
        system=options.system,
        settings=defaults.settle(options.settings, data),
        data=data.name,
        images=options.batch if planned is None else planned,
        seed=options.seed,
        batch=options.batch,
        micro_batch=options.micro_batch,
        precision=precision_on(peers.device, options.precision, data.spec),
        average_half_life=options.average_half_life,
        validate_every=options.validate_every,
        until=options.until,
        patience=options.patience,
        reading=replace(options.reading, cache=None, decode=None),
        augment=resolve_augment(options.augment, data.spec),
    )


def needs_time(options: TrainOptions) -> bool:
    """Whether minutes are to be turned into images, which a run that goes on has done already.

    Raises:
        UsageError: the minutes are no time.
    """
    if options.images is not None:
        return False
    if options.minutes is not None and not 0 < options.minutes < math.inf:
        raise UsageError(f"--minutes is {options.minutes:g}; give a number above 0")
    return planned_images(options) is None


def fit_to_time(
    options: TrainOptions, run: RunConfig, data: Dataset, peers: Processes, ledger: Ledger
) -> tuple[RunConfig, TimeBudget]:
    """``run`` with the images that fit into the minutes of ``options``, and what was timed to find out."""
    minutes = DEFAULT_MINUTES if options.minutes is None else options.minutes
    system = fresh_system(run, data, peers)
    effort = budget.brief(minutes, len(budget.intervals(system)))
    with ledger.doing("timing a few rounds"):
        count = budget.threads_for(run, data, system, peers, ledger.clock)
    with ledger.doing("timing a few rounds"), threads.use_threads(count):
        timed = budget.time_work(run, data, system, peers, clock=ledger.clock, effort=effort)
    spent = ledger.spent(without=READING)
    images = torch.tensor(
        budget.images_in(max(0.0, 60 * minutes - spent), run, data, system, timed), device=peers.device
    )
    peers.same([images])  # clocks differ, plans may not
    return replace(run, images=int(images)), TimeBudget(minutes, spent, timed, count)


def planned_images(options: TrainOptions) -> int | None:
    """The number of images that the run which ``options`` goes on with was first planned for."""
    if not options.resume or not exists(options.folder / STATE):
        return None
    found = fitting_in(options.folder / "run.json", {"images": int})
    return found["images"] if found else None


def describe(run: RunConfig, data: Dataset) -> str:
    """What is about to happen, in two lines."""
    part = len(data.spec.classes) and len(data.labeled) < len(data.train)
    labels = f" ({len(data.labeled):,} labeled)" if part else ""
    splits = f"{len(data.train):,} to train{labels}, {len(data.validation):,} to validate, {len(data.test):,} to test"
    chosen = {name: value for name, value in fields.to_json(run.augment).items() if value}
    changes = ", ".join(name if value is True else f"{name} {value:g}" for name, value in chosen.items())
    skipped = f"; {len(data.inspection.skipped)} files skipped" if data.inspection.skipped else ""
    return (
        f"{data.name}: {text_of(data.spec)}, {len(data.spec.classes) or 'no'} classes, {splits}{skipped}\n"
        f"{run.system}: {run.images:,} images, seed {run.seed}, batch {run.batch}, augmentation: {changes or 'none'}"
    )


def fresh_system(run: RunConfig, data: Dataset, peers: Processes) -> System:
    """The run's system with its initial weights, a function of the seed and of the mean of the data."""
    cls = registry.system_for(run.system, data.spec)
    built = build_seeded(lambda: cls(run.settings, data.spec), key(run.seed, "weights"))
    if len(data.train):
        networks.begin_at(built, mean_of(data.train))
    return built.to(peers.device)


def mean_of(records: Records) -> Tensor:
    """The mean example, of a thousand at most; a few at a time, since pictures may be large."""
    rows = records.spaced(BEGUN_WITH)
    whole = sum(records.take(rows[start : start + AT_ONCE]).sum(0) for start in range(0, len(rows), AT_ONCE))
    return torch.as_tensor(whole) / len(rows)


def doubts(run: RunConfig, data: Dataset, system: System) -> Iterator[str]:
    """What there is too little data for, and what to try."""
    each = f"{defaults.each(data):,} training examples{' a class' * bool(data.spec.classes)}"
    for part in system.children():
        few = isinstance(part, Prior) and defaults.each(data) < defaults.CODES_AN_ENTRY * part.code_size
        if few and isinstance(part, MixturePrior):
            yield (
                f"note: {each} are too few to tell how codes of {part.code_size} entries vary, which new ones are "
                "drawn by. For generating try --prior.kind neighbors, which keeps codes of training examples in the "
                "model, or --prior.kind flow if the system has it."
            )
        elif few and isinstance(part, GaussianFlowPrior) and isinstance(part.net, FlatVelocity):
            yield (
                f"note: {each} are few for a mixture of Gaussians on codes of {part.code_size} entries, so the prior "
                "is a flow that is trained with the networks (--prior.kind flow)."
            )
    movable = not kind_of(data.spec).refuses("augment")
    moved = run.augment.shift or run.augment.rotate or run.augment.zoom
    if movable and not moved and len(data.train) < LEARNED_BY_HEART and has_prior(system):
        yield (
            f"note: {len(data.train)} training pictures are few enough to be learned by heart. Where they may be "
            "moved and turned and stay what they are, --shift 0.07 --rotate 10 --zoom 0.1 keep networks from it; new "
            "pictures still follow the codes of the pictures as they are."
        )


def has_prior(system: System) -> bool:
    """Whether new examples are drawn by a prior that is fitted to codes."""
    return any(isinstance(part, Prior) for part in system.children())


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
    list_wanted(system, Goal.parse(run.until) if run.until else None, run.patience)
