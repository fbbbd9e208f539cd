"""The folder of a run: what is the user's stays, one process trains into it, and data is known by its content."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from amalgan.core import locks, tensor_file
from amalgan.core.errors import FileError, ForeignFile, StateError, UsageError
from workshop import BATCH, ROUNDS, Workshop


@pytest.mark.parametrize("name", ["run.json", "log.jsonl", "model.safetensors", "state.safetensors"])
@pytest.mark.parametrize("how", [{}, {"overwrite": True}, {"resume": True}])
def test_a_file_of_the_user_s_is_left_alone_however_training_is_asked(
    name: str, how: dict[str, Any], workshop: Workshop
) -> None:
    order = workshop.order(**how)
    order.out.mkdir(parents=True)
    (order.out / name).write_bytes(b'{"the": "user\'s"}')
    with pytest.raises((ForeignFile, StateError), match=re.escape(name)):
        workshop.run(order)
    assert [path.name for path in order.out.iterdir()] == [name]
    assert (order.out / name).read_bytes() == b'{"the": "user\'s"}'


def test_a_published_model_without_its_run_is_not_written_over(workshop: Workshop) -> None:
    order = workshop.order(keep_state=False)
    workshop.run(order)
    model = (order.out / "model.safetensors").read_bytes()
    (order.out / "run.json").unlink()
    for how, error in (({}, UsageError), ({"resume": True}, StateError)):
        with pytest.raises(error):
            workshop.run(replace(order, **how))
    assert (order.out / "model.safetensors").read_bytes() == model


def test_a_log_without_a_state_is_not_started_over_by_resume(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.stop_at(order, 6)
    for place in order.out.glob("state*"):
        place.unlink()
    before = {path: path.read_bytes() for path in order.out.rglob("*") if path.is_file()}
    with pytest.raises(StateError, match="no saved state and no model to go on with"):
        workshop.run(replace(order, resume=True))
    assert {path: path.read_bytes() for path in order.out.rglob("*") if path.is_file()} == before


def test_data_is_the_same_by_its_content_and_not_by_its_name(workshop: Workshop) -> None:
    order = workshop.order(keep_state=False)
    whole = workshop.run(replace(order, out=order.out.with_name("whole"))).model
    workshop.stop_at(order, 6)
    moved = Path(order.data).rename(Path(order.data).with_name("job_2.npz"))
    resumed = workshop.run(replace(order, data=str(moved), resume=True))
    assert resumed.resumed_at_images == 6 * BATCH
    tensors, others = (tensor_file.read(place, expected="a model")[0] for place in (whole, resumed.model))
    assert all(torch.equal(tensor, others[name]) for name, tensor in tensors.items())
    assert workshop.run(replace(order, data=str(moved), resume=True)).images == resumed.images


def test_outputs_are_no_inputs(workshop: Workshop, tmp_path: Path) -> None:
    for out in (tmp_path / "photos", tmp_path / "photos" / "run", tmp_path):
        data = tmp_path / ("samples" if out == tmp_path else "photos")
        data.mkdir(exist_ok=True)
        with pytest.raises(UsageError, match="inputs are never changed"):
            workshop.run(workshop.order(data=str(data), out=out))
        assert not list(data.iterdir())


def test_two_trainings_do_not_share_a_folder(workshop: Workshop) -> None:
    order = workshop.order()
    with locks.hold_folder(order.out), pytest.raises(FileError, match="another process of amalgan"):
        workshop.run(order)
    assert workshop.run(order).images == ROUNDS * BATCH and not (order.out / ".lock").exists()
