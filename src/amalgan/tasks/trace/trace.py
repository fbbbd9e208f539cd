"""Which examples a model made.

    real examples ─┬─► learn ──► forensics ─► score ─┐
                   └─► compare ──────────────────────┴─► p(score) ─┐
    examples ──────┬──────────────► score                          ├─► p ─► made by the model?
                   └─► signs of low frequencies ─► p(watermark) ───┘

p(score) is conformal: of real examples, a share p or less look as much like the model's. Where they may have been coded
or scaled on their way it is the largest over these versions of them, since blur looks generated. p(watermark) is exact
without any real example, so it is all there is where none are given. One and the other are joined by Bonferroni's rule,
with a hundredth of the rate for the watermark, whose p is tiny where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from torch import Tensor

from amalgan.core import files
from amalgan.core.errors import DataError, UsageError
from amalgan.core.journal import Journal, key_of
from amalgan.core.limits import CHUNK
from amalgan.data import Dataset, Records, to_pixels
from amalgan.data.dataset.streaming import Stream
from amalgan.data.writing.sheets import sheet
from amalgan.data.writing.watermark import p_value_together, p_values
from amalgan.kinds import kind_of
from amalgan.metrics import detection
from amalgan.systems.abilities import Generates
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.detect import bounds, share
from amalgan.tasks.detect.normals import trained_on, unseen
from amalgan.tasks.trace.forensics import Changed, Forensics, generate_examples

FOR_WATERMARK = 0.01
"""Of the rate of false alarms."""
FEWEST = 50
"""Real examples to learn from, to compare with, and to count errors on."""
MOST_COUNTED = 2000
"""Examples of each side to compare with, and to count errors on."""
SCORE, WATERMARK = "score", "watermark"


class Reals(NamedTuple):
    """Real examples, in three parts that share none."""

    learned: Records
    """May be what the model was trained on."""
    compared: Records
    counted: Records
    source: str

    @classmethod
    def of(cls, model: Model, data: Dataset) -> Reals:
        """What the model was not trained on is compared with and counted on; of other data, a half is.

        Raises:
            DataError: a part would have fewer than FEWEST.
        """
        if trained_on(model, data):
            learned, (held, source) = data.whole, unseen(model, data)
        else:
            learned, held = (data.records.select(slice(half, None, 2)) for half in (0, 1))
            source = data.name
        parts = learned, held.select(slice(0, None, 2)), held.select(slice(1, None, 2))
        if (least := min(map(len, parts))) < FEWEST:
            raise DataError(
                f"{data.name} leaves {least} real examples to learn from, to compare with, or to count errors on; "
                f"{FEWEST} of each are needed. Give more as --reals."
            )
        return cls(*parts, source)


@dataclass(frozen=True, eq=False, kw_only=True)
class Known:
    """A model's hand, and how it looks on real and on new examples that were not learned from."""

    forensics: Forensics
    compared: dict[str, Float[Tensor, " n"]]
    """Real examples to compare with, in every version that may have come of them."""
    counted: dict[str, Float[Tensor, " m"]]
    new: dict[str, Float[Tensor, " k"]]
    source: str

    @classmethod
    def of(cls, model: Model, reals: Reals, changed: Changed = "coded") -> Known:
        """Learn it, on examples that may have ``changed`` on their way.

        Raises:
            AbilityError: the model makes nothing new.
        """
        model.require(Generates)
        forensics = Forensics.learn(model, reals.learned, changed)
        new = generate_examples(model, min(len(reals.counted), MOST_COUNTED), "tracing: to count errors on")
        return cls(
            forensics=forensics,
            compared=forensics.scores(spread(reals.compared)),
            counted=forensics.scores(spread(reals.counted)),
            new=forensics.scores(new.split(CHUNK)),
            source=reals.source,
        )

    @property
    def beside(self) -> int:
        """How many real examples there are to compare with."""
        return min(map(len, self.compared.values()))

    @property
    def smallest(self) -> float:
        """The smallest p-value that the score can give, joined with that of a watermark."""
        return 1 / (self.beside + 1) / (1 - FOR_WATERMARK)

    def p(self, score: Float[Tensor, " B"]) -> Float[Tensor, " B"]:
        """Of real examples, the share that look as much like the model's, in the version where most do."""
        return torch.stack([detection.p_values(real, score) for real in self.compared.values()]).amax(0)

    def errors(self, rate: float) -> dict[str, Any]:
        """How often the score alone errs at ``rate``, with 95 % intervals, on examples of known origin."""
        versions = {
            name: {
                "false_alarms": bounds(share(self.p(real) <= rate)),
                "missed": bounds(share(self.p(new) > rate)),
                "auroc": bounds(detection.auroc(real, new)),
            }
            for (name, real), new in zip(self.counted.items(), self.new.values(), strict=True)
        }
        first, *_ = versions.values()
        sizes = {
            "real": len(next(iter(self.counted.values()))),
            "made": len(next(iter(self.new.values()))),
        }
        return sizes | first | {"versions": versions}


