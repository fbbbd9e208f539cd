"""Anomalies that are known are found, by every signal that a model has, and normal examples are left in peace."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan.api import model as door
from amalgan.config.data import DataConfig
from amalgan.core.errors import AbilityError, DataError, UsageError
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import Dataset, open_data
from amalgan.networks import Critic
from amalgan.networks.priors import MixturePrior
from amalgan.systems import gan_losses
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.detect import Detection, detect, of_chunks
from amalgan.tasks.detect.heat import maps, rebuilt, usual
from amalgan.tasks.detect.normals import class_names, sides
from amalgan.tasks.detect.signals import Joint, signals
from hostile import HOSTILE

Trained = Callable[[str, str], Model]
PLANE = DataSpec(kind="vector", shape=(3,), center=(0.0,) * 3, spread=(1.0,) * 3)


class Flat(System):
    """Knows two of three entries: the code is those two, and what is decoded has 0 for the third."""

    judge = gan_losses.judge

    def __init__(self) -> None:
        super().__init__(None, PLANE)
        self.prior = MixturePrior(2, 0, parts=1, codes=1000)
        self.critic = Critic(torch.nn.Linear(3, Critic.FEATURES), classes=0)
        torch.nn.init.zeros_(self.critic.encoder.weight)
        torch.nn.init.zeros_(self.critic.encoder.bias)
        torch.nn.init.zeros_(self.critic.last.bias)
        self.critic.encoder.weight.data[0, 0] = self.critic.last.weight.data[0, 0] = -1.0

    def encode(self, x: Tensor) -> Tensor:
        return x[:, :2]

    def decode(self, code: Tensor) -> Tensor:
        return torch.cat([code, torch.zeros(len(code), 1)], 1)


@pytest.fixture(scope="module")
def flat() -> Model:
    system = Flat()
    draws = Draws(seed=0, round=0, total=1)
    system.prior.fit(torch.randn(1000, 2), torch.full((1000,), UNLABELED), draws)
    return Model(system.requires_grad_(False), {"system": "flat", "data": {"name": "plane"}}, "")


def saved(place: Path, name: str, x: np.ndarray, y: list[str] | None = None) -> Dataset:
    with (place / f"{name}.npz").open("wb") as file:
        np.savez(file, x=x.astype(np.float32), **({} if y is None else {"y": np.array(y)}))
    return open_data(place / f"{name}.npz", DataConfig(cache=str(place / "cache")), like=PLANE, at_least=1)


@pytest.fixture(scope="module")
def normals(place: Path) -> Dataset:
    x = np.random.default_rng(0).normal(size=(499, 3)) * (1, 1, 0.1)
    return saved(place, "good", x)


def test_each_signal_is_its_formula(flat: Model) -> None:
    x = torch.tensor([[0.0, 0.0, 3.0], [5.0, -5.0, 0.0], [-2.0, 0.0, 0.0]])
    found = signals(flat, x)
    assert found["reconstruction"].tolist() == pytest.approx([3.0, 0, 0])
    prior = flat.system.prior
    assert isinstance(prior, MixturePrior)
    torch.testing.assert_close(found["density"], -prior.log_density(x[:, :2]))
    torch.testing.assert_close(found["critic"], -flat.system.critic(x).double())  # type: ignore[operator]
    assert found["critic"].argmax() == 2


def test_each_kind_of_anomaly_is_found_by_its_signal(flat: Model, normals: Dataset, place: Path) -> None:
    chance = np.random.default_rng(1).normal(size=(300, 3)) * (1, 1, 0.1)
    chance[:20, 2] = 2  # off the plane that it can draw
    chance[20:40, :2] = 6  # on the plane, where no code is
    y = ["lifted"] * 20 + ["far"] * 20 + ["fine"] * 260
    data = saved(place, "new", chance, y)
    chosen = sides(flat, data, normals, anomalies=["lifted", "far"])
    assert (len(chosen.judged), len(chosen.normal), chosen.split) == (300, 499, "all")
    found = detect(flat, chosen.judged, chosen.normal)
    assert found.smallest == 1 / 500
    label = np.array(found.label)
    for name, kind in (("reconstruction", "lifted"), ("density", "far")):
        assert (found.p_value[name][label == kind] == found.smallest).all()
        assert found.p_value[name][label != kind].median() > 0.3
    alarms = found.alarms(0.05)
    told = found.judged(["lifted", "far"], alarms)
    assert (told["anomalous"], told["normal"]) == (40, 260)
    assert told["found"]["mean"] == 1 and told["false_alarms"]["low"] < 0.05 < told["false_alarms"]["high"]
    assert told["auroc"]["all"]["mean"] > 0.98 > told["auroc"]["density"]["mean"]
    joint = detect(flat, chosen.judged, chosen.normal, data.records.select(label == "fine"))
    assert (joint.p_value["all"][label != "fine"] < 0.02).all()
    fewer = found.alarms(0.05, "discoveries")
    assert (fewer[label != "fine"]).all() and fewer.sum() < alarms.sum()


@pytest.mark.parametrize(
    ("system", "data", "expected"),
    [
        ("autoencoder", "digits", {"density"}),
        ("supervised", "digits", {"density"}),
        ("quantized", "digits", {"density"}),
        ("fusion", "digits", {"density", "critic"}),
        ("regularized", "digits", {"critic"}),
        ("augmented", "digits", {"critic"}),
        ("gan", "digits", {"critic"}),
        ("fusion", "wine", {"density", "critic"}),
    ],
)
def test_every_system_has_its_signals_and_normal_examples_stay_normal(
    trained: Trained, digits: Dataset, wine: Dataset, system: str, data: str, expected: set[str]
) -> None:
    model, held = trained(system, data), {"digits": digits, "wine": wine}[data]
    chosen = sides(model, held)
    assert chosen.split == "test" and chosen.source == f"validation split of {data}"
    assert chosen.known is not None and len(chosen.known) == len(held.train)
    found = detect(model, chosen.judged, chosen.normal, chosen.known)
    together = set() if system == "gan" else {"reconstruction", "drift", "joint"}
    assert set(found.score) == expected | together
    for p in found.p_value.values():
        assert float(p.min()) >= found.smallest and float(p.max()) <= 1
    if data == "digits":
        share, n = float((found.p_value["all"] <= 0.1).double().mean()), found.normals
        assert share == pytest.approx(0.1, abs=4 * math.sqrt(0.09 / n + 0.09 / len(found)))


def test_an_error_that_is_usual_elsewhere_is_found_by_what_occurs_together(flat: Model) -> None:
    """Errors grow with the code; here one of them stands where the code says that it should be small."""
    random = np.random.default_rng(3)

    def drawn(count: int) -> torch.Tensor:
        code = random.normal(size=(count, 2))
        lifted = random.choice([-1, 1], count) * np.exp(code[:, 0] + 0.1 * random.normal(size=count))
        return torch.from_numpy(np.c_[code, lifted]).float()

    odd = torch.tensor([[-1.0, 0.0, 2.7], [1.0, 0.0, 2.7]])
    joint = Joint.fit(flat, [drawn(2000)])
    found = of_chunks(flat, [odd], [drawn(999)], joint)
    assert found.p_value["all"][0] == 0.001 and found.p_value["all"][1] > 0.2
    assert min(float(found.p_value[name][0]) for name in ("reconstruction", "density")) > 0.1
    assert Joint.fit(flat, [drawn(99)]) is None, "too few to learn from"


def test_without_known_normals_a_useless_critic_has_no_say(flat: Model) -> None:
    random = torch.Generator().manual_seed(0)
    x, normals = (torch.randn(count, 3, generator=random) for count in (20, 200))
    found = of_chunks(flat, [x], [normals])
    deaf = replace(
        found,
        **{
            side: {name: one for name, one in getattr(found, side).items() if name != "critic"}
            for side in ("score", "normal")
        },
    )
    assert torch.equal(found.p_value["all"], deaf.p_value["all"])


def test_noise_is_strange_and_python_says_so_too(trained: Trained, digits: Dataset) -> None:
    model = door.Model(trained("fusion", "digits"))
    noise = np.random.default_rng(0).integers(0, 256, (30, 8, 8), np.uint8)
    held = digits.validation.pixels(slice(None))[:, 0]
    found = model.detect(noise, normals=held)
    assert len(found) == 30 and found.alarms(0.05).all()
    p = found.p_value["density"]  # at most one held-out digit in 86 is as strange, and of most noise none is
    assert found.smallest == 1 / (len(held) + 1) and p.mean() < 0.02 and p.max() <= 2 * found.smallest
    assert not model.detect(held, normals=held).alarms(0.01).sum() > 0.02 * len(held) + 1


def test_a_class_conditional_critic_takes_the_likeliest_label(trained: Trained, digits: Dataset) -> None:
    model, x = trained("gan", "digits"), digits.test.take(slice(0, 9))
    critic = model.system.critic
    assert isinstance(critic, Critic)
    each = torch.stack([critic(x, torch.full((9,), number)) for number in range(10)])
    torch.testing.assert_close(signals(model, x)["critic"], -each.max(0).values.double(), atol=1e-5, rtol=0)


def test_what_is_no_number_is_strange(flat: Model) -> None:
    assert signals(flat, torch.tensor([[0.0, torch.nan, 0.0]]))["reconstruction"].tolist() == [torch.inf]


def test_normals_are_never_what_the_model_was_trained_on(trained: Trained, digits: Dataset) -> None:
    model = trained("autoencoder", "digits")
    other = replace(digits, fingerprint="another", name="new")
    held = sides(model, other, digits).normal
    assert sorted(held.index) == sorted([*digits.validation.index, *digits.test.index])
    renamed = sides(model, other, replace(digits, fingerprint="changed")).normal
    assert len(renamed) == len(held), "a folder that grew since is known by its name"
    assert len(sides(model, other, replace(digits, fingerprint="x", name="more")).normal) == len(
        digits.records
    )
    rest = sides(model, digits, split="all").judged
    assert not {*rest.index} & {*digits.validation.index}


def test_an_anomalous_class_is_no_normal(trained: Trained, digits: Dataset) -> None:
    found = sides(trained("autoencoder", "digits"), digits, anomalies=["3", "8"])
    assert not {"3", "8"} & {*class_names(found.normal)} and {"3", "8"} <= {*class_names(found.judged)}


def test_what_cannot_be_judged_is_said(
    flat: Model, normals: Dataset, trained: Trained, digits: Dataset
) -> None:
    with pytest.raises(UsageError, match=r"trained on plane, not on good.*--normals"):
        sides(flat, normals)
    with pytest.raises(UsageError, match=r"'33': digits has no such class.*It has 0, 1, 2"):
        sides(trained("gan", "digits"), digits, anomalies=["33"])
    with pytest.raises(UsageError, match=r"digits has no test split\. Use --split all"):
        sides(trained("gan", "digits"), replace(digits, test=digits.test.select([])), split="test")
    with pytest.raises(DataError, match="holds no normal example"):
        sides(flat, digits, replace(normals, records=normals.records.select([])))
    bare = Model(System(None, PLANE), {"system": "bare"}, "")
    bare.system.register_parameter("one", torch.nn.Parameter(torch.zeros(1)))
    with pytest.raises(AbilityError, match="no code, no prior and no critic"):
        detect(bare, normals.records, normals.records)


def test_a_table_is_safe_and_says_all(tmp_path: Path) -> None:
    n = len(HOSTILE)
    found = Detection(
        names=list(HOSTILE),
        label=["=1+1", *[""] * (n - 1)],
        score={"critic": torch.linspace(-2, 2, n).double()},
        normal={"critic": torch.linspace(-3, 1.5, 99).double()},
    )
    alarms = found.alarms(0.05)
    found.write(tmp_path / "x.csv", alarms)
    text = (tmp_path / "x.csv").read_text()
    assert text.replace("\n", "").isprintable()
    head, *rows = csv.reader(text.splitlines())
    assert head == ["name", "label", "alarm", "p(all)", "p(critic)", "critic"]
    assert len(rows) == n and rows[0][1] == "'=1+1" and rows[0][5] == "-2.0"
    assert not [row for row in rows if row[0].startswith(("=", "+", "-", "@"))]
    assert [row[2] for row in rows].count("yes") == int(alarms.sum()) > 0
    assert all(float(row[3]) <= 0.05 for row in rows if row[2] == "yes")
    with pytest.raises(UsageError, match=r"scores go to \.csv"):
        found.write(tmp_path / "x.txt", alarms)
    with pytest.raises(UsageError, match="rate is 2; it is a share"):
        found.alarms(2.0)


def test_a_map_shows_where_the_flaw_is(trained: Trained, digits: Dataset) -> None:
    model = trained("autoencoder", "digits")
    known = usual(model, digits.validation)
    clean, broken = digits.test.take([0]), digits.test.take([0])
    broken[:, :, 5:, :3] = 1.0  # a white corner
    heat = known.excess(rebuilt(model, broken)[1])[0]
    down, across = divmod(int(heat.argmax()), 8)
    assert down >= 4 and across <= 3 and float(heat.max()) > known.full
    assert float(known.excess(rebuilt(model, clean)[1]).max()) < float(heat.max())
    normal = torch.cat([known.excess(rebuilt(model, b.x)[1]) for b in digits.validation.batches(64)])
    reached = (normal.flatten(1).max(1).values >= known.full).double().mean()
    assert float(reached) == pytest.approx(0.05, abs=0.02)
    (picture,) = maps(model, digits.test.select([0]), known)
    assert picture.dtype == np.uint8 and picture.shape[0] >= 112 and picture.shape[1] > 3 * 112


def test_maps_are_of_pictures(trained: Trained, wine: Dataset, digits: Dataset) -> None:
    with pytest.raises(UsageError, match="heat maps are of pictures; this model reads 13 numbers"):
        usual(trained("autoencoder", "wine"), wine.validation)
    with pytest.raises(AbilityError, match="cannot encode"):
        usual(trained("gan", "digits"), digits.validation)
