"""How strange each example is, beside normal ones that the model has not seen.

    known normals ─► joint
                       │       ┌─► p-value of each signal ─┐
    examples ─┬─► signals ─────┤                           ├─► scores.csv
    normals ──┘                └─► p-value of all ─► alarms┘        known anomalies ─► AUROC, shares with intervals

``metrics.detection`` says what a p-value promises: of normal examples, a share p or less look as strange. "All" is the
joint signal where there are known normals to learn it from, else the others, joined by their p-values; the critic,
which costs more than it tells, joins only where it is alone. The outside network and patches join where they are
asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core import files
from amalgan.core.errors import UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.journal import Journal
from amalgan.core.words import counted
from amalgan.data import Records
from amalgan.data.writing.sheets import sheet
from amalgan.metrics import detection
from amalgan.metrics.statistics import Interval, binomial_interval
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.flaw_records import FlawsOf
from amalgan.tasks.detect.normals import Sides, class_names
from amalgan.tasks.detect.outside import Outside
from amalgan.tasks.detect.record_scores import chunks_of, score_rows
from amalgan.tasks.detect.signals import CRITIC, JOINT, OUTSIDE, PATCHES, Joint, scored

Control = Literal["each", "discoveries"]
ALL = "all"
"""The signals joined."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Detection:
    """What a model says of some examples, in their order."""

    names: list[str]
    label: list[str]
    """Classes by the names of the data; empty where unknown."""
    score: dict[str, Float[Tensor, " N"]]
    """A column a signal; higher is stranger."""
    normal: dict[str, Float[Tensor, " n"]]
    """The same of held-out normal examples."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def normals(self) -> int:
        """How many normal examples there are to compare with."""
        return len(next(iter(self.normal.values())))

    @property
    def smallest(self) -> float:
        """The smallest p-value that so many normals allow."""
        return 1 / (self.normals + 1)

    @cached_property
    def joined(self) -> detection.Joined:
        """All signals together."""
        learned = [name for name in (JOINT, OUTSIDE, PATCHES) if name in self.score]
        if learned == [JOINT]:
            score, normal = self.score[JOINT], self.normal[JOINT]
            return detection.Joined(score, detection.p_values(normal, score))
        names = learned if JOINT in learned else [name for name in self.score if name != CRITIC] or [CRITIC]
        normals, scores = (
            torch.stack([side[name] for name in names], 1) for side in (self.normal, self.score)
        )
        return detection.joined(normals, scores)

    @cached_property
    def p_value(self) -> dict[str, Float[Tensor, " N"]]:
        """Of all signals together, called ``all``, and of each."""
        alone = {name: score for name, score in self.score.items() if name != JOINT}
        own = {name: detection.p_values(self.normal[name], score) for name, score in alone.items()}
        return {ALL: self.joined.p_value, **own}

    def describe_silence(self, rate: float) -> str:
        """Return a sentence on a ``rate`` that no p-value can reach."""
        return (
            f"{counted(self.normals, 'normal example')} can show no p-value below {self.smallest:.3g}, so nothing "
            f"raises an alarm at a rate of {rate:g}. Give {math.ceil(1 / rate)} or more as --normals."
        )

    def alarms(self, rate: float = 0.05, control: Control = "each") -> Bool[Tensor, " N"]:
        """Which examples are too strange.

        Args:
            rate: the share of normal examples that raise a false alarm; with ``discoveries`` the share of alarms that
                are false.

        Raises:
            UsageError: the rate is not within (0, 1).
        """
        check_rate(rate)
        return alarms_at(self.p_value[ALL], rate, control)

    def judged(self, anomalies: Collection[str], alarms: Bool[Tensor, " N"]) -> dict[str, Any]:
        """How well known anomalies are told, with 95 % intervals; unlabeled examples are left out.

        Raises:
            DataError: no labeled example is normal, or none anomalous.
        """
        known = torch.tensor([label != "" for label in self.label])
        strange = torch.tensor([label in anomalies for label in self.label])
        columns = {ALL: self.joined.evidence, **self.score}
        return {
            "anomalous": int(strange.sum()),
            "normal": int((known & ~strange).sum()),
            "auroc": {
                name: bounds(detection.auroc(score[known & ~strange], score[strange]))
                for name, score in columns.items()
            },
            "found": bounds(share(alarms[strange])),
            "false_alarms": bounds(share(alarms[known & ~strange])),
        }

    def write(self, target: Path, alarms: Bool[Tensor, " N"]) -> bool:
        """Write a row an example: name, class if known, p-values, whether it raises an alarm, and scores.

        Whether the file did not hold just that already.

        Raises:
            UsageError: another ending than ``.csv``.
            FileError: the file cannot be written.
        """
        check_table(target)
        return files.write_stream(target, (sheet([line]).encode() for line in self.lines(alarms)))

    def with_signal(self, name: str, score: Float[Tensor, " N"], normal: Float[Tensor, " n"]) -> Detection:
        """The same with one more signal."""
        return replace(self, score=self.score | {name: score}, normal=self.normal | {name: normal})

    def lines(self, alarms: Bool[Tensor, " N"]) -> Iterator[list[str | float]]:
        """The head, then the rows."""
        return lines_of(self.columns(), alarms)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Names, classes, p-values and scores, a row an example."""
        p_values = {f"p({name})": values.numpy() for name, values in self.p_value.items()}
        scores = {name: values.numpy() for name, values in self.score.items()}
        texts = {"name": np.array(self.names, np.str_), "label": np.array(self.label, np.str_)}
        return texts | p_values | scores


