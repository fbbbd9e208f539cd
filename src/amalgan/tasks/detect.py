"""How strange each example is, beside normal ones that the model has not seen.

    examples ─┐                ┌─► p-value of each signal ─┐
              ├─► signals ─────┤                           ├─► scores.csv
    normals ──┘                └─► p-value of all ─► alarms┘        known anomalies ─► AUROC, shares with intervals

``metrics.detection`` says what a p-value promises: of normal examples, a share p or less look as strange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from amalgan import files
from amalgan.data import Records
from amalgan.data.sheets import sheet
from amalgan.errors import UsageError
from amalgan.metrics import detection
from amalgan.metrics.statistics import Interval, binomial_interval
from amalgan.modelfile import Model
from amalgan.tasks.generate import CHUNK
from amalgan.tasks.normals import class_names
from amalgan.tasks.signals import scored

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
        normal, score = (torch.stack(list(side.values()), 1) for side in (self.normal, self.score))
        return detection.joined(normal, score)

    @cached_property
    def p_value(self) -> dict[str, Float[Tensor, " N"]]:
        """Of all signals together, called ``all``, and of each."""
        own = {name: detection.p_values(self.normal[name], score) for name, score in self.score.items()}
        return {ALL: self.joined.p_value, **own}

    def alarms(self, rate: float = 0.05, control: Control = "each") -> Bool[Tensor, " N"]:
        """Which examples are too strange.

        Args:
            rate: the share of normal examples that raise a false alarm; with ``discoveries`` the share of alarms that
                are false.

        Raises:
            UsageError: the rate is not within (0, 1).
        """
        check_rate(rate)
        p_value = self.p_value[ALL]
        return p_value <= rate if control == "each" else detection.discoveries(p_value, rate)

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

    def write(self, target: Path, alarms: Bool[Tensor, " N"]) -> None:
        """Write a row an example: name, class if known, p-values, whether it raises an alarm, and scores.

        Raises:
            UsageError: another ending than ``.csv``.
            FileError: the file cannot be written.
        """
        check_table(target)
        files.write_text(target, sheet(self.lines(alarms)))

    def lines(self, alarms: Bool[Tensor, " N"]) -> Iterator[list[str | float]]:
        """The head, then the rows."""
        columns = [*self.p_value.values(), *self.score.values()]
        yield ["name", "label", "alarm", *(f"p({one})" for one in self.p_value), *self.score]
        for row, (name, label) in enumerate(zip(self.names, self.label, strict=True)):
            values = [float(f"{float(column[row]):.6g}") for column in columns]
            yield [name, label, "yes" if alarms[row] else "no", *values]


def detect(model: Model, records: Records, normals: Records) -> Detection:
    """Judge ``records`` beside ``normals``, which the model must not have been trained on.

    Raises:
        AbilityError: the model has nothing to judge by.
        UsageError: a set is empty.
    """
    found = of_chunks(model, *((batch.x for batch in side.batches(CHUNK)) for side in (records, normals)))
    return replace(found, names=records.names, label=class_names(records))


def of_chunks(
    model: Model, x: Iterable[Float[Tensor, "B ..."]], normals: Iterable[Float[Tensor, "M ..."]]
) -> Detection:
    """The same of examples that have no records: they are called by their numbers.

    Raises:
        UsageError: a set is empty.
    """
    score, normal = scored(model, x), scored(model, normals)
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
        raise UsageError(f"{target} ends in {target.suffix or 'nothing'}; scores go to .csv.")


def share(alarms: Bool[Tensor, " N"]) -> Interval:
    """The share that raise an alarm, with its Wilson interval."""
    return binomial_interval(int(alarms.sum()), len(alarms))


def bounds(found: Interval) -> dict[str, float]:
    """An interval as JSON."""
    return {"mean": found.mean, "low": found.low, "high": found.high}
