"""A run that stopped and went on is, bit for bit, the run that never stopped."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from amalgan.config.data import AugmentConfig
from amalgan.config.parts import Networks
from amalgan.core.errors import Diverged, StateError, UsageError
from amalgan.data.writing.grids import png_bytes
from amalgan.training.state import previous_of
from support import SMALL, built_in, small
from workshop import BATCH, ROUNDS, Workshop, rewrite, tensors_in

Change = Callable[[dict[str, Tensor], dict[str, Any]], None]


def assert_same(first: Path, second: Path) -> None:
    """Equal models byte for byte, and equal states."""
    equal = (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()
    assert equal, (
        "the models differ"
    )  # not compared in the assert: a full diff of bytes takes minutes under CI=true
    whole, resumed = tensors_in(first), tensors_in(second)
    assert whole.keys() == resumed.keys()
    assert [name for name, value in whole.items() if not torch.equal(value, resumed[name])] == []


@pytest.mark.parametrize("name", built_in())
def test_stopped_and_resumed_is_never_stopped(name: str, workshop: Workshop) -> None:
    workshop.run(workshop.order(name, "whole"))
    for stop in (1, 7, ROUNDS - 1):
        order = workshop.order(name, f"stopped-{stop}")
        workshop.stop_at(order, stop)
        assert not (order.out / "model.safetensors").exists()
        result = workshop.run(replace(order, resume=True))
        assert result.resumed_at_images == stop * BATCH and result.images == ROUNDS * BATCH
        assert_same(workshop.folder / "whole", order.out)


def test_resume_is_exact_with_augmentation_micro_batches_and_a_learned_prior(workshop: Workshop) -> None:
    settings = small("fusion")
    settings = replace(settings, prior=replace(settings.prior, kind="learned"))
    changes = {
        "settings": settings,
        "micro_batch": 3,
        "augment": AugmentConfig(flip=True, shift=0.1, rotate=10.0, zoom=0.1, color=0.1),
    }
    workshop.run(workshop.order("fusion", "whole", **changes))
    order = workshop.order("fusion", "stopped", **changes)
    workshop.stop_at(order, 16)
    workshop.run(replace(order, resume=True))
    assert_same(workshop.folder / "whole", order.out)


def test_stopping_again_and_again_changes_nothing(workshop: Workshop) -> None:
    workshop.run(workshop.order("fusion", "whole"))
    order = workshop.order("fusion", "stopped")
    workshop.stop_at(order, 3)
    for stop in (4, 11, 18):
        workshop.stop_at(replace(order, resume=True), stop)
    workshop.run(replace(order, resume=True))
    assert_same(workshop.folder / "whole", order.out)


def drop_first_moment(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    for name in tensors:
        if name.endswith("/exp_avg"):
            tensors[name].zero_()


def drop_second_moment(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    for name in tensors:
        if name.endswith("/exp_avg_sq"):
            tensors[name].zero_()


def drop_average(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    for name in tensors:
        if name.startswith("average/"):
            tensors[name].copy_(tensors[name.replace("average/", "system/")])


def shift_round(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    header["round"] += 1


def drop_weight(tensors: dict[str, Tensor], header: dict[str, Any]) -> None:
    tensors["system/encoder.last.weight"].view(-1)[0] += 1e-3


@pytest.mark.parametrize(
    "change", [drop_first_moment, drop_second_moment, drop_average, shift_round, drop_weight]
)
def test_a_state_that_forgets_something_shows(change: Change, workshop: Workshop) -> None:
    workshop.run(workshop.order(out="whole"))
    order = workshop.order(out="stopped")
    workshop.stop_at(order, 9)
    rewrite(order.out / "state.safetensors", change)
    with pytest.raises((AssertionError, Diverged)):
        workshop.run(replace(order, resume=True))
        assert_same(workshop.folder / "whole", order.out)


def test_equal_seeds_give_equal_files_and_other_seeds_others(workshop: Workshop) -> None:
    first, second, other = (
        workshop.run(workshop.order("fusion", str(number), seed=seed)).model.read_bytes()
        for number, seed in enumerate((5, 5, 6))
    )
    assert first == second
    assert first != other


def test_resuming_a_finished_run_publishes_the_same_model_again(workshop: Workshop) -> None:
    order = workshop.order("fusion")
    before = workshop.run(order).model.read_bytes()
    (order.out / "model.safetensors").unlink()
    result = workshop.run(replace(order, resume=True))
    assert result.model.read_bytes() == before and result.resumed_at_images == ROUNDS * BATCH


def test_a_run_that_has_ended_is_not_touched_by_resume(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = workshop.order("fusion", keep_state=False)
    first = workshop.run(order)
    assert not list(order.out.glob("state*"))
    before = {path: path.read_bytes() for path in order.out.rglob("*") if path.is_file()}
    workshop.strike(lambda state, report: pytest.fail("training went on"))
    for minutes, images in ((None, order.images), (None, None), (1.0, None)):
        again = workshop.run(replace(order, resume=True, images=images, minutes=minutes))
        assert again == replace(first, resumed_at_images=ROUNDS * BATCH, cpu_seconds=0.0)
        assert f"has ended at {ROUNDS * BATCH:,} images, so there is nothing to do" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in order.out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("changes", "field"), [({"images": 400}, "images: 160, now 400"), ({"seed": 1}, "seed: 0, now 1")]
)
def test_a_run_that_has_ended_says_how_to_train_on(
    changes: dict[str, Any], field: str, workshop: Workshop
) -> None:
    order = workshop.order(keep_state=False)
    workshop.run(order)
    with pytest.raises(StateError, match=field) as caught:
        workshop.run(replace(order, resume=True, **changes))
    assert "has ended" in str(caught.value) and "--init" in str(caught.value)


def test_states_that_a_kill_left_beside_the_model_are_removed(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.run(order)
    assert (order.out / "state.safetensors").exists()
    workshop.run(replace(order, resume=True, keep_state=False))
    assert not list(order.out.glob("state*")) and (order.out / "model.safetensors").exists()


def test_resume_without_a_state_starts_fresh_and_says_so(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    result = workshop.run(workshop.order(resume=True))
    assert result.resumed_at_images is None and result.images == ROUNDS * BATCH
    assert "holds no saved state: starting fresh" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"seed": 1}, ["seed: 0, now 1"]),
        ({"images": 400}, ["images: 160, now 400"]),
        ({"batch": 16}, ["batch: 8, now 16"]),
        ({"settings": small("autoencoder", beta=2.0)}, ["settings.beta: 1.0, now 2.0"]),
        (
            {"settings": small("autoencoder", network=Networks(width=4, widest=16), code_size=5)},
            ["settings.network.width: 8, now 4", "settings.code_size: 4, now 5"],
        ),
        ({"system": "gan", "settings": small("gan")}, ["system: 'autoencoder', now 'gan'"]),
        ({"augment": AugmentConfig(flip=True)}, ["augment.flip: False, now True"]),
    ],
)
def test_a_changed_setting_is_refused_by_its_name(
    changes: dict[str, Any], fields: list[str], workshop: Workshop
) -> None:
    order = workshop.order()
    workshop.stop_at(order, 5)
    before = (order.out / "state.safetensors").read_bytes()
    with pytest.raises(StateError) as caught:
        workshop.run(replace(order, resume=True, **changes))
    assert all(field in str(caught.value) for field in fields) and "--init" in str(caught.value)
    assert (order.out / "state.safetensors").read_bytes() == before


def test_other_data_is_refused(workshop: Workshop) -> None:
    import numpy as np

    order = workshop.order()
    workshop.stop_at(order, 5)
    arrays = dict(np.load(workshop.folder / "data.npz"))
    arrays["x"][0, 0, 0] ^= 1
    np.savez(workshop.folder / "data.npz", **arrays)
    with pytest.raises(StateError, match="data_fingerprint: "):
        workshop.run(replace(order, resume=True))


def test_a_damaged_newest_state_falls_back_to_the_one_before(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.run(workshop.order("fusion", "whole"))
    order = workshop.order("fusion", "stopped")
    workshop.stop_at(order, 6)
    workshop.stop_at(replace(order, resume=True), 12)
    newest = order.out / "state.safetensors"
    newest.write_bytes(newest.read_bytes()[:-1])
    result = workshop.run(replace(order, resume=True))
    told = capsys.readouterr().err
    assert "is damaged" in told and "Going on from the state before it, state.previous.safetensors" in told
    assert result.resumed_at_images == 6 * BATCH
    assert (order.out / "state.damaged.safetensors").exists()
    assert_same(workshop.folder / "whole", order.out)


def test_a_missing_newest_state_falls_back_too(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.stop_at(order, 6)
    workshop.stop_at(replace(order, resume=True), 12)
    (order.out / "state.safetensors").unlink()
    assert workshop.run(replace(order, resume=True)).resumed_at_images == 6 * BATCH


def test_two_damaged_states_are_an_error_that_names_the_file(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.stop_at(order, 6)
    newest = order.out / "state.safetensors"
    for file in (newest, previous_of(newest)):
        file.write_bytes(b"nothing")
    with pytest.raises(StateError, match=r"state\.previous\.safetensors"):
        workshop.run(replace(order, resume=True))


def test_a_model_in_place_of_the_state_is_refused(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.run(order)
    (order.out / "model.safetensors").replace(order.out / "state.safetensors")
    previous_of(order.out / "state.safetensors").unlink()
    with pytest.raises(StateError, match="is not a training state"):
        workshop.run(replace(order, resume=True))


def test_a_run_is_not_written_over_unless_asked(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.run(order)
    stale = png_bytes(np.zeros((4, 4), np.uint8), {"Software": "amalgan 0.0.1"})
    (order.out / "samples" / "generated-999999999.png").write_bytes(stale)
    (order.out / "samples" / "mine.png").write_bytes(b"the user's")
    with pytest.raises(UsageError, match="holds a run already"):
        workshop.run(order)
    workshop.stop_at(replace(order, overwrite=True), 3)
    assert not (order.out / "model.safetensors").exists()
    assert not (order.out / "samples" / "generated-999999999.png").exists()
    assert (order.out / "samples" / "mine.png").read_bytes() == b"the user's"


def test_init_starts_a_new_run_from_weights(workshop: Workshop) -> None:
    first = workshop.run(workshop.order(out="first"))
    workshop.stop_at(workshop.order(out="second", init=first.model), 1)
    workshop.stop_at(workshop.order(out="third"), 1)
    start, fresh = tensors_in(workshop.folder / "second"), tensors_in(workshop.folder / "third")
    from amalgan.systems import model_file

    trained = model_file.load(first.model).system.state_dict()
    name = (
        "encoder.last.weight"  # the rate of the first round is zero: the weights are still the initial ones
    )
    assert torch.equal(start[f"system/{name}"], trained[name])
    assert not torch.equal(fresh[f"system/{name}"], trained[name])
    with pytest.raises(UsageError, match=r"decoder\.blocks"):
        settings = small("autoencoder", network=replace(SMALL, width=4))
        workshop.run(workshop.order(out="fourth", init=first.model, settings=settings))


def test_the_log_of_a_resumed_run_tells_every_round_once(workshop: Workshop) -> None:
    order = workshop.order(images=60 * BATCH)
    workshop.stop_at(order, 30)
    with open(order.out / "log.jsonl", "a") as log:
        log.write('{"round": 40, "images": 320}\n{"round": 4')  # what a killed run wrote after its last save
    workshop.run(replace(order, resume=True))
    lines = [json.loads(line) for line in (order.out / "log.jsonl").read_text().splitlines()]
    assert [line["round"] for line in lines] == [1, 20, 40, 60]
    assert len(lines[2]) > 3


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129), (signal.SIGUSR1, 138)],
)
def test_a_signal_saves_and_tells_its_code(number: int, code: int, workshop: Workshop) -> None:
    order = workshop.order()
    stopped = workshop.stop_at(order, 4, number=number)
    assert stopped.exit_code == code
    assert f"stopped by {signal.Signals(number).name} at 32 images; the state is saved" in str(stopped)
    assert signal.getsignal(signal.SIGTERM) == signal.getsignal(number) or number == signal.SIGINT


def test_a_hang_up_that_nohup_has_us_ignore_stays_ignored(workshop: Workshop) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        order = workshop.order()
        workshop.strike(lambda state, report: signal.raise_signal(signal.SIGHUP))
        assert workshop.run(order).images == ROUNDS * BATCH
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
