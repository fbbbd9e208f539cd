"""One training run: from options to a folder with a model.

TrainOptions ─► plan ─► Job: state, fresh or resumed ─► loop ─► settle, fit a coder ─► model.safetensors
                  └─► R/run.json, R/log.jsonl, R/samples/*.png, R/state.safetensors
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict

from rich.console import Console

from amalgan.config.train_options import TrainOptions
from amalgan.training import folder, loop, plan, processes, sizing, state, threads
from amalgan.training.events import Teller
from amalgan.training.hooks import Signals
from amalgan.training.job import Job
from amalgan.training.ledger import Ledger
from amalgan.training.narration import Narrator
from amalgan.training.progress import Show
from amalgan.training.result import Result
from amalgan.training.state import STATE
from amalgan.training.tracked import refuse_missing, track

__all__ = ["Result", "TrainOptions", "execute"]


def execute(
    options: TrainOptions,
    console: Console,
    stored: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
    teller: Teller | None = None,
) -> Result:
    """Carry out ``options``: train, and publish ``model.safetensors`` when training has ended.

    Args:
        stored: is called after each save of the state.
        clock: wall time in seconds, which --minutes are counted by.
        teller: tells callbacks of what happens, in the first process.

    Raises:
        AmalganError: the settings, the data, the folder, or the numbers; Interrupted after a signal.
    """
    started_at = time.process_time()
    with ExitStack() as stack:
        peers = stack.enter_context(processes.start(options.device))
        signals = stack.enter_context(Signals.caught())
        refuse_missing(options.track)
        stack.enter_context(folder.hold_run_folder(options.folder, peers))
        folder.refuse_taken(options, peers)
        console = console if peers.first else Console(quiet=True)
        narrator = Narrator(console, Ledger(clock))
        stack.enter_context(narrator.speaking())
        options, why = sizing.sized(options, peers, console)
        data = plan.read(options, console, narrator.ledger, peers)
        run = plan.resolve(options, data, peers)
        if ended := folder.read_finished(options, run, data):
            if peers.first and not options.keep_state:
                state.remove(options.folder / STATE)
            narrator.say(folder.nothing_to_do(options, ended))
            return folder.result_of(options, ended, data)
        teller = teller or Teller()
        teller.silent = not peers.first
        stack.enter_context(track(options.track, teller))
        job = Job.planned(options, run, data, peers, narrator, stored, teller)
        job.say(plan.describe(job.run, data))
        for line in sizing.describe(data, why):
            job.say(line)
        return carried_out(job, signals, stack, started_at)


def carried_out(job: Job, signals: Signals, stack: ExitStack, started_at: float) -> Result:
    """Train to the end, publish, and return what came of it.

    Args:
        stack: leaves what is entered here: threads, and the display of progress.
        started_at: CPU-seconds of this process before the run.
    """
    current, resumed_at = job.begin()
    stack.enter_context(threads.use_threads(current.threads))
    forecast = job.forecast(current)
    show = stack.enter_context(Show.on(job.narrator, job.run, forecast.left, images=current.images))
    with signals.remembered():
        hooks = job.hooks(current, forecast, signals, show)
        with job.ledger.doing("training"):
            loop.train(job.run, job.data, current, job.peers, hooks, job.ledger)
        job.store(current)
        signals.number = job.peers.highest(signals.number)  # all leave, or none
    metrics, doubts = job.finish(current)
    job.peers.meet()  # nobody leaves, or reads the model, before the first process has published it
    return Result(
        model=job.options.folder / folder.MODEL,
        images=current.images,
        resumed_at_images=resumed_at,
        cpu_seconds=time.process_time() - started_at,
        metrics=metrics,
        stopped=current.stop,
        doubts=doubts,
        skipped=[asdict(bad) for bad in job.data.inspection.skipped],
    )
