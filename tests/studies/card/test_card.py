"""A model card: what the hub's own parser makes of it, that nothing in it acts, and that what it says can be run."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import amalgan as ag
from amalgan.cli import main
from amalgan.core.errors import ForeignFile, UsageError
from amalgan.data import Dataset, open_data
from amalgan.evaluation.evaluate import Evaluation, evaluate
from amalgan.studies.card.card import README, SAMPLES, card, is_card
from amalgan.studies.card.facts import parts_of
from amalgan.studies.page.card import card as page_card
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from hostile import HOSTILE
from support import SPECS, build, built_in, examples, settled, small

yaml = pytest.importorskip("yaml")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Dataset, Evaluation]:
    """A fused model, its data, and what is measured without a feature network."""
    model = ag.train(
        "fusion", "digits", images=1500, settings=small("fusion"), device="cpu", quiet=True
    ).model
    data = open_data("digits", like=model.spec)
    return model, data, evaluate(model, data, features=None, count=60)


def model_of(name: str, place: Path, spec: Any = "gray with classes") -> Model:
    """A small model with weights of chance, as a file gives it."""
    told = SPECS[spec] if isinstance(spec, str) else spec
    system = settled(build(name, told), examples(told))
    model_file.publish(place / "model.safetensors", system, name=name, facts={})
    return model_file.load(place)


def head(text: str) -> dict[str, Any]:
    """The block of YAML."""
    found: dict[str, Any] = yaml.safe_load(text.split("---\n")[1])
    return found


def test_the_hub_reads_metrics_tags_and_license(digits: tuple[Model, Dataset, Evaluation]) -> None:
    hub = pytest.importorskip("huggingface_hub")
    model, data, found = digits
    text = card(model, data=data, evaluation=found, license="cc-by-4.0").text
    read = hub.ModelCard(text)
    assert read.data.license == "cc-by-4.0" and read.data.library_name == "amalgan"
    assert read.data.tags == ["amalgan", "fusion", "autoencoder"]
    told = {one.metric_type: one for one in read.data.eval_results}
    assert told["psnr"].metric_value == pytest.approx(found.metrics["psnr"], abs=0)
    assert (
        told["psnr"].metric_name == found.names["psnr"] and f"{found.n} reconst" in told["psnr"].metric_name
    )
    assert told["psnr"].dataset_name == "digits" and told["psnr"].dataset_split == "test"
    assert {one.task_type for one in told.values()} == {"unconditional-image-generation"}
    assert "frechet_distance" not in told, "nothing was compared without a feature network"
    assert hub.ModelCard(str(read)).data.to_dict() == read.data.to_dict()


def test_page_and_card_say_the_same(digits: tuple[Model, Dataset, Evaluation]) -> None:
    model, _, found = digits
    text = card(model, evaluation=found).text
    for part in page_card(model, found):
        assert f"## {part['title']}" in text
        rows = [row for row in part["rows"] if row[0] != "This page"]
        assert rows == [list(row) for row in parts_of(model, found)[part["title"]]]
        assert len(
            re.findall(r"^\| [A-Za-z\\]", text.split(f"## {part['title']}\n")[1].split("## ")[0], re.M)
        ) == len(rows)
    assert "95 % interval" in text and model.digest in text


def test_without_a_license_none_is_claimed_and_a_wrong_one_is_refused(
    digits: tuple[Model, Dataset, Evaluation],
) -> None:
    assert "license" not in head(card(digits[0]).text)
    with pytest.raises(UsageError, match=r"expected an identifier of small letters, as apache-2\.0"):
        card(digits[0], license="MIT\nfoo: bar")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_act_neither_in_markdown_nor_in_yaml(name: str, tmp_path: Path) -> None:
    model = model_of("gan", tmp_path, replace(SPECS["gray with classes"], classes=(name, "b", "c")))
    model = replace(model, header=model.header | {"data": {"name": name, "train": 3}})
    text = card(model).text
    body = text.split("---\n", 2)[2]
    said = re.sub(r"```.*?```", "", body, flags=re.S).replace("<!-- Made by amalgan, ", "")
    assert "<" not in said and not re.search(r"(?<!\\)[`*\[]", said.replace("![", "", 1))
    assert all(character.isprintable() or character == "\n" for character in text)
    rows = [line for line in said.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert head(text)["library_name"] == "amalgan"


@pytest.mark.parametrize("name", built_in())
def test_what_a_card_says_can_be_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every system: its command lines and its program."""
    monkeypatch.chdir(tmp_path)
    model_of(name, tmp_path)
    made = card(model_file.load(tmp_path))
    assert made.picture is None or Image.open(BytesIO(made.picture)).width > 80
    shell, program = re.findall(r"^```\w*\n(.*?)^```$", made.text, re.S | re.M)
    random = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for number in range(20):
        picture = Image.fromarray(random.integers(0, 256, (16, 16), dtype=np.uint8))
        picture.save(tmp_path / "pictures" / f"{number}.png")
        picture.save(tmp_path / "picture.png")
    for line in shell.splitlines()[1:]:
        assert main(shlex.split(line)[1:]) == 0, line
    exec(program, {})


def test_vectors_have_a_card_without_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ag.train("autoencoder", "iris", images=640, settings=small("autoencoder"), device="cpu", quiet=True).save(
        tmp_path / "model.safetensors"
    )
    text = ag.load("model.safetensors").card(out=tmp_path / "card")
    assert "samples.png" not in text and "pipeline_tag" not in head(text)
    assert [path.name for path in (tmp_path / "card").iterdir()] == [README]
    exec(re.findall(r"^```python\n(.*?)^```$", text, re.S | re.M)[0], names := {})
    assert names["again"].shape == (16, 4)


def test_a_card_that_was_edited_is_left_alone(
    digits: tuple[Model, Dataset, Evaluation], tmp_path: Path
) -> None:
    made = card(digits[0])
    place = made.write(tmp_path)
    assert is_card(place) and (tmp_path / SAMPLES).read_bytes() == made.picture
    assert replace(made, text=card(digits[0], license="mit").text).write(tmp_path) == place
    assert head(place.read_text())["license"] == "mit"
    edited = place.read_text().replace("# fusion", "# My fusion")
    place.write_text(edited)
    with pytest.raises(ForeignFile, match=r"README\.md is there already"):
        made.write(tmp_path)
    assert place.read_text() == edited and not is_card(place)


def test_the_command_measures_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = ag.train("supervised", "iris", images=640, settings=small("supervised"), device="cpu", quiet=True)
    model.save(tmp_path / "model.safetensors")
    assert main(["card", str(tmp_path / "model.safetensors")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("---\n") and "give data (--data)" in said and str(tmp_path) not in said
    out = tmp_path / "card"
    assert main(["card", str(tmp_path), "--data", "iris", "--license", "mit", "--out", str(out)]) == 0
    text = (out / README).read_text()
    assert "squared error of x′" in text and head(text)["license"] == "mit" and str(tmp_path) not in text
    found = {one["type"]: one for one in head(text)["model-index"][0]["results"][0]["metrics"]}
    assert found["linear_probe"]["value"] == model.evaluate("iris").metrics["linear_probe"]
