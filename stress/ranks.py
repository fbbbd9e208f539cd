"""Of two processes of a run one is killed: the other ends soon, says why, leaves nothing, and both can go on."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import PeerLost
from amalgan.training import hooks, loop
from amalgan.training.state import TrainState
from stress import forked
from stress.figure import Figure
from stress.resume import SECONDS, finish, free_port, mismatches, together
from workshop import Workshop

MOST_SECONDS = 10.0
WORLD = 2
AT = (3, 11)
"""Rounds in which one is killed."""


def struck(workshop: Workshop, order: TrainOptions, rank: int, at: int) -> None:
    """Run ``order``, saving after every round; the process of that rank is killed after round ``at``."""

    def strike(state: TrainState, report: loop.Report) -> None:
        if state.round == at and os.environ["RANK"] == str(rank):
            (order.out / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    hooks.SAVE_SECONDS, hooks.SAVE_SHARE, hooks.MOST_BYTES_A_DAY = 0.0, math.inf, math.inf
    workshop.strike(strike)
    try:
        workshop.run(order)
    except PeerLost as lost:
        (order.out / "said").write_text(str(lost))
        raise


def ended(children: list[int], order: TrainOptions) -> tuple[list[int | None], float]:
    """Exit codes of the processes, and how long after the kill the last one ended."""
    codes = [forked.ended(child, SECONDS) for child in children]
    killed = order.out / "killed"
    return codes, time.time() - killed.stat().st_mtime if killed.exists() else float("inf")


def tried(workshop: Workshop, rank: int, at: int) -> Iterator[str]:
    """Kill one; what is wrong with the other, and with going on."""
    order = workshop.order("fusion", f"rank {rank} at {at}")
    children = forked.ranks(partial(struck, workshop, order, rank, at), WORLD, free_port())
    codes, seconds = ended(list(children), order)
    if codes[rank] != -signal.SIGKILL or codes[1 - rank] != PeerLost.exit_code or seconds > MOST_SECONDS:
        yield f"{order.out.name}: ended with {codes} after {seconds:.1f} s"
    said = order.out / "said"
    if not said.exists() or "another process of this run is gone" not in said.read_text():
        yield f"{order.out.name}: the other did not say why it ended"
    together(partial(finish, workshop, replace(order, resume=True)), WORLD)
    if found := mismatches(workshop.folder / "whole", order.out):
        yield f"{order.out.name}: {len(found)} differ after going on, first {found[0]}"


def figure(share: float, scratch: Path) -> Figure:
    """Either rank, early and late."""
    rounds = AT if share >= 1 else AT[:1]
    with pytest.MonkeyPatch.context() as patch:
        workshop = Workshop.furnished(scratch, patch)
        together(partial(finish, workshop, workshop.order("fusion", "whole")), WORLD)
        broken = [fault for at in rounds for rank in range(WORLD) for fault in tried(workshop, rank, at)]
    return Figure(
        asked=f"all end within {MOST_SECONDS:g} s, say why, and go on exactly",
        reached=f"{len(broken)} faults with {len(rounds) * WORLD} dead ranks",
        broken=broken,
    )
