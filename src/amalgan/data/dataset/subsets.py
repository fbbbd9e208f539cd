"""A part of the training pictures, or of their labels, to see what little data does.

    training split ─► every class in order of content hash ─► the first of each class, the second, … ─► as many as asked

What is kept depends on content alone. Which labels stay depends on content and on the run's seed, so that seeds also
tell what chance did to the choice. Both are nested: what 1 % keeps, 10 % keeps too. Validation and test splits stay
whole.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.records import Records

MIXING = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Odd factors of splitmix64 (Steele, Lea & Flood 2014)."""


def keep(records: Records, most: float) -> Records:
    """``most`` of the records (a share below 1, or a number), each class as often as it can be; in their order."""
    return records.select(balanced(records.labels, hashes(records), max(1, number(most, len(records)))))


def hide_labels(records: Records, most: float, seed: int) -> Records:
    """The same records, of whose labels ``most`` are left (a share below 1, or a number; 0: none), each class as often.

    Raises:
        DataError: nothing is labeled, or so few are left that only some classes would have one.
    """
    known = np.flatnonzero(records.labels != UNLABELED)
    count, classes = number(most, len(known)), len(np.unique(records.labels[known]))
    if not classes:
        raise DataError(f"--labeled is {most:g}, but no training example has a label. Leave it out.")
    if most and count < classes:
        raise DataError(
            f"--labeled {most:g} leaves {count} labels for {classes} classes; at least one of each is needed. "
            f"Give {classes} or more, or 0 for none."
        )
    shown = known[balanced(records.labels[known], shuffled(hashes(records)[known], seed), count)]
    labels = np.full_like(records.labels, UNLABELED)
    labels[shown] = records.labels[shown]
    return replace(records, labels=labels)


def number(most: float, of: int) -> int:
    """How many ``most`` are: a share below 1, or a number."""
    return round(most * of) if most < 1 else min(int(most), of)


def hashes(records: Records) -> NDArray[np.uint64]:
    """64 bits of each record's content."""
    found: NDArray[np.uint64] = records.store.contents[records.index][:, 1]
    return found


def shuffled(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Other 64 bits for each content: another order for every seed."""
    from amalgan.core.randomness import key  # needs torch, which looking at data must not wait for

    mixed = hashes ^ np.uint64(key(seed, "labels"))
    mixed = (mixed ^ (mixed >> np.uint64(30))) * MIXING[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * MIXING[1]
    return mixed ^ (mixed >> np.uint64(31))


def balanced(labels: NDArray[np.int64], hashes: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    """The positions of ``count``, each label as often as it can be, those with the lowest hashes; in their order."""
    order = np.lexsort((hashes, labels))
    turn = ordinals(labels[order])
    return np.sort(order[np.lexsort((hashes[order], turn))][:count])


def ordinals(grouped: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal values stand before each of ``grouped``, in which equal values are neighbors."""
    _, start, count = np.unique(grouped, return_index=True, return_counts=True)
    found: NDArray[np.int64] = np.arange(len(grouped)) - np.repeat(start, count)
    return found


def picked(records: Records, most: int, seed: int) -> Records:
    """At most ``most`` records at random, in their order."""
    if len(records) <= most:
        return records
    import torch

    from amalgan.core.randomness import key

    generator = torch.Generator().manual_seed(key(seed, "evaluate picks"))
    rows: NDArray[np.int64] = torch.randperm(len(records), generator=generator)[:most].sort().values.numpy()
    return records.select(rows)
