"""What the studio's pages say of runs and jobs, in words.

run.json ─► settings      answer of a command ─► results      state of a run ─► progress      words ─► command_line
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HIDDEN = (
    "amalgan",
    "format",
    "digest",
    "model",
    "data",
    "command",
    "error",
    "skipped",
    "page",
    "sentences",
    "verdict",
)
"""What of an answer is shown in another place, or is of no use to a reader."""
MOST_RESULTS = 24
SAID_OF_STATES = {
    "paused": "Its state is kept; go on when you like.",
    "ended": "Training has ended.",
    "waiting": "Another training is running; this one is next.",
}


def settings(plan: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield every setting of a plan under its full name: ``network.width``."""
    for name, value in plan.items():
        if isinstance(value, dict):
            yield from settings(value, f"{before}{name}.")
        elif before or name != "amalgan":
            yield f"{before}{name}", as_text(value)


def as_text(value: Any) -> str:
    """Return a setting as it is written in a command."""
    if isinstance(value, list):
        return ",".join(map(as_text, value))
    return "by itself" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def results(answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a command has found, in rows."""
    plain = {name: value for name, value in answer.items() if name not in HIDDEN}
    metrics = answer.get("metrics") if isinstance(answer.get("metrics"), dict) else {}
    rows = [*plain.items(), *((name, value) for name, value in (metrics or {}).items() if is_number(value))]
    shown = [
        (readable(name), found(value)) for name, value in rows if isinstance(value, str | bool | int | float)
    ]
    return shown[:MOST_RESULTS]


def found(value: str | float) -> str:
    """Return a result as text."""
    return number(value) if is_number(value) else as_text(value)


def is_number(value: Any) -> bool:
    """Return whether a value is a number; yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: Any) -> str:
    """Return a number with four digits, or all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def readable(name: str) -> str:
    """Return the name of a measure, to be read."""
    return name.replace("_", " ").replace("psnr", "PSNR").replace("ssim", "SSIM")


def progress(state: Mapping[str, Any]) -> str:
    """Return how far a run is, how fast, and what is left."""
    images, planned, speed, left = (state.get(name) for name in ("images", "planned", "speed", "left"))
    parts = [
        f"{images:,} of {planned:,} images" if planned else "",
        f"{number(speed)} a second" if speed else "",
        f"about {lasting(left)} left" if left is not None else "",
        SAID_OF_STATES.get(str(state.get("state")), ""),
    ]
    return " · ".join(filter(None, parts))


def lasting(seconds: float) -> str:
    """Return a time without what nobody needs of it."""
    whole = max(0, round(seconds))
    minutes = round(whole / 60)
    if whole < 90:
        return f"{whole} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def command_line(words: Sequence[str]) -> str:
    """Return a command as it is typed; nothing where there is none."""
    return shlex.join(["amalgan", *(word for word in words if word != "--json")]) if words else ""
