"""The report of one model: what it can do is shown, what it cannot is absent, and every number is the evaluation's."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from amalgan.api.model import Model as ApiModel
from amalgan.core.randomness import Draws
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import Evaluation, evaluate
from amalgan.evaluation.overlap import Overlap
from amalgan.features import Features
from amalgan.studies.report.exhibits import NEAREST_SHOWN, STEPS, nearest, walk
from amalgan.studies.report.report import Report, report
from amalgan.studies.report.sentences import sentences, surely
from amalgan.systems.model_file import Model
from invented import read_back

Opened = Callable[[str], tuple[Dataset, Features]]
Trained = Callable[[str, str], Model]
Parsed = Callable[[str], Any]

ALWAYS = {"verdict", "numbers", "what", "commands"}
CODES = {"reconstructions", "walks", "maps", "curves"}
MAKES = {"samples", "nearest"}
SECTIONS = {
    ("autoencoder", "digits"): ALWAYS | CODES | MAKES,
    ("gan", "digits"): ALWAYS | MAKES,
    ("fusion", "digits"): ALWAYS | CODES | MAKES,
    ("fusion", "wine"): ALWAYS | {"samples", "maps", "curves"},
    ("gan", "wine"): ALWAYS | {"samples"},
}


@pytest.fixture(scope="session")
def reported(trained: Trained, opened: Opened) -> Callable[[str, str], Report]:
    """The report of a tiny model, made once."""
    made: dict[tuple[str, str], Report] = {}

    def get(system: str, word: str) -> Report:
        if (system, word) not in made:
            data, features = opened(word)
            made[system, word] = report(
                trained(system, word), data, features=features, named=("my run", word), count=500
            )
        return made[system, word]

    return get


@pytest.mark.parametrize(("system", "word"), SECTIONS, ids=lambda value: str(value))
def test_what_a_model_can_do_is_shown(
    reported: Callable[[str, str], Report], parsed: Parsed, tmp_path: Path, system: str, word: str
) -> None:
    made = reported(system, word)
    written = made.write(tmp_path / "out")
    assert {path.name for path in written.parent.iterdir()} == {"report.html", "report.json"}
    page = parsed(written.read_text())
    assert page.ids() == SECTIONS[system, word]
    assert "script" not in {tag for tag, _ in page.tags}
    facts = json.loads((written.parent / "report.json").read_text())
    assert facts == json.loads(json.dumps(made.facts))
    assert all(sentence in page.words for sentence in facts["sentences"])
    for name, text in facts["evaluation"]["names"].items():
        assert name in page.words and " ".join(text.split()) in page.words


@pytest.mark.parametrize(("system", "word"), [("fusion", "digits"), ("gan", "wine")])
def test_every_number_is_the_evaluation_s(
    reported: Callable[[str, str], Report],
    trained: Trained,
    opened: Opened,
    parsed: Parsed,
    system: str,
    word: str,
) -> None:
    data, features = opened(word)
    found = evaluate(trained(system, word), data, features=features, count=500)
    made = reported(system, word)
    assert made.facts["evaluation"] == found.to_json()
    known = {value for value in found.metrics.values() if value is not None}
    known |= {near["ratio"] for near in made.facts["nearest"]}
    page = parsed(made.page)
    assert {exact for exact, _ in page.data} == known
    for exact, rounded in page.data:
        assert read_back(rounded) == pytest.approx(exact, rel=6e-4 if abs(exact) >= 1e-3 else 0.06)


def test_walks_go_from_one_picture_s_reconstruction_to_the_other_s(trained: Trained, opened: Opened) -> None:
    model, (data, _) = trained("fusion", "digits"), opened("digits")
    first, last = data.test.take([0, 50])
    with torch.no_grad():
        (_, faithful), (_, realistic) = walk(model, first, last, seed=0)
        system: Any = model.system
        codes = system.encode(torch.stack([first, last]))
        ends = system.decode(codes)
    assert len(faithful) == len(realistic) == STEPS
    assert torch.allclose(faithful[[0, -1]], ends, atol=1e-5)
    steps = (faithful[1:] - faithful[:-1]).flatten(1).norm(dim=1)
    assert steps.max() < 0.6 * (ends[1] - ends[0]).norm()
    assert realistic.std() > 0


def test_a_copied_picture_is_found_first(opened: Opened, trained: Trained) -> None:
    """A generator that repeats a training picture among its own ones."""
    data, features = opened("digits")
    model = trained("gan", "digits")
    copy = data.train.take([7])
    whole = type(model.system)

    class Copying(whole):  # type: ignore[misc, valid-type]
        def generate(self, label: torch.Tensor, draws: Draws) -> torch.Tensor:
            made = super().generate(label, draws)
            made[3] = copy[0]
            return made

    system = Copying(model.system.config, model.system.spec)
    system.load_state_dict(model.system.state_dict())
    found = nearest(replace(model, system=system.eval()), data.train, features, seed=0)
    assert found is not None
    strips, facts = found
    assert len(facts) == NEAREST_SHOWN and [said for said, _ in strips] == ["new", "training"]
    assert facts[0]["sample"] == 3 and facts[0]["train"] == data.train.name(7)
    assert facts[0]["ratio"] == pytest.approx(0, abs=1e-6) and facts[1]["ratio"] > 0.01
    assert [near["ratio"] for near in facts] == sorted(near["ratio"] for near in facts)


def test_other_data_than_it_was_trained_on_is_said(trained: Trained, opened: Opened, parsed: Parsed) -> None:
    data, features = opened("digits")
    other = replace(data, fingerprint="of other contents", name="others")
    made = report(trained("autoencoder", "digits"), other, features=features, count=50)
    assert "was trained on digits, and others is other data: none of the 50" in parsed(made.page).words


def test_commands_name_what_the_user_named(reported: Callable[[str, str], Report]) -> None:
    facts = reported("fusion", "digits").facts
    assert facts["command"] == "amalgan report 'my run' digits --out report --count 500"
    assert facts["commands"]["reconstruct realistically"].startswith("amalgan reconstruct 'my run' digits")
    assert "reconstruct" not in reported("gan", "digits").facts["commands"]


def test_the_same_model_gives_the_same_report(trained: Trained, opened: Opened) -> None:
    data, features = opened("wine")
    pages = [report(trained("fusion", "wine"), data, features=features).page for _ in range(2)]
    assert pages[0] == pages[1]


def test_the_python_api_writes_the_same_numbers(
    reported: Callable[[str, str], Report],
    trained: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    page = ApiModel(trained("fusion", "wine")).report("wine", tmp_path / "out", count=500)
    assert page == tmp_path / "out" / "report.html" and page.is_file()
    facts = json.loads((tmp_path / "out" / "report.json").read_text())
    assert facts["evaluation"] == reported("fusion", "wine").facts["evaluation"]


def test_class_names_are_hostile_too(trained: Trained, opened: Opened, parsed: Parsed) -> None:
    data, features = opened("wine")
    model = trained("fusion", "wine")
    hostile = [f"<script>alert({k})</script>\x1b" for k in range(3)]
    held = replace(model, header=model.header | {"spec": model.header["spec"] | {"classes": hostile}})
    made = report(held, data, features=features)
    page = parsed(made.page)
    assert "script" not in {tag for tag, _ in page.tags} and "\x1b" not in made.page
    assert "<script>alert(0)</script>\\x1b" in page.words


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"frechet_distance": 9.0, "frechet_floor": 2.0}, "farther than real training pictures (2, about"),
        ({"frechet_distance": 1.5, "frechet_floor": 2.0}, "no farther than real training pictures"),
        (
            {"copies": 0.2, "copies_baseline": 0.005, "copies_p_value": 1e-9},
            "It repeats training pictures: 20.0 %",
        ),
        ({"copies": 0.004, "copies_baseline": 0.005, "copies_p_value": 0.6}, "No sign that it repeats"),
        ({"linear_probe": 0.8, "linear_probe_components": 0.9}, "these codes are no gain"),
        ({"squared_error": 0.25}, "miss 25.0 % of the variance"),
        ({}, "None of the measures applies"),
    ],
)
def test_plain_words_follow_the_numbers(metrics: dict[str, float], said: str) -> None:
    assert said in " ".join(sentences(measured(metrics), "pictures"))


def measured(
    metrics: dict[str, float] | dict[str, None],
    intervals: dict[str, tuple[float, float]] | None = None,
    n: int = 500,
) -> Evaluation:
    """An evaluation that found those numbers."""
    return Evaluation(
        n=n,
        split="test",
        overlap=Overlap(relation="held out", judged=n, seen=0, text=""),
        seed=0,
        features=None,
        judge={},
        metrics=dict(metrics),
        names={},
        intervals=intervals or {},
        warnings=(),
    )


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((9.0, 21.0), "it looks more real"),
        ((-21.0, -9.0), "it looks less real"),
        ((-1.0, 21.0), "whether it looks more real is inconclusive"),
    ],
)
def test_what_the_realistic_decoder_gains_is_said_only_where_chance_cannot_explain_it(
    interval: tuple[float, float], said: str
) -> None:
    metrics = {"psnr": 22.5, "psnr_cost": 2.25, "realism_gain": sum(interval) / 2}
    sentence = sentences(measured(metrics, {"realism_gain": interval}), "pictures")[-1]
    assert f"gives up 2.25 dB, and {said}" in sentence and "95 % interval" in sentence


def test_from_few_examples_nothing_is_said_without_its_interval() -> None:
    metrics = {"precision": 0.5, "recall": 0.25, "psnr": 20.0}
    few = sentences(measured(metrics, {"precision": (0.4, 0.6)}, n=199), "pictures")
    assert few == ["50.0 % (95 % interval 40.0 % to 60.0 %) of them lie among real ones (precision)."]
    many = " ".join(sentences(measured(metrics, n=200), "pictures"))
    assert "25.0 % of the real ones" in many and "reach 20 dB" in many


@pytest.mark.parametrize(
    ("psnr", "said", "unsaid"),
    [
        (11.0, "DO NOT USE THIS MODEL", "no gain"),
        (18.0, "this model is no gain", "DO NOT USE"),
        (21.0, "reach 21 dB", "components"),
    ],
)
def test_reconstructions_are_held_against_components_and_the_mean_picture(
    psnr: float, said: str, unsaid: str
) -> None:
    words = " ".join(sentences(measured({"psnr": psnr, "psnr_pca": 19.0, "psnr_mean": 12.0}), "pictures"))
    assert said in words and unsaid not in words


def test_what_was_not_measured_is_not_said() -> None:
    assert sentences(measured({"psnr": None, "frechet_distance": None}), "vectors") == [
        "None of the measures applies to this model on these vectors."
    ]


def test_an_interval_that_leaves_its_number_out_says_why() -> None:
    assert surely(5.5, (0.1, 4.7), 100).endswith(
        "95 % interval 0.1000 to 4.700, without the share that few examples add)"
    )
    assert "without" not in surely(2.0, (0.1, 4.7), 100)
    assert surely(5.5, (0.1, 4.7), 2000) == surely(5.5, None, 100)
