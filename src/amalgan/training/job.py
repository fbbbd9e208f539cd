"""A run being carried out: its state, what stands beside its loop, and what becomes of it at the end.

Job.planned ─► begin: a state, fresh or resumed ─► hooks, for the loop ─► finish: settle, fit a coder, publish
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amalgan.config import fields
from amalgan.config.run import RunConfig
from amalgan.config.train_options import TrainOptions
from amalgan.config.training_signs import LOG_ROUNDS
from amalgan.core import files
from amalgan.data import Dataset
from amalgan.data.dataset.contents import contents_of
from amalgan.features import Features, features_of
from amalgan.systems import model_file
from amalgan.training import coders, folder, guarding, loop, pictures, plan, publishing, state
from amalgan.training.events import Teller
from amalgan.training.hooks import Log, Periodic, Save, Signals, trim
from amalgan.training.ledger import Ledger
from amalgan.training.narration import Narrator
from amalgan.training.processes import Processes
from amalgan.training.progress import Show
from amalgan.training.state import STATE, TrainState
from amalgan.training.surroundings import surroundings
from amalgan.training.timed import TimeBudget
from amalgan.training.timekeeping import CHECKS, MEMORY, SHORTEST_MEMORY, Forecast, Timekeeper, assume_costs
from amalgan.training.validation import Goal, Validate, possible

SAMPLE_TIMES = 10
VALIDATION_TIMES = 20
CODING = 2
"""Fitting the coder takes about so many times as long as settling on its examples."""
WORTH_SAYING = 1.0
"""Seconds."""


@dataclass(frozen=True)
class Job:
    """A run being carried out: what every step of it needs."""

    options: TrainOptions
    run: RunConfig
    data: Dataset
    peers: Processes
    narrator: Narrator
    stored: Callable[[], None]
    teller: Teller
    time: TimeBudget | None = None
    """The minutes of a new run, where these are its budget."""

    @classmethod
    def planned(
        cls,
        options: TrainOptions,
        run: RunConfig,
        data: Dataset,
        peers: Processes,
        narrator: Narrator,
        stored: Callable[[], None],
        teller: Teller,
    ) -> Job:
        """``run`` with the minutes of ``options`` turned into images."""
        if not plan.needs_time(options):
            return cls(options, run, data, peers, narrator, stored, teller)
        run, time = plan.fit_to_time(options, run, data, peers, narrator.ledger)
        job = cls(options, run, data, peers, narrator, stored, teller, time)
        if (reading := job.ledger.seconds[plan.READING]) > WORTH_SAYING:
            job.say(f"reading took {reading:.0f} s, which the {time.minutes:g} minutes do not count")
        return job

    @property
    def ledger(self) -> Ledger:
        """What the run spends its time on."""
        return self.narrator.ledger

    @property
    def saved(self) -> Path:
        """Where the state is kept."""
        return self.options.folder / STATE

    @property
    def identity(self) -> dict[str, Any]:
        """What a state must agree with to be resumed."""
        spec = json.loads(json.dumps(self.data.spec.to_json()))
        del spec["names"]  # what entries are called changes nothing, and states of an earlier version lack it
        return {**fields.to_json(self.run), "spec": spec, "data_fingerprint": self.data.fingerprint}

    def say(self, text: str) -> None:
        """One line to the user."""
        self.narrator.say(text)

    def begin(self) -> tuple[TrainState, int | None]:
        """The state to start from, and the images it had reached if it was resumed; writes ``run.json``.

        All processes look for a saved state before the first one writes.
        """
        system = plan.fresh_system(self.run, self.data, self.peers)
        plan.refuse_impossible(self.run, self.data, system, self.peers)
        for doubt in plan.doubts(self.run, self.data, system):
            self.say(doubt)
        if self.options.init:
            folder.initialize(system, self.options.init)
        current = TrainState.fresh(system)
        current.time = self.time
        current.threads = self.time.threads if self.time else None
        resumed_at = self.resume(current) if self.options.resume else None
        if self.peers.first:
            self.open_folder(current, resumed_at)
        self.teller.note("started", current, {"planned_images": self.run.images}, self.options.folder)
        if resumed_at is None:
            self.save(current)
        self.tell(current)
        return current, resumed_at

    def resume(self, current: TrainState) -> int | None:
        """Make ``current`` what was saved, if anything was; the images it had reached."""
        if not self.peers.any(state.exists(self.saved)):
            self.say(f"{self.options.folder} holds no saved state: starting fresh")
            return None
        now = surroundings(self.peers.device, current.threads)
        state.restore(
            current, self.saved, self.identity, self.say, now=now, accept=self.options.accept_changes
        )
        if current.time:
            self.ledger.earlier = current.time.spent
            minutes = self.options.minutes or current.time.minutes
            current.hurried = minutes < current.time.minutes
            current.time = replace(current.time, minutes=minutes)
        self.say(f"resumed at {current.images:,} images")
        return current.images

    def open_folder(self, current: TrainState, resumed_at: int | None) -> None:
        """Make the folder this run's: nothing of an earlier one, the plan, the log up to here."""
        left = [] if resumed_at is not None else folder.clear(self.options.folder)
        if left:
            more = f" and {len(left) - 1:,} more" if len(left) > 1 else ""
            self.say(f"note: {left[0]}{more} are not amalgan's and stay where they are")
        facts = {"amalgan": "run", **fields.to_json(self.run), "data_fingerprint": self.data.fingerprint}
        files.write_json(self.options.folder / folder.RUN, facts)
        trim(self.options.folder / folder.LOG, current.round)

    def tell(self, current: TrainState) -> None:
        """Tell callbacks what happened; the state is saved if one of them raises, and its error goes on."""
        self.teller.deliver(lambda: self.save(current))

    def store(self, current: TrainState) -> None:
        """Save the state, and tell it."""
        self.save(current)
        self.tell(current)

    def save(self, current: TrainState) -> None:
        """Save the state; the first process does it for all."""
        if self.peers.first:
            with self.ledger.doing("saving"):
                current.time = current.time and replace(current.time, spent=self.spent())
                computed_on = surroundings(self.peers.device, current.threads)
                state.save(current, self.saved, self.identity, computed_on)
                self.stored()
                self.teller.note("saved", current, path=self.saved)

    def saved_bytes(self) -> int:
        """Bytes of the state on disk."""
        return self.saved.stat().st_size if self.saved.exists() else 0

    def forecast(self, current: TrainState) -> Forecast:
        """What tells how long the rest of the run takes."""
        on_the_way = loop.settling_examples(self.run, self.data, loop.ON_THE_WAY)
        at_the_end = loop.settling_examples(self.run, self.data)
        coded = CODING * coders.examples(current.system, self.run, self.data)
        timed = current.time.timed if current.time else assume_costs(self.run.batch)
        memory = MEMORY * 60 * current.time.minutes if current.time else 0.0
        return Forecast(
            self.run,
            self.ledger,
            timed=timed,
            boundaries=tuple(current.system.boundaries()),
            settled=(on_the_way, at_the_end + coded),
            half_life=max(SHORTEST_MEMORY, memory),
            round=current.round,
        )

    def hooks(self, current: TrainState, forecast: Forecast, signals: Signals, show: Show) -> list[loop.Hook]:
        """What stands beside the loop: the watchdog first, so that nothing broken is saved or shown."""
        run, target = self.run, self.options.folder / folder.LOG

        def gone_back(now: TrainState) -> None:
            if self.peers.first:
                trim(target, now.round)

        guard = guarding.watchdog_of(current, self.data, self.peers, tell=self.say, gone_back=gone_back)
        hooks: list[loop.Hook] = [guard]
        cheap = len(self.data.validation) and possible(current.average)[:1] != ["frechet"]
        if cheap or run.until or run.patience:
            every = run.validate_every or max(run.batch, run.images // VALIDATION_TIMES)
            hooks.append(self.now_and_then("validating", self.validated(current), every))
        log = Log(target, LOG_ROUNDS, lambda now, facts: self.teller.note("log", now, facts, target))
        if self.peers.first:
            sheets = self.now_and_then(
                "drawing samples", self.sheets(), max(run.batch, run.images // SAMPLE_TIMES)
            )
            hooks += [log, sheets, show]
        write = log.append if self.peers.first else lambda now, facts: None
        keeper = Timekeeper(forecast, self.spent, self.peers, write, self.say, begun=current.round)
        return [
            *hooks,
            Periodic(keeper, run, 1, CHECKS),
            keeper.soon,
            lambda now, report: self.tell(now),
            Save(self.store, signals, self.peers, self.saved_bytes),
        ]

    def now_and_then(self, what: str, action: Callable[[TrainState], None], every: int) -> Periodic:
        """A hook that takes ``action`` whenever ``every`` images of the plan are done."""

        def booked(current: TrainState) -> None:
            with self.ledger.doing(what):
                action(current)

        return Periodic(booked, self.run, every, self.run.rounds * self.run.batch)

    def spent(self) -> float:
        """Seconds of the run so far, which minutes are counted by."""
        return self.ledger.spent(without=plan.READING)

    def validation(self, current: TrainState) -> Validate:
        """What measures the averaged weights as training goes on."""
        begun = max(phase.during[0] for phase in current.phases)
        return Validate(
            data=self.data,
            processes=self.peers,
            settle=lambda system: loop.settle(system, self.run, self.data, self.peers),
            features=self.features,
            goal=Goal.parse(self.run.until) if self.run.until else None,
            patience=self.run.patience,
            begun_images=lambda now: now.schedule(self.run).first_round(begun) * self.run.batch,
        )

    def features(self) -> Features:
        """The network that pictures are compared in; the first process trains it for all."""
        with self.peers.first_alone():
            return features_of(self.data, cache=self.options.reading.cache, device=self.peers.device)

    def validated(self, begun: TrainState) -> Callable[[TrainState], None]:
        """What measures the averaged weights and notes what they reach."""
        measure = self.validation(begun)

        def action(current: TrainState) -> None:
            measure(current)
            values = {name: value for name, value in current.curve[-1].items() if name != "images"}
            self.teller.note("validation", current, values)

        return action

    def sheets(self) -> pictures.Sheets:
        """What draws as training goes on."""
        return pictures.Sheets(
            self.options.folder / folder.SAMPLES,
            self.data,
            self.peers.device,
            lambda now, place: self.teller.note("samples", now, path=place),
        )

    def finish(self, current: TrainState) -> tuple[dict[str, float], list[str]]:
        """Settle the averaged weights (the best ones, if they were kept) and publish them."""
        if current.best is not None:
            current.average.load_state_dict(current.best)
        with self.ledger.doing("settling"):
            loop.settle(current.average, self.run, self.data, self.peers)
        reached = self.validation(current).reached(current)
        metrics = {f"validation_{name}": value for name, value in reached.items() if name != "images"}
        doubts = guarding.doubts_about(current.average, self.data, self.peers)
        if self.peers.first:
            with self.ledger.doing("drawing samples"):
                self.sheets()(current)
            self.publish(current, metrics, doubts)
            if not self.options.keep_state:
                state.remove(self.saved)
        for doubt in doubts:
            self.say(f"warning: {doubt}")
        self.teller.note("ended", current, metrics, self.options.folder / folder.MODEL)
        self.teller.deliver()
        return metrics, doubts

    def publish(self, current: TrainState, metrics: dict[str, float], doubts: list[str]) -> None:
        """Fit what the model compresses with, and write its file."""
        system = current.average
        with self.ledger.doing("fitting the coder"):
            coder = publishing.coder_of(system, self.run, self.data, self.peers.device)
        with self.ledger.doing("writing the model"):
            facts = publishing.facts_of(self.run, self.data, current, metrics, doubts)
            target = self.options.folder / folder.MODEL
            seen = contents_of(self.data.train)
            model_file.publish(target, system, name=self.run.system, facts=facts, coder=coder, contents=seen)