def spread(records: Records) -> Iterator[Tensor]:
    """At most MOST_COUNTED of them, evenly, some at a time."""
    chosen = records.select(records.spaced(MOST_COUNTED))
    return (batch.x for batch in chosen.batches(CHUNK))


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace:
    """What is found in some examples, in their order."""

    names: list[str]
    column: dict[str, Float[Tensor, " N"]]
    """``score``, higher is more like the model's, and ``watermark``, a p-value; as far as there are."""
    known: Known | None

    @cached_property
    def p_value(self) -> dict[str, Float[Tensor, " N"]]:
        """Of both together, called ``all``, and of each."""
        own = {name: values for name, values in self.column.items() if name == WATERMARK}
        if self.known is not None:
            own = {SCORE: self.known.p(self.column[SCORE])} | own
        if len(own) == 1:
            return {"all": next(iter(own.values())), **own}
        weighed = torch.minimum(own[SCORE] / (1 - FOR_WATERMARK), own[WATERMARK] / FOR_WATERMARK)
        return {"all": weighed.clamp(max=1), **own}

    def made(self, rate: float = 0.01) -> Bool[Tensor, " N"]:
        """Which examples the model made, where a share ``rate`` of real ones may be taken for such."""
        return self.p_value["all"] <= rate

    def write(self, target: Path, rate: float) -> bool:
        """Write a row an example: name, whether the model made it, p-values, score.

        Whether the file did not hold just that already.

        Raises:
            FileError: the file cannot be written.
        """
        return files.write_stream(target, (sheet([line]).encode() for line in self.lines(rate)))

    def lines(self, rate: float) -> Iterator[list[str | float]]:
        """The head, then the rows."""
        return lines_of(self.columns(), self.made(rate))

    def columns(self) -> dict[str, NDArray[Any]]:
        """Names, p-values and score, a row an example."""
        p_values = {f"p({name})": values.numpy() for name, values in self.p_value.items()}
        score = {SCORE: self.column[SCORE].numpy()} if SCORE in self.column else {}
        return {"name": np.array(self.names, np.str_)} | p_values | score


def lines_of(columns: Mapping[str, NDArray[Any]], made: Bool[Tensor, " N"]) -> Iterator[list[str | float]]:
    """The head of the table of these columns, then its rows."""
    name, *numbers = columns.values()
    yield ["name", "made", *[*columns][1:]]
    for row in range(len(name)):
        values = [float(f"{float(column[row]):.6g}") for column in numbers]
        yield [str(name[row]), "yes" if made[row] else "no", *values]


def columns(model: Model, known: Known | None) -> list[str]:
    """What can be told of an example.

    Raises:
        UsageError: nothing can: vectors bear no watermark.
    """
    refused = kind_of(model.spec).refuses("watermark")
    found = [SCORE] * (known is not None) + [WATERMARK] * (not refused)
    if not found:
        raise UsageError(
            f"{refused.partition(';')[0]}; give real ones as --reals to learn how the model's differ from them."
        )
    return found


def trace(model: Model, chunks: Iterable[Float[Tensor, "B ..."]], known: Known | None) -> Trace:
    """Trace examples that have no records: they are called by their numbers.

    Raises:
        UsageError: nothing can be told.
    """
    asked = columns(model, known)
    rows = np.concatenate([np.zeros((0, len(asked))), *(found(model, x, known) for x in chunks)])
    return traced(rows, asked, [*map(str, range(len(rows)))], known)


def trace_on(
    journal: Journal,
    model: Model,
    stream: Stream,
    known: Known | None,
    follow: Callable[[Iterable[NDArray[Any]]], Iterable[NDArray[Any]]],
) -> Trace:
    """The same of what has names, kept in a ``journal`` so that it may be killed; ``follow`` sees them pass."""

    def work(first: int) -> Iterable[NDArray[Any]]:
        return follow(found(model, x, known) for _, x in stream.chunks(first))

    journal.filled(work)
    records = stream.records
    rows = journal.filled(lambda first: (), len(records)).read_all()
    return traced(rows, columns(model, known), records.names, known)


def traced(rows: NDArray[np.float64], asked: list[str], names: list[str], known: Known | None) -> Trace:
    """Rows of numbers as what they are."""
    column = {name: torch.from_numpy(rows[:, place].copy()) for place, name in enumerate(asked)}
    return Trace(names=names, column=column, known=known)


def found(model: Model, x: Float[Tensor, "B ..."], known: Known | None) -> NDArray[np.float64]:
    """A row an example, a number for each of ``columns``."""
    parts = [] if known is None else [known.forensics.score(x).numpy()]
    if not kind_of(model.spec).refuses("watermark"):
        parts.append(p_values(to_pixels(x, model.spec), model.mark_key))
    return np.stack(parts, 1)


def together(model: Model, records: Records) -> float | None:
    """The p-value of the watermark in all pictures as one; None where fewer than two could bear it."""
    if kind_of(model.spec).refuses("watermark") or len(records) < 2:
        return None
    chunks = (to_pixels(x, model.spec) for _, x in records.chunks())
    return p_value_together(chunks, model.mark_key)


def key_for(model: Model, stream: Stream, reals: Dataset | None, changed: Changed) -> str:
    """What names the rows: weights, contents, and what was learned from."""
    return key_of("traced", model.digest, model.mark_key, stream.key, reals and (reals.fingerprint, changed))
