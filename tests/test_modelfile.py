"""One file is the whole model; anything else in its place is refused by a sentence."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from amalgan.config.parts import Prior
from amalgan.core import tensor_file
from amalgan.core.errors import AbilityError, ModelFileError
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.networks.priors import Prior as FittedPrior
from amalgan.systems import model_file
from amalgan.systems.abilities import Encodes, Generates
from support import build, examples, outputs, settled
from workshop import Workshop


def published(folder: Path, name: str = "fusion", *, seed: int = 0) -> Path:
    file = folder / "model.safetensors"
    model_file.publish(
        file, settled(build(name, seed=seed), examples()), name=name, facts={"metrics": {"n": 1}}
    )
    return file


def test_a_model_comes_back_with_equal_outputs_and_says_what_it_is(tmp_path: Path) -> None:
    system = settled(build("fusion"), examples())
    file = published(tmp_path)
    for source in (file, str(file), tmp_path):
        model = model_file.load(source)
        found = dict(outputs(model.system, examples()))
        assert all(torch.equal(value, found[name]) for name, value in outputs(system, examples()))
    assert model.name == "fusion" and model.spec == system.spec
    assert model.header["abilities"] == ["encode", "decode", "realize", "sample_code", "generate", "judge"]
    assert model.header["metrics"] == {"n": 1} and model.header["format"] == model_file.FORMAT
    assert model_file.info(file) == model.header
    assert not model.system.training and not any(p.requires_grad for p in model.system.parameters())


def test_a_model_says_what_it_cannot_do_and_who_can(tmp_path: Path) -> None:
    model = model_file.load(published(tmp_path, "gan"))
    model.require(Generates)
    with pytest.raises(AbilityError, match=r"a model of system 'gan' cannot encode; these can: .*fusion"):
        model.require(Encodes)


def test_the_digest_names_the_weights(tmp_path: Path) -> None:
    first = model_file.load(published(tmp_path / "1")).digest
    assert first == model_file.load(published(tmp_path / "2")).digest
    assert len(first) == 16 and int(first, 16) >= 0
    assert first != model_file.load(published(tmp_path / "3", seed=1)).digest
    file = published(tmp_path / "4")
    tensors, header = tensor_file.read(file, expected="a model file")
    tensors["encoder.last.bias"][0] += 1e-6
    tensor_file.write(file, tensors, header)
    assert first != model_file.load(file).digest


def test_every_flipped_byte_of_a_model_is_found(tmp_path: Path) -> None:
    whole = published(tmp_path, "gan").read_bytes()
    broken = tmp_path / "broken"
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in [*range(0, header, 7), *range(header, len(whole), 997)]:
        data = bytearray(whole)
        data[place] ^= 0x10
        broken.write_bytes(data)
        with pytest.raises(ModelFileError):
            model_file.load(broken)


Change = Callable[[dict[str, torch.Tensor], dict[str, Any]], Any]


def cut(name: str) -> Change:
    """Leave the last row of a tensor out."""
    return lambda tensors, header: tensors.update({name: tensors[name][:-1].clone()})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t, h: h.update(format=3),
            "has format 3; this version reads formats 1 and 2. Upgrade amalgan",
        ),
        (lambda t, h: h.pop("format"), "has format None"),
        (
            lambda t, h: h.update(system="nonesuch"),
            "holds a system 'nonesuch', which is not known here; .*--plugin",
        ),
        (lambda t, h: h.pop("system"), "is not a model file but another file of amalgan"),
        (lambda t, h: h["config"].update(novelty=1), "cannot build: FusionConfig has no field 'novelty'"),
        (lambda t, h: h["config"].update(noise_size=0), "cannot build: noise_size is 0"),
        (lambda t, h: h["config"].update(noise_size="x"), "cannot build"),
        (lambda t, h: h.pop("config"), "is not what amalgan train writes: it has no config"),
        (lambda t, h: h.update(spec={"kind": "image"}), "it has no spec.shape"),
        (lambda t, h: h.update(spec=[1]), "spec is a list, expected an object"),
        (lambda t, h: h["config"].update(noise_size=9), "its weights do not fit its system"),
        (lambda t, h: t.pop("encoder.last.bias"), "its weights do not fit its system"),
        (cut("prior.center"), "its weights do not fit its system: prior.center"),
        (cut("prior.factor"), "its weights do not fit its system: prior.center"),
        (cut("prior.weight"), "its weights do not fit its system: prior.center"),
        (cut("prior.groups.share"), "its weights do not fit its system: prior.center"),
        (lambda t, h: t["prior.groups.share"].zero_(), "its weights do not fit its system: prior.center"),
        (lambda t, h: t.pop("prior.count"), "its weights do not fit its system: prior.center"),
    ],
)
def test_a_file_that_is_whole_but_wrong_is_refused_by_what_is_wrong(
    change: Change, message: str, tmp_path: Path
) -> None:
    file = published(tmp_path)
    tensors, header = tensor_file.read(file, expected="a model file")
    change(tensors, header)
    tensor_file.write(file, tensors, header)
    with pytest.raises(ModelFileError, match=message):
        model_file.load(file)


def test_a_foreign_missing_or_pickled_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"weight": torch.ones(2)}, foreign)
    pickled = tmp_path / "model.pt"
    torch.save({"weight": torch.ones(2)}, pickled)
    for file, message in (
        (foreign, "it was not written by amalgan"),
        (pickled, "is not a model file"),
        (tmp_path / "nothing", "there is no such file"),
        (tmp_path, "there is no such file"),
    ):
        for read in (model_file.load, model_file.info):
            with pytest.raises(ModelFileError, match=message):
                read(file / "model.safetensors" if file.is_dir() else file)


def test_a_training_state_in_place_of_a_model_is_refused(workshop: Workshop) -> None:
    workshop.stop_at(workshop.order(), 2)
    with pytest.raises(ModelFileError, match="is not a model file but a training state"):
        model_file.load(workshop.folder / "run" / "state.safetensors")


def test_neither_path_nor_user_nor_machine_stands_in_the_file(workshop: Workshop) -> None:
    import socket

    file = workshop.run(workshop.order("fusion", images=64)).model
    data = file.read_bytes().lower()
    for secret in (str(workshop.folder), getpass.getuser(), str(Path.home()), socket.gethostname(), "/tmp"):
        if len(secret) > 3:
            assert secret.lower().encode() not in data, secret
    header = json.dumps(model_file.info(file))
    assert "data.npz" in header and "/" not in header.replace("n/a", "")


@pytest.mark.parametrize("value", [10**7, 10**30, 0.5, None])
def test_sizes_that_a_header_only_says_take_no_memory(value: object, tmp_path: Path) -> None:
    file = published(tmp_path)
    tensors, header = tensor_file.read(file, expected="a model file")
    for config in ({"noise_size": value}, {"network": header["config"]["network"] | {"blocks": value}}):
        tensor_file.write(file, tensors, header | {"config": header["config"] | config})
        with pytest.raises(ModelFileError, match=r"model.safetensors"):
            model_file.load(file)


PRIORS = [
    ("autoencoder", {"prior": Prior(kind="mixture", parts=60)}),
    ("autoencoder", {"prior": Prior(kind="neighbors")}),
    ("fusion", {"prior": Prior(kind="neighbors")}),
    ("quantized", {"parts": 60}),
]


@pytest.mark.parametrize(("name", "changes"), PRIORS)
@pytest.mark.parametrize("label", [None, 1], ids=["all classes", "one class"])
@pytest.mark.parametrize("fitted", [True, False], ids=["fitted", "not fitted"])
def test_slots_that_nothing_was_fitted_to_are_not_stored_and_come_back(
    name: str, changes: dict[str, Any], label: int | None, fitted: bool, tmp_path: Path
) -> None:
    system = build(name, **changes)
    if fitted:
        settled(settled(system, examples(count=48)), examples(count=24, label=label))
    model_file.publish(tmp_path / "model.safetensors", system, name=name, facts={})
    model = model_file.load(tmp_path)
    found, expected = model.system.state_dict(), system.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], value) for key, value in expected.items())
    kept = tensor_file.read(tmp_path / "model.safetensors", expected="a model file")[0]
    slots = [key for key in kept if key.endswith((".center", ".factor", ".code", ".neighbor"))]
    assert slots and (not fitted or all(kept[key].numel() < found[key].numel() for key in slots))
    model_file.republish(tmp_path / "again.safetensors", model)
    assert model_file.load(tmp_path / "again.safetensors").digest == model.digest


def test_a_small_file_that_describes_a_huge_prior_is_refused_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = published(tmp_path)
    monkeypatch.setattr(model_file, "MOST_SLOTS", 10)
    monkeypatch.setattr(FittedPrior, "restored", lambda *_: pytest.fail("built back"))
    with pytest.raises(ModelFileError, match=r"its weights do not fit its system: prior\.center"):
        model_file.load(file)
    whole = published(tmp_path / "whole")  # what could not be built back is stored with all of its slots
    assert model_file.load(whole).system.state_dict()["prior.center"].ndim == 3


def test_a_model_of_format_1_still_loads_and_makes_what_it_made() -> None:
    model = model_file.load(Path(__file__).parent / "models" / "format1-mixture.safetensors")
    assert model.header["format"] == 1
    draws = Draws(seed=0, round=0, total=4)
    made = model.require(Generates).generate(torch.full((4,), UNLABELED), draws)
    assert float(made.double().sum()) == pytest.approx(model.header["metrics"]["generated_sum"], rel=1e-4)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["encoder.last.bias", "prior.center", "prior.weight"])
def test_weights_that_are_not_finite_are_refused(name: str, value: float, tmp_path: Path) -> None:
    """Such a file would make black pictures and end with 0."""
    file = published(tmp_path)
    tensors, header = tensor_file.read(file, expected="a model file")
    tensors[name].view(-1)[-1] = value
    forged(file, tensors, header)
    with pytest.raises(ModelFileError, match=rf"{name} holds numbers that are not finite"):
        model_file.load(file)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.int32, torch.bool])
def test_weights_of_another_kind_of_number_are_refused(dtype: torch.dtype, tmp_path: Path) -> None:
    file = published(tmp_path)
    tensors, header = tensor_file.read(file, expected="a model file")
    for name in [name for name in tensors if name.endswith("bias")]:
        tensor_file.write(file, tensors | {name: tensors[name].to(dtype)}, header)
        with pytest.raises(ModelFileError, match=rf"{name} is of .*, expected float32"):
            model_file.load(file)


def forged(file: Path, tensors: dict[str, torch.Tensor], header: dict[str, Any]) -> None:
    """Write a file as amalgan would if it did not look: its digest is right."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tensor_file, "not_finite", lambda tensors: [])
        tensor_file.write(file, tensors, header)
