"""What a notebook shows while a model is trained: how far it is, what was measured, and the newest pictures."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from amalgan.core.notebook import html_picture, number
from amalgan.training.events import Event

APART_SECONDS = 0.5
"""Between two pictures of the same state."""
SHEETS = ("generated", "rebuilt", "restored")


def notebook() -> Any:
    """Return the module that shows things in a notebook; None outside of one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if getattr(shell, "kernel", None) is None:
        return None
    return sys.modules["IPython"].display


@dataclass
class Live:
    """A callback that keeps one output of a notebook cell up to date."""

    display: Any
    """``IPython.display``."""
    planned: float = 0.0
    images: int = 0
    values: dict[str, dict[str, float]] = field(default_factory=dict)
    """What the log and validation said last."""
    sheets: dict[str, Path] = field(default_factory=dict)
    handle: Any = None
    shown_at: float = 0.0

    def __call__(self, event: Event) -> None:
        self.images = event.images
        if event.name == "started":
            self.planned = event.values.get("planned_images", 0.0)
        if event.name in ("log", "validation"):
            self.values[event.name] = dict(event.values)
        if event.name == "samples" and event.path is not None:
            self.sheets[event.path.stem.rpartition("-")[0]] = event.path
        due = time.monotonic() - self.shown_at > APART_SECONDS
        if due or event.name in ("started", "ended"):
            with suppress(Exception):  # whoever watches must not stop training
                self.show(ended=event.name == "ended")

    def show(self, *, ended: bool) -> None:
        """Bring the output up to date."""
        self.shown_at = time.monotonic()
        page = self.display.HTML(self.page(ended=ended))
        if self.handle is None:
            self.handle = self.display.display(page, display_id=True)
        else:
            self.handle.update(page)

    def page(self, *, ended: bool) -> str:
        """Return the output as HTML."""
        most = max(self.planned, self.images, 1)
        done = most if ended else self.images
        bar = f'<progress value="{done:.0f}" max="{most:.0f}" style="width:24em"></progress>'
        lines = [f"{bar} {self.images:,} of {most:,.0f} images{', ended' if ended else ''}"]
        for name, values in self.values.items():
            said = " · ".join(f"{escape(key)} {number(value)}" for key, value in list(values.items())[:8])
            lines.append(f"{name}: {said}")
        pictures = [
            html_picture(self.sheets[what].read_bytes(), f"{what} pictures")
            for what in SHEETS
            if what in self.sheets
        ]
        return "<br>".join([*lines, *pictures])
