"""Every system is changed alike: rates by a factor, widths until the parameters fit."""

from __future__ import annotations

import pytest

from amalgan.cli.parsing import parse
from amalgan.config import fields
from amalgan.config.parts import Adam, Networks
from amalgan.core.errors import ConfigError
from amalgan.studies.compare.commands import of_cell
from amalgan.studies.compare.settings import (
    at_rate,
    at_width,
    build_system,
    trained_parameters,
    with_parameters,
)
from amalgan.studies.compare.tuning import factors
from amalgan.systems import registry
from support import GRAY, SPECS, built_in


def parts(settings, kind):
    found = fields.flatten(fields.to_json(settings))
    return {name: value for name, value in found.items() if name.split(".")[-1] in kind}


@pytest.mark.parametrize("name", built_in())
def test_a_rate_changes_every_optimizer_and_nothing_else(name):
    settings = registry.config_class(name)()
    was, now = (fields.flatten(fields.to_json(one)) for one in (settings, at_rate(settings, 0.5)))
    changed = {key for key in was if was[key] != now[key]}
    assert changed == {key for key in was if key.endswith("optimizer.rate")} and changed
    assert all(now[key] == was[key] / 2 for key in changed)
    assert at_rate(settings, 1.0) == settings


def test_factors_go_down_and_up_in_turn():
    assert factors(6) == [1, 0.5, 2, 0.25, 4, 0.125]
    assert factors(1) == [1]


@pytest.mark.parametrize("name", built_in())
@pytest.mark.parametrize("spec", [GRAY, SPECS["vectors with classes"]], ids=["pictures", "vectors"])
def test_parameters_come_as_near_as_a_width_allows(name, spec):
    wanted = 60_000
    try:
        resolved = registry.config_class(name)().resolved(spec)
    except ConfigError as refused:
        pytest.skip(str(refused))
    settings = with_parameters(name, resolved, spec, wanted)
    reached = trained_parameters(build_system(name, settings, spec))
    widths = parts(settings, ("width", "hidden"))
    assert widths == parts(settings, ("width", "hidden")) and reached == pytest.approx(wanted, rel=0.12)
    for factor in (0.94, 1.06):  # a step of any width from here
        other = at_width(settings, factor)
        assert other == settings or abs(trained_parameters(build_system(name, other, spec)) - wanted) >= abs(
            reached - wanted
        )


def test_trained_parameters_are_counted_once():
    """A GAN's are its generator's and its critic's, whatever the phases."""
    gan = build_system("gan", registry.config_class("gan")(), GRAY)
    assert trained_parameters(gan) == sum(
        one.numel() for part in (gan.generator, gan.critic) for one in part.parameters()
    )


def test_numbers_of_parameters_that_no_width_reaches_are_refused():
    with pytest.raises(ConfigError, match=r"--parameters 10: the nearest that gan comes to .* is [\d,]+\."):
        with_parameters("gan", registry.config_class("gan")(), GRAY, 10)


def test_parts_are_found_at_any_depth():
    critic = at_width(registry.config_class("gan")(), 2.0).critic
    assert critic.network == Networks(width=64, widest=256, hidden=512)
    assert isinstance(at_rate(registry.config_class("gan")(), 4.0).critic.optimizer, Adam)


@pytest.mark.parametrize("name", built_in())
def test_the_command_of_a_cell_gives_its_settings(name):
    settings = at_rate(at_width(registry.config_class(name)().resolved(GRAY), 0.5), 0.25)
    flags = ["--size", "8", "--no-flip"]
    line = of_cell(
        name,
        settings,
        data="some pictures",
        flags=flags,
        images=640,
        seed=7,
        batch=32,
        device="cpu",
        precision="float32",
        out="runs/x",
    )
    assert line.startswith("OMP_NUM_THREADS=1 amalgan train 'some pictures' --system ")
    import shlex

    command = parse(shlex.split(line)[2:])
    assert command.settings == settings
    assert (command.data, command.images, command.seed, command.batch) == ("some pictures", 640, 7, 32)
    assert command.augment.flip is False and command.reading.size == "8"
