"""Which class each example is of, and how sure that is.

records ─► encoder ─► head ─► Classified: probability (N, K), label, name ─┬─► x.csv     a row an example
                                                                          └─► judged    where labels are known
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core import files
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset, Records
from amalgan.data.writing.sheets import sheet
from amalgan.metrics import classification
from amalgan.metrics.statistics import binomial_interval
from amalgan.systems.abilities import Classifies
from amalgan.systems.model_file import Model

SplitName = Literal["auto", "test", "all"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Classified:
    """What a model says of some examples, in their order."""

    classes: tuple[str, ...]
    probability: Float[Tensor, "N K"]
    """Rows sum to 1."""
    label: Int[Tensor, " N"]
    """The true classes; UNLABELED where unknown."""
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def judged(self) -> dict[str, Any]:
        """Accuracy with its 95 % Wilson interval, log loss and calibration error; None without labels."""
        n = int((self.label != UNLABELED).sum())
        if not n:
            keys = ("accuracy", "interval", "log_loss", "calibration_error")
            return {"labeled": 0, **dict.fromkeys(keys)}
        found = binomial_interval(classification.correct(self.probability, self.label), n)
        return {
            "labeled": n,
            "accuracy": found.mean,
            "interval": [found.low, found.high],
            "log_loss": classification.log_loss(self.probability, self.label),
            "calibration_error": classification.calibration_error(self.probability, self.label),
        }

    def counts(self) -> dict[str, int]:
        """How many examples each class was found for."""
        predicted = torch.bincount(self.probability.argmax(1), minlength=len(self.classes))
        return dict(zip(self.classes, predicted.tolist(), strict=True))

    def write(self, target: Path) -> None:
        """Write a row an example: its name, its class if known, the likeliest one, and every probability.

        Raises:
            UsageError: another ending than ``.csv``.
            FileError: the file cannot be written.
        """
        if target.suffix.lower() != ".csv":
            raise UsageError(f"{target} {describe_ending(target)}; probabilities go to .csv.")
        files.write_text(target, sheet(self.lines()))

    def columns(self) -> dict[str, NDArray[Any]]:
        """Names, true classes and probabilities, a row an example."""
        classes = np.array([*self.classes, ""], np.str_)
        texts = {"name": np.array(self.names, np.str_), "label": classes[self.label.numpy()]}
        return texts | {"probability": self.probability.numpy()}

    @classmethod
    def of_columns(cls, columns: Mapping[str, NDArray[Any]], classes: Sequence[str]) -> Classified:
        """What such columns say."""
        number = {name: at for at, name in enumerate(classes)}
        label = [number.get(str(name), UNLABELED) for name in columns["label"]]
        return cls(
            classes=tuple(classes),
            probability=torch.from_numpy(columns["probability"]),
            label=torch.tensor(label, dtype=torch.int64),
            names=columns["name"].tolist(),
        )

    def lines(self) -> Iterator[list[str]]:
        """The head, then the rows."""
        yield ["name", "label", "predicted", "probability", *(f"p({one})" for one in self.classes)]
        classes = [*self.classes, ""]  # UNLABELED, -1, is the last
        top, predicted = self.probability.max(1)
        for row, name in enumerate(self.names):
            every = [f"{p:.6g}" for p in self.probability[row].tolist()]
            yield [name, classes[self.label[row]], classes[predicted[row]], f"{top[row]:.6g}", *every]


@torch.no_grad()
def classify(model: Model, records: Records) -> Classified:
    """Class probabilities of every record.

    Raises:
        AbilityError: the model cannot classify, or knows no classes.
    """
    require_classes(model)
    parts = [probabilities(model, x.to(model.device)).cpu() for _, x in records.chunks()]
    return Classified(
        classes=model.spec.classes,
        probability=torch.cat([torch.zeros(0, len(model.spec.classes)), *parts]),
        label=torch.from_numpy(records.labels),
        names=records.names,
    )


@torch.no_grad()
def probabilities(model: Model, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B K"]:
    """Class probabilities of one chunk, float32."""
    return model.require(Classifies).classify(x).float().softmax(dim=1)


def require_classes(model: Model) -> None:
    """Raise AbilityError where the model tells no classes."""
    model.require(Classifies)
    if not model.spec.classes:
        raise AbilityError(
            "this model knows no classes: the data it was trained on has no labels. "
            "Train on data with labels (sub-folders are classes); --labeled says how few will do."
        )
    if not model.system.classes_shown:
        raise AbilityError(
            "this model has a class head that never saw a label: it was trained with --labeled 0. "
            "Train again with some; --labeled says how few will do."
        )


def choose_examples(data: Dataset, split: SplitName = "auto") -> tuple[str, Records]:
    """The examples to classify and the name of their split.

    ``auto`` takes the test split where the data has one of its own or has labels (the tenth that its contents
    decide: no model was trained on it), else everything.

    Raises:
        UsageError: a test split is asked for and there is none.
    """
    labeled = bool((data.records.labels != UNLABELED).any())
    if split == "test" and not len(data.test):
        raise UsageError(f"--split test: {data.name} has no test split. Use --split all.")
    if split == "all" or not len(data.test) or not (split == "test" or data.own_splits or labeled):
        return "all", data.records
    return "test", data.test
