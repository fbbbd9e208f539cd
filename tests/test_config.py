"""Configurations: plain data that goes to JSON and back, and names all of its faults at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgan.config import code, data, parts, run, systems
from amalgan.config.fields import check, flatten, from_json, list_differences, plain, to_json
from amalgan.core.errors import ConfigError
from amalgan.core.json_schema import find_misfit
from amalgan.core.types import DataSpec

CONFIGS = [
    kind
    for module in (data, parts, systems)
    for kind in vars(module).values()
    if isinstance(kind, type) and is_dataclass(kind) and kind.__module__ == module.__name__
]


def there_and_back(config: Any) -> Any:
    return from_json(type(config), json.loads(json.dumps(to_json(config), allow_nan=False)))


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_configuration_comes_back_from_json(kind: type[Any]) -> None:
    config = kind()
    assert there_and_back(config) == config
    hints = get_type_hints(kind)
    for field in fields(kind):
        for option in get_args(hints[field.name]) if get_origin(hints[field.name]) is Literal else ():
            changed = replace(config, **{field.name: option})
            assert there_and_back(changed) == changed


@pytest.mark.parametrize("kind", CONFIGS)
def test_every_field_says_what_it_is_for(kind: type[Any]) -> None:
    import ast
    import inspect

    body = ast.parse(inspect.getsource(kind)).body[0].body  # type: ignore[attr-defined]
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and not is_dataclass(default_of(kind, statement)):
            assert isinstance(following, ast.Expr), f"{kind.__name__}.{statement.target.id} has no help"  # type: ignore[union-attr]


def default_of(kind: type[Any], statement: Any) -> Any:
    return getattr(kind(), statement.target.id)


@given(
    rate=st.floats(1e-6, 1, exclude_min=True),
    betas=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
    stages=st.tuples(st.floats(0.1, 0.5), st.floats(0.5, 0.9)),
    code_size=st.none() | st.integers(1, 999),
)
def test_numbers_and_tuples_come_back_exactly(
    rate: float, betas: tuple[float, float], stages: tuple[float, float], code_size: int | None
) -> None:
    adam = parts.Adam(rate=rate, betas=betas)
    config = systems.FusionConfig(stages=stages, code_size=code_size, optimizer=adam)
    assert there_and_back(config) == config


def test_a_run_comes_back_but_for_its_settings_which_need_their_system() -> None:
    settings = systems.GanConfig(noise_size=7)
    config = run.RunConfig(system="gan", settings=settings, data="digits", images=640)
    plain = json.loads(json.dumps(to_json(config)))
    assert (
        replace(from_json(run.RunConfig, plain), settings=from_json(systems.GanConfig, plain["settings"]))
        == config
    )
    assert config.rounds == 10 and replace(config, images=641).rounds == 11


def test_a_missing_field_takes_its_default_and_an_unknown_one_is_named() -> None:
    assert from_json(parts.Adam, {"rate": 0.5}) == parts.Adam(rate=0.5)
    with pytest.raises(ConfigError) as caught:
        from_json(systems.GanConfig, {"noise": 3, "nois_size": 4})
    assert caught.value.faults == (
        "GanConfig has no field 'nois_size'; it has critic, network, noise_size, optimizer",
        "GanConfig has no field 'noise'; it has critic, network, noise_size, optimizer",
    )
    with pytest.raises(ConfigError, match="Networks has no field 'depth'"):
        from_json(systems.GanConfig, {"critic": {"network": {"depth": 3}}})


def test_differences_are_named_by_their_field() -> None:
    was = systems.GanConfig()
    now = replace(was, noise_size=8, critic=replace(was.critic, r1=3.0))
    assert list_differences(to_json(was), to_json(now)) == [
        "critic.r1: 1.0, now 3.0",
        "noise_size: 64, now 8",
    ]
    assert list_differences(to_json(was), to_json(was)) == []
    assert list_differences({"a": {"b": 1}}, {}) == ["a.b: 1, now None"]
    assert flatten({"a": {"b": {"c": 1}}, "d": [1]}) == {"a.b.c": 1, "d": [1]}


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parts.Adam(rate=0.0, betas=(1.0, 0.9), warmup=2.0, final=-1.0)
    assert len(caught.value.faults) == 4 and caught.value.exit_code == 2
    assert str(caught.value) == "\n".join(caught.value.faults)
    with pytest.raises(ConfigError) as one:
        check((True, "fine"), (False, "first"), (True, "fine"), (False, "second"))
    assert one.value.faults == ("first", "second")


NAN = float("nan")
FAULTS: list[tuple[Callable[[], object], str]] = [
    (lambda: parts.Adam(rate=NAN), "rate is nan"),
    (lambda: parts.Networks(width=3), "width is 3; the least is 4"),
    (lambda: parts.Networks(width=64, widest=32), "widest is 32, below width 64"),
    (lambda: parts.Networks(blocks=-1), "blocks is -1"),
    (lambda: parts.Prior(parts=0), "parts is 0"),
    (lambda: parts.Prior(codes=3), "codes is 3"),
    (lambda: parts.Critic(r1=-1.0), "penalty weights cannot be negative"),
    (lambda: parts.Critic(penalty_every=0), "penalty_every is 0"),
    (lambda: systems.AutoencoderConfig(mask=1.0), "mask is 1.0"),
    (lambda: systems.AutoencoderConfig(code_size=0), "code_size is 0"),
    (lambda: systems.FusionConfig(stages=(0.7, 0.4)), "they must rise"),
    (lambda: systems.FusionConfig(from_prior=1.5), "from_prior is 1.5"),
    (lambda: systems.GanConfig(noise_size=0), "noise_size is 0"),
    (lambda: data.DataConfig(size="7"), "--size is '7'"),
    (lambda: data.DataConfig(size="32x"), "--size is '32x'"),
    (lambda: data.DataConfig(size="32x32x3"), "--size is '32x32x3'"),
    (lambda: data.DataConfig(size="³²"), "--size is '³²'"),
    (lambda: data.DataConfig(max_bad=-1), "--max-bad is -1"),
    (lambda: data.AugmentConfig(shift=-0.1), "shift is -0.1"),
    (lambda: data.AugmentConfig(rotate=NAN), "rotate is nan"),
]


@pytest.mark.parametrize(("make", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_what_makes_no_sense_is_refused_with_what_would(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"images": 3},
        {"batch": 1},
        {"micro_batch": 0},
        {"patience": 0},
        {"validate_every": 0},
        {"average_half_life": 0},
    ],
)
def test_a_run_that_makes_no_sense_is_refused(change: dict[str, int]) -> None:
    plain: dict[str, Any] = {"system": "gan", "settings": None, "data": "digits", "images": 640, "batch": 64}
    run.RunConfig(**plain)
    with pytest.raises(ConfigError):
        run.RunConfig(**plain | change)


def test_sizes_read_as_people_write_them() -> None:
    assert data.DataConfig(size="32").height_width == (32, 32)
    assert (
        data.DataConfig(size="48x64").height_width == data.DataConfig(size="48X64").height_width == (48, 64)
    )
    assert data.DataConfig().height_width is None


def test_the_natural_code_size_grows_with_the_picture_within_limits() -> None:
    sizes = [
        code.natural_code_size(DataSpec(kind="image", shape=(c, s, s)))
        for c, s in ((1, 8), (3, 32), (3, 256))
    ]
    assert sizes == [16, 128, 256]
    assert code.natural_code_size(DataSpec(kind="vector", shape=(13,))) == 6
    assert code.natural_code_size(DataSpec(kind="vector", shape=(1,))) == 2


def test_a_data_spec_comes_back_from_json() -> None:
    from dataclasses import asdict

    for spec in (
        DataSpec(kind="image", shape=(3, 8, 9), classes=("a", "b")),
        DataSpec(kind="vector", shape=(2,), center=(0.5, 1e-9), spread=(1.0, 2.0)),
    ):
        assert DataSpec.from_json(json.loads(json.dumps(asdict(spec)))) == spec


def test_configuration_answers_without_torch() -> None:
    code = "import sys, amalgan.config.systems, amalgan.config.run; from amalgan.systems import registry;"
    code += "registry.names(); registry.config_class('fusion'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parts.Adam().rate = 1.0  # type: ignore[misc]


def test_a_nested_optional_configuration_comes_back() -> None:
    @dataclass(frozen=True)
    class Holder:
        inner: parts.Adam | None = None
        pair: tuple[int, ...] | None = None

    globals()["Holder"] = Holder
    for config in (Holder(), Holder(parts.Adam(rate=0.25), (1, 2, 3))):
        assert there_and_back(config) == config


@pytest.mark.parametrize(
    ("shape", "cells", "expected"),
    [
        ((3, 32, 32), (8, 8), (128, "map")),
        ((3, 64, 64), (8, 8), (256, "map")),
        ((1, 64, 64), (8, 8), (192, "map")),
        ((3, 48, 96), (6, 12), (288, "map")),
        ((3, 256, 256), (8, 8), (256, "map")),
        ((1, 28, 28), (7, 7), (32, "flat")),
        ((1, 8, 8), (8, 8), (16, "flat")),
    ],
)
def test_a_code_lies_on_a_map_where_every_cell_gets_two_numbers(
    shape: tuple[int, ...], cells: tuple[int, int], expected: tuple[int, str]
) -> None:
    spec = DataSpec(kind="image", shape=shape)
    assert code.grid_of(spec).shape == cells
    assert code.resolved_code(spec, None, None, dense=False) == expected
    assert code.resolved_code(spec, None, "flat", dense=False) == (code.natural_code_size(spec), "flat")
    assert code.resolved_code(spec, None, None, dense=True)[1] == "flat"
    assert code.resolved_code(spec, 7, None, dense=False) == (7, "flat")


def test_a_map_that_cannot_be_is_refused_with_what_to_give() -> None:
    spec = DataSpec(kind="image", shape=(3, 64, 64))
    assert code.resolved_code(spec, 128, "map", dense=False) == (128, "map")
    with pytest.raises(ConfigError, match=r"has 64 cells; give a multiple of 64, or --code flat"):
        code.resolved_code(spec, 100, "map", dense=False)
    with pytest.raises(ConfigError, match="needs pictures and convolutions"):
        code.resolved_code(DataSpec(kind="vector", shape=(9,)), None, "map", dense=False)


@given(height=st.integers(8, 600), width=st.integers(8, 600))
def test_a_grid_covers_the_picture_with_few_cells(height: int, width: int) -> None:
    grid = code.grid_of(DataSpec(kind="image", shape=(1, height, width)))
    for side, cells in zip((height, width), grid.shape, strict=True):
        assert (cells - 1) * grid.cell < side <= cells * grid.cell
    assert 6 <= min(grid.shape) <= 12 or grid.halvings == 0


@dataclass(frozen=True)
class Told:
    """One of each thing that a file may hold."""

    names: dict[str, float | None]
    pairs: tuple[dict[str, Any], ...]
    part: data.DataConfig
    kind: Literal["a", "b"]
    count: int | None
    more: str = ""


TOLD = Told({"a": 1.0}, ({"x": (1, 2)},), data.DataConfig(), "a", None)


@pytest.mark.parametrize(
    ("change", "misfit"),
    [
        ({}, None),
        ({"more": 3}, ".more is 3, expected text"),
        ({"names": {"a": "x"}}, '.names.a is "x", expected a number or null'),
        ({"pairs": [3]}, ".pairs[] is 3, expected an object"),
        ({"part": 3}, ".part is 3, expected an object"),
        ({"kind": 3}, ".kind is 3, expected text"),
        ({"count": 2**80}, f".count is {2**80}, expected a whole number or null"),
    ],
)
def test_a_dataclass_is_the_shape_of_its_json(change: dict[str, Any], misfit: str | None) -> None:
    found = find_misfit(plain(TOLD) | change, Told, "")
    assert found == (misfit and misfit.lstrip("."))


def test_a_field_with_a_default_may_be_missing_in_json_and_no_other() -> None:
    facts = plain({"told": [TOLD]})["told"][0]
    assert facts["pairs"] == [{"x": [1, 2]}] and facts["part"] == to_json(TOLD.part)
    assert find_misfit({name: facts[name] for name in facts if name != "more"}, Told, "") is None
    assert find_misfit({name: facts[name] for name in facts if name != "kind"}, Told, "") == "it has no kind"
