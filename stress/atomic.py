"""A state is saved whole or not at all: under SIGKILL at any moment, and when the power goes.

kill     a child saves again and again ── SIGKILL at a random moment ──► newest and previous load, each its own
power    after every call that reaches the disk: what would be there if all that was not synced were lost?
         └─ two worlds a call: the folder as it was last synced; the folder as it is, unsynced files empty
"""

from __future__ import annotations

import os
import random
import signal
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from amalgan.core import files
from amalgan.core.errors import StateError
from amalgan.training import state
from amalgan.training.state import TrainState
from stress import forked
from stress.figure import Figure, portion
from support import build

KILLS = 200
NAME = "state.safetensors"
CALLS: tuple[tuple[Any, str], ...] = (
    *((os, name) for name in ("open", "fsync", "link", "replace", "unlink")),
    (Path, "write_bytes"),
    (Path, "unlink"),
)
AROUND = 12
"""More calls than a save makes."""
SECONDS = 60
World = dict[str, bytes]


def marked(system: TrainState, number: int) -> TrainState:
    """``system`` with ``number`` in every weight: what is read must be of one save."""
    for one in (system.system, system.average):
        for tensor in one.state_dict().values():
            tensor.fill_(number % 100)
    system.round = number
    return system


def save(system: TrainState, folder: Path, number: int) -> None:
    """Save the state of that number."""
    state.save(marked(system, number), folder / NAME, {})


def number_of(saved: Path) -> int:
    """Which save the file is of.

    Raises:
        StateError: it cannot be read.
        ValueError: it is of no one save.
    """
    tensors, header = state.read(saved)
    number = int(header["round"])
    if any(bool((value != number % 100).any()) for value in tensors.values()):
        raise ValueError(f"{saved} mixes saves")
    return number


def fault_of(folder: Path, least: int) -> str | None:
    """What is wrong with the states in ``folder``, the newest of which that can be read must be at least ``least``."""
    try:
        newest, before = folder / NAME, state.previous_of(folder / NAME)
        found = [number_of(one) for one in (newest, before) if one.exists()]
    except (StateError, ValueError) as error:
        return str(error)
    return None if found and max(found) >= least else f"{found} where {least} was saved"


def killed(system: TrainState, folder: Path, delay: float) -> str | None:
    """Kill a process that saves at a random moment; what is wrong afterwards."""
    folder.mkdir()
    save(system, folder, 1)
    child = forked.start(partial(save_on, system, folder))
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return judged(system, folder)


def judged(system: TrainState, folder: Path) -> str | None:
    """What is wrong after a kill, and after the save that follows it."""
    fault = fault_of(folder, 1)
    save(system, folder, 10**6)
    expected = {NAME, state.previous_of(Path(NAME)).name}
    if fault is None and {path.name for path in folder.iterdir()} - expected:
        fault = "strays after the next save"
    return fault or fault_of(folder, 10**6)


def killed_at(system: TrainState, folder: Path, call: int, when: str) -> str | None:
    """Let a process kill itself before or after a call that reaches the disk; what is wrong afterwards."""
    folder.mkdir()
    save(system, folder, 1)
    child = forked.start(partial(save_and_die, system, folder, call, when))
    ended = forked.ended(child, SECONDS)
    return judged(system, folder) or (None if ended in (0, -signal.SIGKILL) else f"ended with {ended}")


