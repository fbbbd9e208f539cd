"""A disk that refuses at any call: what stood there before still stands, and an error of ours says why.

each kind of write, counted once ─► again and again, call k failing by ENOSPC, EIO, EACCES or a short write
                                   └─► an AmalganError or success; old or new contents, whole; no litter
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import resource
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amalgan.core import files
from amalgan.core.errors import AmalganError, FileError
from amalgan.data import open_data, write_output
from amalgan.systems import model_file
from amalgan.tasks.embed.embed import Codes
from amalgan.training import state
from amalgan.training.state import TrainState
from stress.figure import Figure
from support import build, examples, settled

FAULTS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EACCES": errno.EACCES, "short": errno.ENOSPC}
CALLS = ("open", "fsync", "replace", "link", "mkdir")
"""Of os; writes into files are counted too."""
LIMITS = (0, 1, 100, 1000, 4096)
"""Bytes after which the kernel itself cuts a file short."""

Write = Callable[[Path, int], Any]


@dataclass
class Disk:
    """Counts calls, and refuses one of them and all after it that write."""

    refused: int | None = None
    fault: str = ""
    count: int = 0
    full: bool = field(default=False)

    def call(self) -> None:
        """One call to the disk.

        Raises:
            OSError: it is the one that is refused.
        """
        self.count += 1
        if self.count - 1 == self.refused:
            raise self.error()

    def error(self) -> OSError:
        """What the disk says."""
        number = FAULTS[self.fault]
        return OSError(number, os.strerror(number))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between Python and the disk."""
        for name in CALLS:
            patch.setattr(os, name, self.counted(getattr(os, name)))
        opener = partial(self.open, io.open)
        patch.setattr(io, "open", opener)
        patch.setattr(builtins, "open", opener)

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """``call``, counted."""

        def counting(*args: Any, **named: Any) -> Any:
            self.call()
            return call(*args, **named)

        return counting

    def open(
        self,
        real: Callable[..., Any],
        place: Any,
        mode: str = "r",
        buffering: int = -1,
        *rest: Any,
        **named: Any,
    ) -> Any:
        """Files open for writing write through ``Raw``."""
        if not set(mode) & set("wax+") or isinstance(place, int):
            return real(place, mode, buffering, *rest, **named)
        self.call()
        raw = Raw(self, place, mode.replace("b", "").replace("t", ""))
        if buffering == 0:
            return raw
        whole = io.BufferedWriter(raw)
        return (
            whole if "b" in mode else io.TextIOWrapper(whole, encoding="utf-8", newline=named.get("newline"))
        )