def alarms_at(p_value: Float[Tensor, " N"], rate: float, control: Control) -> Bool[Tensor, " N"]:
    """Which p-values raise an alarm; see ``Detection.alarms``."""
    return p_value <= rate if control == "each" else detection.discoveries(p_value, rate)


def lines_of(columns: Mapping[str, NDArray[Any]], alarms: Bool[Tensor, " N"]) -> Iterator[list[str | float]]:
    """The head of the table of these columns, then its rows."""
    name, label, *numbers = columns.values()
    yield ["name", "label", "alarm", *[*columns][2:]]
    for row in range(len(name)):
        values = [float(f"{float(column[row]):.6g}") for column in numbers]
        yield [str(name[row]), str(label[row]), "yes" if alarms[row] else "no", *values]


def detect(
    model: Model,
    records: Records,
    normals: Records,
    known: Records | None = None,
    *,
    outside: Outside | None = None,
) -> Detection:
    """Judge ``records`` beside ``normals``, which the model must not have been trained on.

    Args:
        known: other normal examples, best those that it was trained on, to learn from how signals occur together.
        outside: what normal pictures look like to the outside network, learned from such ones too.

    Raises:
        AbilityError: the model has nothing to judge by.
        UsageError: a set is empty.
    """
    joint = Joint.of(model, known)
    score, normal = (scored(model, chunks_of(side), joint, outside) for side in (records, normals))
    return replace(compared(score, normal), names=records.names, label=class_names(records))


def detect_on(
    journal: Journal,
    model: Model,
    sides: Sides,
    joint: Joint | None,
    follow: Callable[[Iterable[NDArray[Any]]], Iterable[NDArray[Any]]],
    outside: Outside | None = None,
    flaws: FlawsOf | None = None,
) -> Detection:
    """``detect``, keeping the scores in a ``journal`` so that it may be killed; ``follow`` sees them pass."""
    normal = scored(model, chunks_of(sides.normal), joint, outside)
    if flaws is not None:
        normal[PATCHES] = flaws.normal_column(sides.normal)
    rows = journal.filled(
        lambda first: follow(score_rows(model, sides.judged, joint, first, outside, flaws)), len(sides.judged)
    ).read_all()
    score = {name: torch.from_numpy(rows[:, at].copy()) for at, name in enumerate(normal)}
    found = compared(score if len(rows) else {}, normal)
    return replace(found, names=sides.judged.names, label=class_names(sides.judged))


def of_chunks(
    model: Model,
    x: Iterable[Float[Tensor, "B ..."]],
    normals: Iterable[Float[Tensor, "M ..."]],
    joint: Joint | None = None,
    outside: Outside | None = None,
) -> Detection:
    """The same of examples that have no records: they are called by their numbers.

    Raises:
        UsageError: a set is empty.
    """
    return compared(scored(model, x, joint, outside), scored(model, normals, joint, outside))


def taught(
    model: Model, known: Sequence[Float[Tensor, "B ..."]] | None, *, outside: bool
) -> tuple[Joint | None, Outside | None]:
    """What ``model``, and the outside network if asked for, learn from known normal examples.

    Raises:
        UsageError: the outside network cannot look at them.
    """
    joint = None if known is None else Joint.fit(model, known)
    return joint, Outside.learned(model, known) if outside else None


def compared(score: dict[str, Tensor], normal: dict[str, Tensor]) -> Detection:
    """Scores beside those of normals."""
    if not score or not normal:
        raise UsageError(f"there are no {'normal examples' if score else 'examples'}; give at least one")
    count = len(next(iter(score.values())))
    return Detection(names=[*map(str, range(count))], label=[""] * count, score=score, normal=normal)


def check_rate(rate: float) -> None:
    """Refuse what is no share."""
    if not 0 < rate < 1:
        raise UsageError(f"rate is {rate:g}; it is a share between 0 and 1, as 0.05")


def check_table(target: Path) -> None:
    """Refuse another ending than that of a table."""
    if target.suffix.lower() != ".csv":
        raise UsageError(f"{target} {describe_ending(target)}; scores go to .csv.")


def share(alarms: Bool[Tensor, " N"]) -> Interval:
    """The share that raise an alarm, with its Wilson interval."""
    return binomial_interval(int(alarms.sum()), len(alarms))


def bounds(found: Interval) -> dict[str, float]:
    """An interval as JSON."""
    return {"mean": found.mean, "low": found.low, "high": found.high}
