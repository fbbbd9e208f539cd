"""A number with the name that it must not be shown without, and what every score of one evaluation shares.

    Trial   the examples to be judged on, the feature network   ─►   Score   key, value, full name

Pictures are judged as users get them: within their range and rounded to 8 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import AmalganError, DataError
from amalgan.core.limits import CHUNK
from amalgan.data import Dataset, Records
from amalgan.data.dataset.subsets import picked
from amalgan.evaluation.scores.new_examples import NewExamples
from amalgan.features import Features, outside_network
from amalgan.kinds import Kind, kind_of
from amalgan.metrics.distribution import name_metric
from amalgan.metrics.statistics import binomial_interval
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName

T = TypeVar("T")
OUTER = 2_000
"""At most so many pictures are looked at from outside: a kernel distance has no bias that more would remove."""
COMPARED = 5
"""Generated examples are looked for among so many times ``count`` training examples."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One number of an evaluation."""

    key: str
    value: float | None
    """None where it cannot be computed or is not finite; the name then says why."""
    name: str
    """Says n, split and feature network, and warns where n is too small for what the metric promises."""
    interval: tuple[float, float] | None = None
    """The 95 % interval over examples, where there is one."""


@dataclass(frozen=True, eq=False)
class Outside:
    """Examples that another program made, to be judged beside those of models."""

    name: str
    records: Records
    """Read like the data they are compared with; labels in the order of its classes."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a model, or examples made elsewhere, are judged against."""

    data: Dataset
    features: Features | None
    count: int
    seed: int
    valid: Callable[[Sequence[str]], Sequence[bool]] | None = None
    """Says which strings are valid, where the user has given a command for it."""

    @cached_property
    def held_out(self) -> Records:
        """At most ``count`` examples of the test split."""
        return picked(self.data.test, self.count, self.seed)

    @property
    def n(self) -> int:
        """Examples judged."""
        return len(self.held_out)

    @cached_property
    def judge(self) -> Features:
        """The feature network.

        Raises:
            DataError: there is none.
        """
        if self.features is None:
            raise DataError("no feature network was given; features_of(data) trains one")
        return self.features

    def new(
        self, model: Model, count: int, decoder: DecoderName | None = None
    ) -> Iterator[Float[Tensor, "b ..."]]:
        """Yield ``count`` new examples of a model as users get them; those of one model are drawn once."""
        return self.once(model, "new", lambda: NewExamples(model, self.seed)).chunks(count, decoder)

    def once(self, model: Model, what: str, make: Callable[[], T]) -> T:
        """Return what ``make`` gives, and that again for as long as no other model is asked for."""
        if self._of_model.get("model") is not model:  # its digest is that of its weights: code may differ
            self._of_model.clear()
            self._of_model["model"] = model
        if what not in self._of_model:
            self._of_model[what] = make()
        return cast(T, self._of_model[what])

    @cached_property
    def _of_model(self) -> dict[str, Any]:
        """The model that was asked for last, and what was made of it."""
        return {}

    @cached_property
    def real(self) -> Float[Tensor, "N F"]:
        """Features of the held-out examples."""
        return self.extract_features(batch.x for batch in self.held_out.batches(CHUNK))

    @cached_property
    def floor(self) -> Float[Tensor, "M F"]:
        """Features of as many examples of the whole training split, kept for training or not."""
        records = picked(self.data.whole, self.n, self.seed)
        return self.extract_features(batch.x for batch in records.batches(CHUNK))

    @cached_property
    def training_features(self) -> Float[Tensor, "M F"]:
        """Features of training examples, in a random order."""
        records = picked(self.data.train, COMPARED * self.count, self.seed)
        found = self.extract_features(batch.x for batch in records.batches(CHUNK))
        return found[torch.randperm(len(found), generator=torch.Generator().manual_seed(self.seed))]

    def extract_features(self, chunks: Iterable[Tensor]) -> Float[Tensor, "N F"]:
        """Features of what users would get."""
        return torch.cat([self.judge(self.delivered(chunk)) for chunk in chunks])

    @cached_property
    def outer_real(self) -> Float[Tensor, "N 1280"]:
        """What the outside network sees in the held-out pictures."""
        return self.extract_outside_features(batch.x for batch in self.some_held_out.batches(CHUNK))

    @cached_property
    def outer_floor(self) -> Float[Tensor, "M 1280"]:
        """The same of as many pictures of the whole training split."""
        records = picked(self.data.whole, len(self.some_held_out), self.seed)
        return self.extract_outside_features(batch.x for batch in records.batches(CHUNK))

    @cached_property
    def some_held_out(self) -> Records:
        """As many of the held-out examples as are looked at from outside."""
        return self.held_out.select(self.held_out.spaced(OUTER))

    @cached_property
    def outer_unfit(self) -> str:
        """What fools the outside network on this data, in words; nothing where nothing does."""
        return outside_network.explain_unfit(self.data)

    def extract_outside_features(self, chunks: Iterable[Tensor]) -> Float[Tensor, "N 1280"]:
        """What a network taught on ImageNet sees in what users would get."""
        return outside_network.imagenet_features(map(self.delivered, chunks))

    @property
    def kind(self) -> Kind:
        """What the examples are."""
        return kind_of(self.data.spec)

    def delivered(self, x: Tensor) -> Tensor:
        """Examples as users get them."""
        return self.kind.delivered(x)

    @property
    def split(self) -> str:
        """Where the held-out examples are from."""
        return "test split" if self.data.own_splits else f"test split by {self.data.split_by}"

    @property
    def against(self) -> str:
        """The end of a name: what was compared with what."""
        return f"against {self.n} of the {self.split}, features {self.judge.name}"


def compute_score(
    key: str, compute: Callable[[], float], name: str, *, metric: str = "", n: int = 0
) -> Score:
    """The score of ``compute``; where that raises an error of ours, no value, and the reason in the name.

    Args:
        name: the full name; its first word group, up to a comma and a space, is the metric's.
        metric: the key of ``metrics.distribution.LEAST`` that ``n`` is held against.
    """
    title, comma, rest = name.partition(", ")
    name = name_metric(metric, n).replace(metric, title, 1) + comma + rest if metric else name
    try:
        value = compute()
    except AmalganError as error:
        return Score(key=key, value=None, name=f"{name} (not computed: {error})")
    if not math.isfinite(value):
        return Score(key=key, value=None, name=f"{name} (not finite: {value})")
    return Score(key=key, value=value, name=name)


def compute_feature_score(
    trial: Trial, key: str, compute: Callable[[], float], name: str, *, metric: str, n: int
) -> Score:
    """``scored`` for a measure in features; no value where the feature network would be fooled on this data."""
    if why := trial.judge.unfit.get(metric):
        return Score(key=key, value=None, name=f"{name} (not given: on this data {why})")
    return compute_score(key, compute, name, metric=metric, n=n)


def accuracy(key: str, compute: Callable[[], float], name: str, n: int) -> Score:
    """``scored`` for a share of ``n`` examples; its 95 % interval joins the name."""
    score = share(compute_score(key, compute, name), n)
    if score.interval is None:
        return score
    return replace(score, name=f"{name}, 95 % interval {score.interval[0]:.3f} to {score.interval[1]:.3f}")


def share(score: Score, n: int) -> Score:
    """The score of a share of ``n`` examples with its interval."""
    if score.value is None:
        return score
    within = binomial_interval(round(score.value * n), n)
    return replace(score, interval=(within.low, within.high))
