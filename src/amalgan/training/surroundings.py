"""What a run computes on, of which the last digits of its result depend: threads, device, torch.

    at each save ─► state: {"threads", "device", "torch"} ─► on resume ─┬─ threads: as many as before are taken again
                                                                        └─ device, torch: the same, or StateError

With --accept-changes a run goes on with what is there now, and says that it becomes another run than it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from amalgan.core.errors import StateError

MOST_THREADS = 4096


def surroundings(device: str, threads: int | None = None) -> dict[str, Any]:
    """Return what is computed on now; ``threads`` where these are not torch's own number."""
    return {
        "threads": threads or torch.get_num_threads(),
        "device": device_name(device),
        "torch": torch.__version__,
    }


def device_name(device: str) -> str:
    """Return a device's kind and model; of a CPU, the instructions that torch uses, since these decide its rounding."""
    if device.startswith("cuda"):
        return f"cuda {torch.cuda.get_device_name(device)}"
    return f"cpu {torch.backends.cpu.get_cpu_capability()}" if device == "cpu" else device


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for each part that differs and that cannot be had again."""
    return [
        f"{name}: {before.get(name)}, now {now[name]}"
        for name in ("device", "torch")
        if before.get(name) != now[name]
    ]


def threads_of(before: Mapping[str, Any], now: Mapping[str, Any], tell: Callable[[str], None]) -> int:
    """Return the number of threads to go on with: that of ``before``; say so where torch would take another."""
    kept, own = before.get("threads"), int(now["threads"])
    if not isinstance(kept, int) or isinstance(kept, bool) or not 0 < kept <= MOST_THREADS or kept == own:
        return own
    tell(
        f"note: this run was computed on {kept} threads; it goes on with as many, not {own}, so that it stays the same "
        "run. --accept-changes takes what torch takes now."
    )
    return kept


def agree_on_threads(
    source: Path,
    before: dict[str, Any] | None,
    now: dict[str, Any],
    accept: bool,
    tell: Callable[[str], None],
) -> int | None:
    """Return the threads to go on with.

    Raises:
        StateError: device or torch are others than before, and that is not accepted.
    """
    if not isinstance(before, dict):
        tell(
            "note: this state is of an earlier version and does not say what it was computed on; the run stays the "
            "same only if threads, device and torch do."
        )
        return None
    changed = changes(before, now)
    if changed and not accept:
        raise StateError(
            f"{source} was computed on something else; what differs:\n  " + "\n  ".join(changed) + "\n"
            "Going on gives another model than a run that never stopped. Resume where it was begun, or pass "
            "--accept-changes."
        )
    if not accept:
        return threads_of(before, now, tell)
    if changed or before.get("threads") != now["threads"]:
        tell(
            "note: the run goes on computed on something else, so its result is not that of a run that never stopped."
        )
    return None
