"""The rate and the length of clips, where nobody asks for one: what most files have.

some files, spread evenly ─► their commonest rate, halved while it is above MOST ─► one of RATES
                          └► the length that 95 % of them stay below, at most LONGEST
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import numpy as np

from amalgan.core.errors import BadPicture
from amalgan.data.decoding.layout import Request
from amalgan.data.decoding.ordered import in_order
from amalgan.data.readers.sources import Pictures
from amalgan.kinds.sound.clips import LONGEST, one_channel, without_silence
from amalgan.kinds.sound.geometry import Geometry
from amalgan.kinds.sound.recordings import recording

RATES = (8_000, 11_025, 16_000, 22_050, 24_000)
"""Rates that are chosen from; --rate asks for any other."""
LOOKED_AT = 256
"""Files that a rate and a length are chosen by."""
SHARE = 95
"""Percent of the files that are to be heard whole."""
PLAIN_RATE, PLAIN_SECONDS, SHORTEST = 16_000, 1.0, 0.1
"""Where no file can be read; and the least length that is chosen."""


def choose_clips(source: Pictures, request: Request) -> tuple[Geometry, str]:
    """Return the clips that ``source`` is read as, and how they were chosen, in words."""
    asked_rate, asked_seconds = request.extra.get("rate"), request.extra.get("seconds")
    if asked_rate is not None and asked_seconds is not None:
        return Geometry.lasting(asked_seconds, asked_rate), "as asked"
    rates, lasting = surveyed(source)
    rate, seconds = asked_rate or rate_for(rates), asked_seconds or length_for(lasting)
    said = (
        "the rate as asked"
        if asked_rate
        else "the rate most files have"
        if rate in rates
        else "the rate near most files'"
    )
    said += "; the length as asked" if asked_seconds else f"; {SHARE} % of the files are no longer"
    return Geometry.lasting(seconds, rate), said


def surveyed(source: Pictures) -> tuple[Counter[int], list[float]]:
    """Return the rates, and the seconds without silence, of some files that can be read."""
    rows = np.unique(
        np.linspace(0, len(source) - 1, min(LOOKED_AT, len(source))).round().astype(int)
    ).tolist()
    rates, lasting = Counter[int](), list[float]()
    for found in in_order(lambda at: measured(source, rows[at]), len(rows)):
        if found is not None:
            rates[found[0]] += 1
            lasting.append(found[1])
    return rates, lasting


def measured(source: Pictures, row: int) -> tuple[int, float] | None:
    """Return a file's rate, and how long it sounds; None where it cannot be read."""
    with suppress(BadPicture):
        found = recording(source.read(row))
        return found.rate, len(without_silence(one_channel(found.samples), found.rate)) / found.rate
    return None


def rate_for(rates: Counter[int]) -> int:
    """Return the rate for files of these."""
    if not rates:
        return PLAIN_RATE
    rate = float(rates.most_common(1)[0][0])
    while rate > RATES[-1] * 1.01:
        rate /= 2
    return min(RATES, key=lambda one: abs(one - rate))


def length_for(lasting: list[float]) -> float:
    """Return the seconds of a clip for files that sound so long."""
    found = float(np.percentile(lasting, SHARE)) if lasting else PLAIN_SECONDS
    return min(max(found, SHORTEST), LONGEST)
