"""Strange windows in a row as stretches of time.

    rec.csv/000001280-000001536  p 0.004  alarm ─┐
    rec.csv/000001344-000001600  p 0.010  alarm ─┴─► rec.csv, 12.80 s to 16.00 s, p 0.014

Windows that overlap or touch and raise an alarm are one stretch. Its p-value is that of its window; of several twice
their mean, which holds however windows depend on one another (Vovk & Wang 2020, arXiv:1212.4966). That stretches are
only where alarms are is not allowed for: among many windows, some raise a false alarm, and these are stretches too.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from amalgan.kinds.measures import Stretch

WINDOW = re.compile(r"(.*)/(\d{9,})-(\d{9,})", re.DOTALL)
Found = tuple[str, int, int, list[float]]


def join_stretches(
    names: Sequence[str], p_value: Sequence[float], alarms: Sequence[bool], facts: Mapping[str, Any]
) -> list[Stretch] | None:
    """The stretches of all recordings, in their order; None where the windows are of none.

    Args:
        facts: ``times`` of some rows of each recording, the ``interval``, ``time_unit``, whether times are ``dates``.
    """
    places = [WINDOW.fullmatch(name) for name in names]
    if not places or None in places:
        return None
    found = list[Found]()
    for place, p, is_alarm in zip(places, p_value, alarms, strict=True):
        assert place is not None
        recording, start, stop = place[1], int(place[2]), int(place[3])
        if not is_alarm:
            continue
        if found and found[-1][0] == recording and start <= found[-1][2]:
            found[-1] = (recording, found[-1][1], max(stop, found[-1][2]), [*found[-1][3], float(p)])
        else:
            found.append((recording, start, stop, [float(p)]))
    return [stretch(one, facts) for one in found]


def stretch(found: Found, facts: Mapping[str, Any]) -> Stretch:
    """One of them, in time where the recording has times."""
    recording, start, stop, values = found
    p = values[0] if len(values) == 1 else min(1.0, 2 * sum(values) / len(values))
    times, interval = facts.get("times", {}).get(recording), facts.get("interval")
    if not times or interval is None:
        return Stretch(recording, start, stop, "steps", p, len(values))
    first, last = time_of(start, times, interval), time_of(stop - 1, times, interval, after=1)
    if facts.get("dates"):
        return Stretch(recording, written(first), written(last), "date", p, len(values))
    return Stretch(recording, first, last, facts["time_unit"], p, len(values))


def time_of(row: int, times: Sequence[Sequence[float]], interval: float, after: int = 0) -> float:
    """When a row was, or so many intervals after it, by the last row before it whose time is known."""
    known = max(0, bisect_right([one[0] for one in times], row) - 1)
    at, time = times[known]
    return float(f"{time + (row + after - at) * interval:.12g}")


def written(seconds: float) -> str:
    """A date as people and programs read it."""
    return (
        datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")
    )
