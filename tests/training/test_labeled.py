"""A phase that asks for labeled examples: its batch, the same for every division of the work, in every sitting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import RunConfig
from amalgan.core.errors import StateError
from amalgan.core.types import UNLABELED, Batch
from amalgan.data import Dataset, open_data
from amalgan.systems.supervised import Supervised
from amalgan.training import loop
from amalgan.training.processes import Processes
from support import small
from workshop import Workshop, tensors_in

RUN = RunConfig(
    system="supervised", settings=None, data="", images=64, batch=16, augment=AugmentConfig(shift=0.1)
)


def data_of(workshop: Workshop, **reading: float) -> Dataset:
    return open_data(
        workshop.folder / "data.npz", DataConfig(cache=str(workshop.folder / "cache"), **reading)
    )


def batches(data: Dataset, round: int, *, rank: int = 0, world: int = 1) -> tuple[Batch, Batch]:
    """The round's batch, and that of labeled examples."""
    peers = Processes(rank, world)
    batch, tick = loop.drawn(RUN, data.train, round, 0.0, peers)
    own, again = (loop.labeled(RUN, data, tick, peers)[0] for _ in range(2))
    assert own is again, "drawn once a round"
    return batch, own


def test_every_label_is_seen_as_often_and_none_is_missing(workshop: Workshop) -> None:
    data = data_of(workshop, labeled=6)
    labels = torch.cat([batches(data, round)[1].label for round in range(3)])
    assert torch.bincount(labels).tolist() == [16, 16, 16]


def test_two_processes_share_the_batch_of_one(workshop: Workshop) -> None:
    data = data_of(workshop)
    whole = batches(data, 5)[1]
    parts = [batches(data, 5, rank=rank, world=2)[1] for rank in (0, 1)]
    assert torch.equal(whole.x, torch.cat([part.x for part in parts]))
    assert torch.equal(whole.label, torch.cat([part.label for part in parts]))


def test_where_all_is_labeled_the_two_batches_still_differ(workshop: Workshop) -> None:
    data = data_of(workshop)
    data = replace(data, train=data.labeled)
    batch, own = batches(data, 0)
    assert not torch.equal(batch.index, own.index)


def test_a_run_of_few_labels_resumes_exactly_and_refuses_others(workshop: Workshop) -> None:
    reading = DataConfig(cache=str(workshop.folder / "cache"), labeled=6)
    order = workshop.order("supervised", "struck", reading=reading)
    workshop.stop_at(order, 7)
    with pytest.raises(StateError, match=r"reading\.labeled: 6, now 9"):
        workshop.run(replace(order, resume=True, reading=replace(reading, labeled=9)))
    workshop.run(replace(order, resume=True))
    workshop.run(replace(order, out=workshop.folder / "whole"))
    struck, whole = (tensors_in(workshop.folder / name) for name in ("struck", "whole"))
    assert all(torch.equal(value, struck[name]) for name, value in whole.items())


def test_the_seed_of_the_run_chooses_the_labels(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    whole = loop.train

    def train(run, data, *rest):
        seen.append(set(data.train.index[data.train.labels != UNLABELED].tolist()))
        return whole(run, data, *rest)

    monkeypatch.setattr(loop, "train", train)
    reading = DataConfig(cache=str(workshop.folder / "cache"), labeled=6)
    for seed, out in ((0, "a"), (0, "b"), (1, "c")):
        workshop.run(workshop.order("autoencoder", out, reading=reading, seed=seed))
    assert seen[0] == seen[1] != seen[2] and {len(one) for one in seen} == {6}


@pytest.mark.parametrize("system", ["gan", "fusion"])
def test_systems_of_classes_take_few_labels_too(system: str, workshop: Workshop) -> None:
    reading = DataConfig(cache=str(workshop.folder / "cache"), labeled=6)
    assert workshop.run(workshop.order(system, reading=reading)).images == 160


def test_a_phase_of_labels_rests_without_them(workshop: Workshop) -> None:
    data = data_of(workshop)
    bare = replace(data.train, labels=np.full_like(data.train.labels, UNLABELED))
    phase = Supervised(small("supervised"), data.spec).phases()[0]
    assert loop.takes_part(phase, data, 0, 0.0)
    assert not loop.takes_part(phase, replace(data, train=bare), 0, 0.0)