class Raw(io.FileIO):
    """A file whose writes are counted; a short one writes half, and then the disk is full."""

    def __init__(self, disk: Disk, place: Any, mode: str) -> None:
        super().__init__(place, mode)
        self.disk = disk

    def write(self, data: Any) -> int:
        """As a file does, or not."""
        if self.disk.full:
            raise self.disk.error()
        if self.disk.count == self.disk.refused and self.disk.fault == "short" and len(data) > 1:
            self.disk.full = True
            self.disk.count += 1
            return super().write(bytes(data)[: len(data) // 2])
        self.disk.call()
        return super().write(data)


def writes(scratch: Path) -> dict[str, Write]:
    """Every kind of write that there is; each takes a folder, and a number that tells its contents."""
    system = TrainState.fresh(settled(build("autoencoder"), examples()))
    source = scratch / "source"
    write_output(source, pixels(0).repeat(16, 0))
    return {
        "state": lambda folder, k: state.save(numbered(system, k), folder / "state.safetensors", {}),
        "model": lambda folder, k: model_file.publish(
            folder / "model.safetensors",
            numbered(system, k).system,
            name="autoencoder",
            facts={"metrics": {"k": k}},
        ),
        "folder": lambda folder, k: write_output(folder / "new", pixels(k)),
        "npz": lambda folder, k: write_output(folder / "new.npz", pixels(k)),
        "grid": lambda folder, k: write_output(folder / "new.png", pixels(k)),
        "csv": lambda folder, k: write_output(folder / "new.csv", np.full((4, 3), k, np.float32)),
        "codes": lambda folder, k: codes(k).write(folder / "codes.npz"),
        "json": lambda folder, k: files.write_json(folder / "run.json", {"k": k}),
        "changed": lambda folder, k: files.write_changed(folder / "x.amg", bytes([k]) * 50),
        "log": lambda folder, k: files.append_line(folder / "log.jsonl", f'{{"round": {k}}}'),
        "cache": lambda folder, k: cache(source, folder / "cache"),
    }


def cache(source: Path, folder: Path) -> None:
    """Decode into a cache."""
    from amalgan.config.data import DataConfig

    open_data(source, DataConfig(cache=str(folder)), at_least=1)


def numbered(system: TrainState, k: int) -> TrainState:
    """The same state with another number in it."""
    next(system.system.parameters()).data.fill_(k)
    system.round = k
    return system


def pixels(k: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Three pictures."""
    return np.full((3, 8, 8), k, np.uint8)


def codes(k: int) -> Codes:
    """Three codes."""
    return Codes(
        code=np.full((3, 2), k, np.float32), label=np.zeros(3, np.int64), name=np.array(["a", "b", "c"])
    )


def contents(folder: Path) -> dict[str, bytes]:
    """All files below ``folder``."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def attempt(write: Write, folder: Path, k: int) -> str | None:
    """Write; what is wrong with how it ended, if it did not end well or by an error of ours with a reason."""
    try:
        write(folder, k)
    except AmalganError as error:
        said = isinstance(error, FileError) and any(mark in str(error) for mark in (":", "cannot"))
        return None if said else f"a {type(error).__name__}: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return None


def judged(
    name: str, before: dict[str, bytes], after: dict[str, bytes], whole: dict[str, bytes]
) -> str | None:
    """What is wrong with what a refused write left: each file old or new, and no part of one."""
    if litter := [path for path in after if ".part" in path]:
        return f"left {litter[0]}"
    if name == "log":
        return None if after["log.jsonl"].startswith(before["log.jsonl"]) else "the log lost lines"
    for path, data in after.items():
        if name != "cache" and data not in (before.get(path), whole.get(path), *previous(before, path)):
            return f"{path} is neither what it was nor what it should be"
    kept = [path for path in before if path not in after and path not in ("state.safetensors",)]
    return f"{kept[0]} is gone" if kept and name != "cache" else None


def previous(before: dict[str, bytes], path: str) -> list[bytes]:
    """What may stand in place of the state before: the one that was newest."""
    return [before["state.safetensors"]] if path == "state.previous.safetensors" else []


def refused(name: str, write: Write, scratch: Path, fault: str, k: int) -> str | None:
    """Let call ``k`` of a write fail; what is wrong afterwards. IndexError when there are not so many calls."""
    folder = scratch / f"{name}-{fault}-{k}"
    before, whole = prepared(name, write, folder)
    disk = Disk(k, fault)
    with pytest.MonkeyPatch.context() as patch:
        disk.install(patch)
        wrong = attempt(write, folder, 2)
    if disk.count <= k and not disk.full:
        raise IndexError
    return wrong or judged(name, before, contents(folder), whole)


def prepared(name: str, write: Write, folder: Path) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """What stands in ``folder`` beforehand, and what will after a good write."""
    after = folder.with_name("whole") / folder.name
    for place in (folder, after):
        place.mkdir(parents=True)
        if name != "cache":
            write(place, 1)
    before = contents(folder)
    write(after, 2)
    return before, contents(after)


def cut_short(name: str, write: Write, scratch: Path, limit: int) -> str | None:
    """Let the kernel itself refuse bytes beyond ``limit``."""
    folder = scratch / f"{name}-limit-{limit}"
    before, whole = prepared(name, write, folder)
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, allowed[1]))
    try:
        wrong = attempt(write, folder, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    return wrong or judged(name, before, contents(folder), whole)


def cases(scratch: Path, step: int) -> Iterator[tuple[str, str | None]]:
    """Every call of every write, or every few, refused in every way, and what was wrong."""
    for name, write in writes(scratch).items():
        for fault in FAULTS:
            for k in range(0, 1000, step):
                try:
                    yield f"{name}, {fault} at call {k}", refused(name, write, scratch, fault, k)
                except IndexError:
                    break
        for limit in LIMITS:
            yield f"{name}, cut at {limit} bytes", cut_short(name, write, scratch, limit)


def figure(share: float, scratch: Path) -> Figure:
    """All of it, or every few calls."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    tried = list(cases(scratch, round(share**-0.5)))
    broken = [f"{case}: {fault}" for case, fault in tried if fault]
    return Figure(
        asked="what was there is intact; an error of ours says why",
        reached=f"{len(broken)} of {len(tried):,} refused calls in {len(writes(scratch))} kinds of writes went wrong",
        broken=broken,
        facts={"tried": len(tried)},
    )
