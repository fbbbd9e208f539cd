"""Labels, few or many: what the two phases see, and that it is the unlabeled pictures that help."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
import torch

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.parts import Networks
from amalgan.config.run import RunConfig
from amalgan.config.systems import SupervisedConfig
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import Dataset, open_data
from amalgan.objectives.classification import cross_entropy, pick_confident
from amalgan.systems.supervised import Supervised
from amalgan.training import loop
from amalgan.training.plan import fresh_system
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState
from support import SPECS, build, examples, tick

TINY = SupervisedConfig(network=Networks(width=16, widest=32))


def few(labels: float, seed: int, folder: Path) -> Dataset:
    """Digits with so many labels."""
    return open_data("digits", DataConfig(cache=str(folder), labeled=labels), seed=seed)


def taught(data: Dataset, seed: int, config: SupervisedConfig = TINY, *, images: int = 12_800) -> Supervised:
    """The averaged weights of a short run."""
    run = RunConfig(
        system="supervised",
        settings=config.resolved(data.spec),
        data=data.name,
        images=images,
        seed=seed,
        batch=32,
        augment=AugmentConfig(flip=False),
    )
    state = TrainState.fresh(fresh_system(run, data, Processes()))
    loop.train(run, data, state, Processes(), [])
    assert isinstance(state.average, Supervised)
    return state.average


@torch.no_grad()
def accuracy(system: Supervised, data: Dataset) -> float:
    told = system.classify(data.test.take(slice(None))).argmax(1).numpy()
    return float((told == data.test.labels).mean())


def test_the_gain_is_gone_without_the_unlabeled_pictures(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    gains = []
    for seed in (0, 1):
        data = few(20, seed, tmp_path)
        alone = replace(data, train=data.labeled)
        gains.append(accuracy(taught(data, seed), data) - accuracy(taught(alone, seed), data))
    assert min(gains) > 0.02 and fmean(gains) > 0.03


def test_the_phase_of_labels_sees_labeled_examples_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[torch.Tensor]] = {"label_loss": [], "example_loss": []}
    for name, labels in seen.items():
        whole = getattr(Supervised, name)

        def watched(self, batch, now, whole=whole, labels=labels):
            labels.append(batch.label)
            return whole(self, batch, now)

        monkeypatch.setattr(Supervised, name, watched)
    data = few(20, 0, tmp_path)
    taught(data, 0, images=320)
    labels, every = (torch.cat(found) for found in seen.values())
    assert len(labels) == len(every) == 320
    assert torch.equal(torch.bincount(labels), torch.full((10,), 32)), "each of 20 as often"
    assert (every == UNLABELED).float().mean() > 0.9


def test_without_labels_in_training_the_phase_of_labels_rests(tmp_path: Path) -> None:
    data = few(20, 0, tmp_path)
    bare = replace(data.train, labels=np.full_like(data.train.labels, UNLABELED))
    system = taught(replace(data, train=bare), 0, replace(TINY, trust=1.0), images=320)
    assert system.phases()[0].labeled and not len(replace(data, train=bare).labeled)
    with torch.no_grad():
        system.settle([examples(data.spec, label=UNLABELED)], tick(0, 0.0, 12).draws)
    assert system.ready()


@pytest.mark.parametrize("spec", [SPECS["color"], SPECS["vectors"]], ids=["pictures", "vectors"])
def test_without_classes_it_is_an_autoencoder(spec: DataSpec) -> None:
    system = build("supervised", spec)
    (phase,) = system.phases()
    step = phase.loss(examples(spec), tick(0, 0.5, 12))
    assert set(step.terms) == {"reconstruction"} and not step.notes
    assert not any(name.startswith("head") for name, _ in system.named_parameters())


def test_a_known_label_is_never_replaced_and_only_what_is_sure_becomes_one() -> None:
    system = build("supervised", trust=0.6)
    assert isinstance(system, Supervised) and system.head is not None
    torch.nn.init.zeros_(system.head.weight)
    system.head.bias.data = torch.tensor([0.0, 3.0, 0.0])  # class 1 with 0.91
    label = torch.tensor([0, 1, 2, UNLABELED])
    assert system.labels(torch.zeros(4, 4), label).tolist() == [0, 1, 2, 1]
    sure = replace(system.config, trust=0.95)
    system.config = sure
    assert system.labels(torch.zeros(4, 4), label).tolist() == [0, 1, 2, UNLABELED]


def test_where_every_label_is_known_examples_and_their_views_are_asked_for_it() -> None:
    system, batch = build("supervised", trust=1.0), examples()
    known = replace(batch, label=torch.arange(12) % 3)
    bare = replace(batch, label=torch.full((12,), UNLABELED))
    full, none = (system.phases()[1].loss(part, tick(0, 0.5, 12)) for part in (known, bare))
    assert full.notes["sure"] == 1 and full.terms["known"] > 0 and full.terms["consistency"] > 0
    assert none.notes["sure"] == 0 and none.terms["known"] == none.terms["consistency"] == 0


def test_the_prior_knows_the_classes_of_unlabeled_pictures() -> None:
    system = build("supervised")
    assert isinstance(system, Supervised) and system.head is not None
    system.head.bias.data = torch.tensor([0.0, 50.0, 0.0])
    batch = examples()
    with torch.no_grad():
        system.settle([replace(batch, label=torch.tensor([0] + [UNLABELED] * 11))], tick(0, 0.0, 12).draws)
    assert system.prior.groups.share.tolist() == pytest.approx([1 / 12, 11 / 12, 0, 0])


def test_losses_of_labels_and_pseudo_labels() -> None:
    logits = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 5.0]], requires_grad=True)
    label = torch.tensor([0, UNLABELED, 0])
    loss = cross_entropy(logits, label)
    expected = -logits.detach().log_softmax(1)[:, 0] * torch.tensor([1.0, 0.0, 1.0])
    torch.testing.assert_close(loss.detach(), expected)
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    assert gradient[1].abs().sum() == 0 and gradient[2, 0] < 0 < gradient[2, 1]
    assert pick_confident(logits, 0.85).tolist() == [0, UNLABELED, 1]
    assert not pick_confident(logits, 0.85).requires_grad
