"""Work is counted as it can be by hand, and lazy penalties stand in it in proportion."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from amalgan.config.data import AugmentConfig
from amalgan.config.parts import Networks
from amalgan.config.run import RunConfig
from amalgan.config.systems import AutoencoderConfig, GanConfig
from amalgan.data import open_data, resolve_augment
from amalgan.studies.compare.costs import milliseconds, peak_memory_mib, work_of, work_of_training
from amalgan.studies.compare.measures import COSTS, MEASURED_TIMES, catalog

DENSE = Networks(hidden=10, layers=1)


def test_a_convolution_and_a_linear_layer():
    conv, linear = nn.Conv2d(3, 5, 3, padding=1), nn.Linear(7, 11)
    assert work_of(lambda: conv(torch.zeros(2, 3, 8, 6))) == 2 * (2 * 5 * 8 * 6) * (3 * 3 * 3)
    assert work_of(lambda: linear(torch.zeros(4, 7))) == 2 * 4 * 7 * 11


def test_gradients_and_gradients_of_gradients_count():
    linear = nn.Linear(7, 1, bias=False)
    x = torch.ones(4, 7, requires_grad=True)

    def penalty():
        slope = torch.autograd.grad((linear(x) ** 2).sum(), x, create_graph=True)[0]
        slope.square().sum().backward()

    once = 2 * 4 * 7
    assert work_of(penalty) >= 5 * once  # forward, slope, and their three products backward


def run_of(name, settings, data):
    return RunConfig(
        system=name,
        settings=settings,
        data="wine",
        images=64,
        augment=resolve_augment(AugmentConfig(), data.spec),
    )


def test_the_work_of_an_autoencoder_of_vectors_by_hand():
    data = open_data("wine")
    found = work_of_training(run_of("autoencoder", AutoencoderConfig(code_size=4, network=DENSE), data), data)
    layers = [(13, 10), (10, 4), (4, 10), (10, 13)]
    forward = sum(2 * a * b for a, b in layers)
    weights, inputs = forward, forward - 2 * 13 * 10  # nothing flows back into the examples
    assert found == forward + weights + inputs


def test_lazy_penalties_are_counted_in_proportion():
    data, settings = open_data("wine"), GanConfig(network=DENSE)
    critic = replace(settings.critic, network=DENSE)
    work = {
        every: work_of_training(
            run_of("gan", replace(settings, critic=replace(critic, penalty_every=every)), data), data
        )
        for every in (1, 4, 16)
    }
    without = work_of_training(
        run_of("gan", replace(settings, critic=replace(critic, r1=0.0, r2=0.0)), data), data
    )
    assert work[4] - without == pytest.approx((work[1] - without) / 4)
    assert work[16] - without == pytest.approx((work[1] - without) / 16)
    assert work[1] > 1.3 * without


def test_peak_memory_is_this_process_own_and_grows():
    before = peak_memory_mib()
    freed = before - int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
    held = torch.ones(int((freed + 256) * 2**18))  # what was freed before may be taken again unseen
    assert peak_memory_mib() > before + 150 and held[0] == 1


def test_latency_is_a_median():
    waits = iter([0.0] * 2 + [0.002] * 8 + [0.2])
    import time

    assert 1.5 < milliseconds(lambda: time.sleep(next(waits))) < 50


def test_the_catalog_names_each_measure_once():
    measures = list(catalog())
    assert (
        len({measure.key for measure in measures})
        == len({measure.title for measure in measures})
        == len(measures)
    )
    assert {measure.key for measure in COSTS} >= MEASURED_TIMES
    assert not [measure.key for measure in measures if measure.headline and measure.group == "novelty"]
