"""Numbers that are not finite never outlive their round, and what goes wrong is told in plain words."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from amalgan.config.parts import Adam
from amalgan.core.errors import Diverged
from amalgan.objectives import reconstruction
from amalgan.systems import model_file
from amalgan.training import loop
from amalgan.training.baseline import Baseline
from amalgan.training.state import TrainState
from amalgan.training.verdict import doubts_about, variety
from amalgan.training.watchdog import PATIENT_ROUNDS, Watchdog, cause
from support import build, examples, settled, small, take_round, tick
from workshop import BATCH, ROUNDS, Workshop, tensors_in

NAN = float("nan")


def poison_weight(state: TrainState) -> None:
    next(state.system.parameters()).data.view(-1)[0] = NAN


def poison_average(state: TrainState) -> None:
    next(state.average.parameters()).data.view(-1)[0] = NAN


def poison_moment(state: TrainState) -> None:
    next(iter(state.optimizers[0].state.values()))["exp_avg_sq"].view(-1)[0] = float("inf")


@pytest.mark.parametrize("poison", [poison_weight, poison_average, poison_moment])
@pytest.mark.parametrize("at", [1, 13])
def test_a_poisoned_state_is_taken_back_within_the_round(
    poison: Callable[[TrainState], None], at: int, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[int] = []

    def strike(state: TrainState, report: loop.Report) -> None:
        if state.round == at and not done:
            done.append(state.round)
            poison(state)

    workshop.strike(strike)
    order = workshop.order()
    result = workshop.run(order)
    assert result.images == ROUNDS * BATCH
    assert_only_finite(order.out)
    told = capsys.readouterr().err
    assert f"round {at}: a weight or an optimizer moment is not finite" in told
    assert "Back to round 0 with the learning rates at 0.5 of what was asked" in told


def assert_only_finite(out: Path) -> None:
    """Neither the states, nor the model, nor the log hold anything that is not a number."""
    assert all(bool(value.isfinite().all()) for value in tensors_in(out).values())
    assert all(bool(v.isfinite().all()) for v in model_file.load(out).system.state_dict().values())
    for line in (out / "log.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_a_loss_that_is_not_finite_is_taken_back(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []

    def broken(x: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        return reconstruction.l2(x, y) * (NAN if len(calls) == 9 else 1.0)

    workshop.patch.setitem(reconstruction.RECONSTRUCTIONS, "l2", broken)
    order = workshop.order()
    workshop.run(order)
    assert_only_finite(order.out)
    assert (
        "round 9: autoencoder/reconstruction is not finite; the steps are too large"
        in capsys.readouterr().err
    )


def test_a_gradient_that_is_not_finite_under_a_finite_loss_is_taken_back(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[int] = []

    def broken(x: Tensor, y: Tensor) -> Tensor:
        calls.append(1)
        zero = (x - x.detach()).flatten(1).sum(1)
        return reconstruction.l2(x, y) + (
            zero.abs().sqrt() if len(calls) == 9 else 0.0
        )  # sqrt'(0) = infinity

    workshop.patch.setitem(reconstruction.RECONSTRUCTIONS, "l2", broken)
    order = workshop.order()
    workshop.run(order)
    assert_only_finite(order.out)
    assert "round 9: a weight or an optimizer moment is not finite" in capsys.readouterr().err


def test_it_goes_back_to_the_last_saved_state_not_to_the_start(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    order = workshop.order()
    workshop.stop_at(order, 7)
    workshop.strike(lambda state, report: poison_weight(state) if state.rate_scale == 1 else None)
    workshop.run(replace(order, resume=True))
    assert "round 8: " in (told := capsys.readouterr().err) and "Back to round 7 " in told


def test_the_fourth_time_it_gives_up_and_leaves_the_last_good_state(workshop: Workshop) -> None:
    order = workshop.order()
    workshop.stop_at(order, 5)
    before = tensors_in(order.out)
    rounds: list[float] = []

    def strike(state: TrainState, report: loop.Report) -> None:
        rounds.append(state.rate_scale)
        poison_weight(state)

    workshop.strike(strike)
    with pytest.raises(Diverged, match="Rolled back 3 times without help; the last good state is kept"):
        workshop.run(replace(order, resume=True))
    assert rounds == [1, 0.5, 0.25, 0.125]
    after = tensors_in(order.out)
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert not (order.out / "model.safetensors").exists()


def test_a_rate_far_too_high_ends_in_plain_words(workshop: Workshop) -> None:
    settings = replace(small("autoencoder"), optimizer=Adam(rate=1e25, warmup=0.0))
    with pytest.raises(Diverged, match=r"lower --optimizer\.rate"):
        workshop.run(workshop.order(settings=settings, images=100 * BATCH))


def ignore(*_: object) -> None:
    """Nothing is to be done."""


@pytest.mark.parametrize("name", ["autoencoder", "gan", "fusion", "restorer"])
def test_three_hundred_healthy_rounds_raise_no_alarm(name: str) -> None:
    state, batch = TrainState.fresh(build(name)), examples()
    baseline = Baseline(batch.x, batch.x.mean(0))

    def fail(*_: object) -> None:
        raise AssertionError("nothing was wrong")

    watchdog = Watchdog(keep=ignore, take_back=fail, tell=fail, ratio=baseline.ratio)
    for number in range(300):
        watchdog(state, take_round(state, batch, tick(number, number / 300, len(batch.x))))


def after(workshop: Workshop, rounds: int, act: Callable[[TrainState], None]) -> Callable[[], list[int]]:
    """Let ``act`` change the state after every round from ``rounds`` on until it is taken back; lists the rounds."""
    done: list[int] = []

    def strike(state: TrainState, report: loop.Report) -> None:
        if state.rollbacks == 0 and state.round >= rounds:
            done.append(state.round)
            act(state)

    workshop.strike(strike)
    return lambda: done


@pytest.mark.parametrize("factor", [1.25, 1.35])
def test_reconstructions_that_get_far_worse_are_taken_back_to_before_the_rise(
    factor: float, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    done = after(workshop, 51, lambda state: state.system.decoder.last.weight.data.mul_(factor))
    settings = replace(small("autoencoder"), optimizer=Adam(rate=5e-3, warmup_rounds=0))
    result = workshop.run(workshop.order(settings=settings, images=150 * BATCH))
    assert done()[-1] <= 51 + 50  # within fifty rounds
    said = capsys.readouterr().err
    assert "times as far off as the mean example" in said and "was reached before" in said
    assert "Back to round 50 with the learning rates at 0.5" in said
    assert result.doubts == []


@pytest.mark.parametrize("ratios", [[0.97, 1.2, 1.2], [0.6, 1.4, 1.1], [0.97, 1.2, 0.9, 1.1, 1.1]])
def test_what_was_better_than_the_guess_and_stays_worse_is_taken_back(ratios: list[float]) -> None:
    kept, taken, said = checked(ratios)
    assert taken == [25 * len(ratios)]  # the second of two checks in a row, so within fifty rounds
    assert kept == [25 * (1 + at) for at, ratio in enumerate(ratios) if ratio < 1]
    assert f"reconstructions are {ratios[-1]:.3g} times as far off as the mean example" in said[0]
    assert f"where {min(ratios):.3g} times was reached before" in said[0]


@pytest.mark.parametrize(
    "ratios", [[0.97, 1.2, 0.97, 1.2, 0.97], [1.1, 0.99, 1.1, 1.1, 1.05], [3.0, 2.0, 1.0]]
)
def test_one_bad_check_and_a_slow_start_are_no_divergence(ratios: list[float]) -> None:
    _, taken, said = checked(ratios)
    assert taken == [] and said == []


def checked(ratios: list[float]) -> tuple[list[int], list[int], list[str]]:
    """Let a watchdog find these errors; the rounds it kept, those it took back, and what it told."""
    kept, taken, said, coming = list[int](), list[int](), list[str](), iter(ratios)
    watchdog = Watchdog(
        keep=lambda state: kept.append(state.round),
        take_back=lambda state: taken.append(state.round),
        tell=said.append,
        ratio=lambda system: next(coming),
    )
    state = TrainState.fresh(build("autoencoder"))
    for number in range(len(ratios)):
        state.round = 25 * (1 + number)
        watchdog(state, {})
    return kept, taken, said


def test_a_restorer_that_makes_pictures_worse_is_taken_back(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    def spoil(state: TrainState) -> None:
        state.system.network.last.bias.data.add_(0.02)

    done = after(workshop, 126, spoil)
    settings = replace(small("restorer"), optimizer=Adam(rate=5e-3, warmup_rounds=0))
    result = workshop.run(workshop.order("restorer", settings=settings, images=220 * BATCH))
    assert done()[-1] <= 126 + 50
    said = capsys.readouterr().err
    assert "restored pictures are" in said and "as far off as the damaged pictures themselves" in said
    assert "Back to round 125 with the learning rates at 0.5" in said
    assert result.doubts == []


def test_a_loss_that_explodes_is_taken_back_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    taken: list[int] = []
    watchdog = Watchdog(keep=ignore, take_back=lambda state: taken.append(state.round), tell=print)
    state = TrainState.fresh(build("gan"))
    state.round = 7
    watchdog(state, {"critic/adversarial": 9e3, "critic/r1": 1.0})
    assert taken == []
    watchdog(state, {"critic/adversarial": 2e4, "critic/r1": 1.0})
    assert (
        taken == [7]
        and "critic/adversarial has exploded; the critic grew too strong" in capsys.readouterr().out
    )


def test_a_network_that_learns_nothing_is_told_once_and_its_model_says_so(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(small("autoencoder"), optimizer=Adam(rate=1e-12))
    order = workshop.order(settings=settings, images=300 * BATCH)
    result = workshop.run(order)
    said = capsys.readouterr().err
    assert said.count("no better than the mean example, so nothing is learned yet") == 1
    assert result.doubts[0].startswith("do not use this model")
    assert model_file.load(result.model).doubts == tuple(result.doubts)
    assert "warning: do not use this model" in said


def test_samples_that_are_all_alike_are_doubted_and_varied_ones_are_not() -> None:
    batch = examples(count=32)
    baseline = Baseline(batch.x, batch.x.mean(0))
    system = settled(build("gan"), batch)
    with torch.no_grad():
        for parameter in system.generator.parameters():
            parameter.zero_()
    assert any("nearly all alike" in doubt for doubt in doubts_about(system, baseline))
    assert variety(batch.x, batch.x) == pytest.approx(1.0)


def test_samples_that_stay_alike_are_told_once() -> None:
    told: list[str] = []
    watchdog = Watchdog(keep=ignore, take_back=ignore, tell=told.append)
    state = TrainState.fresh(build("gan"))
    for _ in range(2 * PATIENT_ROUNDS):
        watchdog(state, {"critic/variety": 0.01, "critic/critic_right": 0.9})
    assert len(told) == 1 and "mode collapse" in told[0] and "--critic.r1" in told[0]


def test_a_sign_that_comes_and_goes_is_no_collapse() -> None:
    told: list[str] = []
    watchdog = Watchdog(keep=ignore, take_back=ignore, tell=told.append)
    state = TrainState.fresh(build("gan"))
    for number in range(4 * PATIENT_ROUNDS):
        watchdog(state, {"critic/variety": 0.5 if number % (PATIENT_ROUNDS - 1) == 0 else 0.01})
    assert told == []


def test_a_critic_that_is_never_wrong_is_told_once() -> None:
    told: list[str] = []
    watchdog = Watchdog(keep=ignore, take_back=ignore, tell=told.append)
    state = TrainState.fresh(build("gan"))
    for _ in range(2 * PATIENT_ROUNDS):
        watchdog(state, {"critic/critic_right": 1.0, "critic/adversarial": 1e-5})
    assert len(told) == 1 and "the critic is never wrong" in told[0]
    for _ in range(2 * PATIENT_ROUNDS):  # a Wasserstein critic that is ahead has a loss far below zero
        watchdog(state, {"critic/critic_right": 1.0, "critic/adversarial": -3.0})
    assert len(told) == 1


def test_the_cause_fits_what_is_broken() -> None:
    assert "too steep" in cause(["critic/r1"])
    assert "too strong" in cause(["critic/adversarial"])
    assert "the data holds extreme values" in cause(["fusion/faithful"])
    assert "--optimizer.rate" in cause([])