def save_and_die(system: TrainState, folder: Path, call: int, when: str) -> None:
    """Save once, to die around the given call."""
    left = call

    def counted(whole: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == -1 and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = whole(*args, **named)
            if left == -1:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return counting

    for owner, name in CALLS:
        setattr(owner, name, counted(getattr(owner, name)))
    save(system, folder, 2)


def save_on(system: TrainState, folder: Path) -> None:
    """Save until somebody ends it."""
    for number in range(2, 10**6):
        save(system, folder, number)


def duration(system: TrainState, folder: Path) -> float:
    """Seconds a save takes, with the fork before it."""
    folder.mkdir()
    started_at = time.monotonic()
    for number in range(4):
        save(system, folder, number)
    return (time.monotonic() - started_at) / 4


class Power:
    """Knows what of a folder would outlive a power cut, by watching what is synced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contents: dict[int, bytes] = {}
        """By file: what was synced of it."""
        self.names: dict[str, int] = {}
        """The folder as it was last synced."""
        self.cuts: list[tuple[str, World]] = []

    def now(self) -> dict[str, int]:
        """The folder as it is."""
        with os.scandir(self.folder) as entries:
            return {entry.name: entry.inode() for entry in entries}

    def synced(self, handle: int) -> None:
        """Take note of an fsync."""
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            self.names = self.now()
        else:
            self.contents[found.st_ino] = os.pread(handle, found.st_size, 0)

    def cut(self, call: str) -> None:
        """What a power cut after ``call`` may leave; files that are gone are forgotten, since numbers are reused."""
        now = self.now()
        for names in (self.names, now):
            self.cuts.append((call, {name: self.contents.get(inode, b"") for name, inode in names.items()}))
        kept = {*now.values(), *self.names.values()}
        self.contents = {inode: data for inode, data in self.contents.items() if inode in kept}

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Look after every call that changes the folder or syncs it."""
        for name in ("fsync", "replace", "link", "unlink"):
            patch.setattr(os, name, self.watched(name, getattr(os, name)))

    def watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, and a look after it."""

        def looking(*args: Any, **named: Any) -> Any:
            if name == "fsync":
                self.synced(args[0])
            found = call(*args, **named)
            self.cut(name)
            return found

        return looking


def fallback(system: TrainState, folder: Path) -> str | None:
    """Damage the newest state: the one before it is taken, loudly, and lost to no later save."""
    folder.mkdir()
    told: list[str] = []
    save(system, folder, 1)
    save(system, folder, 2)
    newest = folder / NAME
    newest.write_bytes(newest.read_bytes()[:-1])
    try:
        _, header = state.newest(newest, told.append)
    except StateError as error:
        return f"no fallback: {error}"
    if header["round"] != 1 or not any("damaged" in said and "state before it" in said for said in told):
        return f"round {header['round']} was taken, and told: {told}"
    save(system, folder, 3)
    return fault_of(folder, 3)


def power_cuts(system: TrainState, folder: Path) -> Iterator[tuple[str, str | None]]:
    """Save twice under watch; each possible world and what is wrong in it."""
    watched, world = folder / "watched", folder / "world"
    watched.mkdir()
    save(system, watched, 1)
    files.sync(watched)
    power = Power(watched)
    for path in watched.iterdir():
        with path.open("rb") as file:
            power.synced(file.fileno())
    power.names = power.now()
    for number in (2, 3):
        with pytest.MonkeyPatch.context() as patch:
            power.watch(patch)
            save(system, watched, number)
        calls, power.cuts = power.cuts, []
        for call, contents in calls:
            yield f"save {number}, after {call}", fault_in(contents, world, number - 1)
        lasting = {name: power.contents.get(inode, b"") for name, inode in power.names.items()}
        yield f"after save {number}", fault_in(lasting, world, number)


def fault_in(contents: World, folder: Path, least: int) -> str | None:
    """What is wrong with a folder of these contents: the newest state or the one before it must be good."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    try:
        _, header = state.newest(folder / NAME, lambda sentence: None)
    except StateError as error:
        return str(error)
    return None if int(header["round"]) >= least else f"state {header['round']} where {least} was saved"


def figure(share: float, scratch: Path) -> Figure:
    """Kills and power cuts."""
    system, kills, draw = TrainState.fresh(build("fusion")), portion(KILLS, share, 8), random.Random(0)
    longest = 3 * duration(system, scratch / "timing") + 0.02
    faults = [killed(system, scratch / f"kill-{k}", draw.random() * longest) for k in range(kills)]
    broken = [f"kill {number}: {fault}" for number, fault in enumerate(faults) if fault]
    for call in range(AROUND):
        for when in ("before", "after"):
            if fault := killed_at(system, scratch / f"call-{call}-{when}", call, when):
                broken.append(f"killed {when} call {call}: {fault}")
    if fault := fallback(system, scratch / "fallback"):
        broken.append(fault)
    cuts = list(power_cuts(system, scratch))
    broken += [f"power cut, {when}: {fault}" for when, fault in cuts if fault]
    return Figure(
        asked="0 unloadable, 0 silently different, no strays",
        reached=f"{len(broken)} after {kills + 2 * AROUND} SIGKILLs and {len(cuts)} power cuts",
        broken=broken,
    )
