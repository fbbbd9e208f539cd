"""A run as a stream of events, whoever has started it: its files are read as they grow.

    run.json, log.jsonl, samples/ ─► Watch.events, twice a second ─► text/event-stream
        start     how the run is, and its curves so far; again where the log was written anew
        points    what the log says since
        state     how far it is, what is left, what is wrong, its sheets of pictures; where one of these has changed

A browser that comes again begins anew. One that has gone is noticed when nothing can be sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from amalgan.core.ownership import json_at
from amalgan.studio import wording
from amalgan.studio.logs import Log, all_curves, columns, read_planned_images
from amalgan.studio.refusals import Busy
from amalgan.studio.runs import LOG, MODEL, RUN, header_of, samples_of

SECONDS, SILENCE = 0.5, 10.0
"""Between two looks, and between two signs of life."""
MOST_WATCHERS = 64
Event = tuple[str, dict[str, Any]]


@dataclass
class Watch:
    """One watcher of one run."""

    run: Path
    how: Callable[[], dict[str, Any]]
    """How it is: state, said, error."""
    log: Log = field(init=False)
    last: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = Log(self.run / LOG)

    def poll(self, first: bool = False) -> list[Event]:
        """Return what has changed since the last look."""
        new, anew = self.log.more()
        events = list[Event]()
        if first or anew:
            events.append(("start", {"curves": all_curves(self.run, self.log)}))
        elif new:
            events.append(("points", {"curves": columns(new)}))
        now = self.state()
        if now != self.last:
            events.append(("state", now))
            self.last = now
        return events

    def state(self) -> dict[str, Any]:
        """Return how the run is."""
        facts, lines = self.how(), self.log.lines
        images, running = read_planned_images(json_at(self.run / RUN), self.log), facts["state"] == "running"
        doubts = header_of(self.run / MODEL).get("doubts", []) if facts["state"] == "ended" else []
        found = facts | {
            "images": int(lines[-1]["images"]) if lines else 0,
            "planned": images,
            "speed": self.log.speed() if running else None,
            "left": self.log.left(images) if running else None,
            "warnings": [*self.log.warnings(), *map(str, doubts)],
            "samples": samples_of(self.run),
        }
        return found | {"progress": wording.progress(found)}

    async def events(self) -> AsyncIterator[str]:
        """Yield events for as long as somebody listens."""
        silent, first = 0.0, True
        while True:
            found = await run_in_threadpool(self.poll, first)
            first, silent = False, 0.0 if found else silent + SECONDS
            for name, facts in found:
                yield f"event: {name}\ndata: {json.dumps(facts)}\n\n"
            if silent >= SILENCE:
                silent = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(SECONDS)


class Watchers:
    """How many watch now."""

    def __init__(self) -> None:
        self.count = 0

    def check(self) -> None:
        """Refuse one more where there are enough.

        Raises:
            Busy: there are.
        """
        if self.count >= MOST_WATCHERS:
            raise Busy(f"{MOST_WATCHERS} pages watch runs already; close some of them.")

    @contextmanager
    def counted(self) -> Any:
        """Count one watcher within the block."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    async def stream(self, watch: Watch) -> AsyncIterator[str]:
        """Yield the events of ``watch``, counted."""
        with self.counted():
            async for text in watch.events():
                yield text
