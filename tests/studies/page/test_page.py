"""The file itself: one policy, nothing that names could break out of, and models that no page can hold."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amalgan.core.errors import AbilityError, ExportError, UsageError
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import evaluate
from amalgan.studies.page import mending
from amalgan.studies.page import page as pages
from amalgan.studies.page.card import card
from amalgan.studies.page.page import page, shown_graphs
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from hostile import HOSTILE
from support import SPECS, build, built_in, examples, settled

pytest.importorskip("onnxruntime")
ABLE = {
    "gan": ["generate"],
    "autoencoder": ["encode", "decode", "sample_code"],
    "fusion": ["encode", "decode", "realize", "sample_code"],
}


def model_of(name: str, place: Path, spec: Any = "gray with classes", **changes: Any) -> Model:
    """A small model with weights of chance, as a file gives it."""
    told = SPECS[spec] if isinstance(spec, str) else spec
    system = settled(build(name, told, **changes), examples(told))
    model_file.publish(place / "model.safetensors", system, name=name, facts={})
    return model_file.load(place)


def part(text: str, name: str) -> str:
    """What stands in the element of that id."""
    (found,) = re.findall(rf'<script type="[a-z/]+" id="{name}">([^<]*)</script>', text)
    return str(found)


def test_a_page_is_the_same_for_the_same_model_and_left_alone(
    written: Path, digits: tuple[Model, Dataset]
) -> None:
    before = written.stat()
    assert not page(digits[0], written, data=digits[1])
    assert written.stat().st_mtime_ns == before.st_mtime_ns
    assert written.stat().st_size < 6 * 2**20


def test_a_page_says_first_what_speaks_against_its_model(tmp_path: Path) -> None:
    told = SPECS["gray with classes"]
    system = settled(build("gan", told), examples(told))
    doubt = "do not generate with this model: <b>all</b> alike"
    model_file.publish(tmp_path / "model.safetensors", system, name="gan", facts={"doubts": [doubt]})
    page(model_file.load(tmp_path), tmp_path / "page.html")
    head = (tmp_path / "page.html").read_text().partition("</header>")[0]
    assert "Caution: do not generate with this model: &lt;b&gt;all&lt;/b&gt; alike" in head


def test_the_policy_names_the_script_and_lets_nothing_out(written: Path) -> None:
    text = written.read_text()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy and "'unsafe-eval'" not in policy and "http" not in policy
    assert not re.findall(r'(?:src|href)="(?!data:,")', text[: text.index('<script type="text/plain"')])


def test_the_graphs_in_it_are_those_of_the_model(written: Path, digits: tuple[Model, Dataset]) -> None:
    import onnx

    packed = json.loads(part(written.read_text(), "graphs"))
    assert [*packed] == [*ABLE["fusion"], "agree"]
    for name, data in packed.items():
        props = onnx.load_from_string(gzip.decompress(b64decode(data))).metadata_props
        told = {one.key: one.value for one in props}
        assert told["digest"] == digits[0].digest and told["ability"] == name


def test_names_stand_in_data_that_nothing_can_leave(tmp_path: Path) -> None:
    spec = replace(SPECS["gray with classes"], classes=HOSTILE)
    model = model_of("fusion", tmp_path, spec)
    page(model, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    facts = part(text, "facts")
    assert not set("<>&") & set(facts)
    assert [number for number, _ in json.loads(facts)["labels"]] == [*model.system.classes_shown]
    assert all(name.isprintable() for _, name in json.loads(facts)["labels"])
    assert text.count("</script>") == 5


@pytest.mark.parametrize("name", ABLE)
def test_a_page_runs_what_the_model_can(name: str, tmp_path: Path) -> None:
    assert [graph.ability for graph in shown_graphs(model_of(name, tmp_path))] == ABLE[name]


@pytest.mark.parametrize("name", built_in())
def test_every_system_has_a_page_or_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    model = model_of(name, tmp_path)
    assert page(model, tmp_path / "page.html")
    facts = json.loads(part((tmp_path / "page.html").read_text(), "facts"))
    assert facts["digest"] == model.digest and facts["card"]
    assert (facts["codes"] is None) == ("decode" not in facts["graphs"])
    if facts["codes"] is not None:
        assert bool(facts["codes"]["directions"]) == bool({"sample_code", "generate"} & set(facts["graphs"]))
    assert (facts["search"] is not None) == ({"encode", "decode", "sample_code"} <= set(facts["graphs"]))
    assert (facts["restorer"] is not None) == (name == "restorer")


def test_a_model_whose_gradient_cannot_be_written_has_a_page_without_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(model: Model) -> bytes:
        raise ExportError("the gradient of its decoder cannot be traced: no reason")

    monkeypatch.setattr(mending, "gradient", refused)
    said: list[str] = []
    assert page(model_of("fusion", tmp_path), tmp_path / "page.html", tell=said.append)
    assert any("leaving the Mend view out: the gradient" in one for one in said)
    assert json.loads(part((tmp_path / "page.html").read_text(), "facts"))["search"] is None


def test_a_model_that_does_nothing_a_page_shows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "SHOWN", ("encode",))
    with pytest.raises(AbilityError, match="a model of system 'restorer' does none of these"):
        shown_graphs(model_of("restorer", tmp_path))


def test_vectors_and_other_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AbilityError, match="a page shows pictures"):
        page(model_of("fusion", tmp_path, "vectors"), tmp_path / "page.html")
    with pytest.raises(UsageError, match=r"page\.png ends in \.png"):
        page(model_of("gan", tmp_path), tmp_path / "page.png")


def test_a_model_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_BYTES", 2**14)
    with pytest.raises(ExportError, match=r"the model has \d+ MB packed, and a page holds 0 at most"):
        page(model_of("fusion", tmp_path), tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_the_card_has_the_numbers_of_an_evaluation_with_n_and_interval(digits: tuple[Model, Dataset]) -> None:
    model, data = digits
    found = evaluate(model, data, features=None)
    parts = {one["title"]: one["rows"] for one in card(model, found)}
    (row,) = [row for row in parts["How good it is"] if row[0].startswith("PSNR of x′")]
    assert float(row[1]) == pytest.approx(found.metrics["psnr"], rel=1e-3)
    assert f"{found.n}" in row[2] and "95 % interval" in row[2]
    assert not any(row[1].startswith("frechet_distance: ") for row in parts["What to know"])
