"""One declaration of every option: flags, arguments of Python and command lines are the fields of one dataclass."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import amalgan as ag
from amalgan.cli.parsing import COMMANDS, parse
from amalgan.cli.train import Train
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.flags import list_flags
from amalgan.config.train_options import TrainOptions
from amalgan.systems import registry

FILES = {"out", "json", "config"}
"""Flags of the command line alone: where its output goes, and the record that it repeats."""


@pytest.mark.parametrize(
    ("options", "function"),
    [(TrainOptions, ag.train), (CompareOptions, ag.compare)],
    ids=["train", "compare"],
)
def test_python_takes_every_option_with_its_default(options: type[Any], function: Any) -> None:
    taken = inspect.signature(function).parameters
    for field in fields(options):
        assert field.name in taken, f"{function.__name__} has no argument {field.name}"
        plain = field.default if field.default_factory is MISSING else field.default_factory()
        if plain is not MISSING and field.name != "system":  # which Python must name
            assert taken[field.name].default == plain


@pytest.mark.parametrize(("command", "options"), [("train", TrainOptions), ("compare", CompareOptions)])
def test_the_command_line_declares_nothing_of_its_own(command: str, options: type[Any]) -> None:
    assert issubclass(COMMANDS[command], options)
    own = set(inspect.get_annotations(COMMANDS[command])) - {"claims_itself", "settings"}
    assert own <= FILES


TWINS = {
    "generate": ag.Model.generate,
    "reconstruct": ag.Model.reconstruct,
    "restore": ag.Model.restore,
    "compress": ag.Model.compress,
    "evaluate": ag.Model.evaluate,
    "report": ag.Model.report,
    "explore": ag.Model.explore,
    "card": ag.Model.card,
    "augment": ag.Model.augment,
    "detect": ag.Model.detect,
    "push": ag.Model.push,
}


@pytest.mark.parametrize("command", TWINS)
def test_what_both_doors_take_has_one_default(command: str) -> None:
    taken = inspect.signature(TWINS[command]).parameters
    shared = [field for field in fields(COMMANDS[command]) if field.name in taken]
    assert shared
    for field in shared:
        argument = taken[field.name].default
        if argument is not inspect.Parameter.empty and field.default is not MISSING:
            assert argument == field.default, field.name


def changed(value: Any) -> Any:
    """Another value of the same type."""
    return {bool: lambda: not value, int: lambda: value + 7, float: lambda: value / 3}[type(value)]()


def with_all_changed(config: Any) -> Any:
    """A configuration whose numbers and switches differ from their defaults, at any depth."""
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    deep = {name: with_all_changed(value) for name, value in values.items() if is_dataclass(value)}
    return replace(config, **deep, **one_by_one(config, values))


def one_by_one(config: Any, values: dict[str, Any]) -> dict[str, Any]:
    """The numbers and switches that may be changed without the rest."""
    found = {}
    for name, value in values.items():
        if type(value) in (bool, int, float):
            try:
                replace(config, **found, **{name: changed(value)})
            except ag.AmalganError:
                continue
            found[name] = changed(value)
    return found


@pytest.mark.parametrize("system", registry.names())
def test_settings_written_as_flags_are_read_again(system: str) -> None:
    settings = with_all_changed(registry.config_class(system)())
    read = parse(["train", "digits", "--system", system, *list_flags(settings)])
    assert isinstance(read, Train)
    assert read.settings == settings


@pytest.mark.parametrize(
    "reading",
    [
        DataConfig(size="48x64", fit="pad", keep=0.25, follow_links=True),
        DataConfig(window=64, step=8, kind="series"),
        DataConfig(background="#102030", range="0:4095", channels=1, max_bad=0, shuffle_buffer=100),
    ],
    ids=["pictures", "series", "scans"],
)
@pytest.mark.parametrize(
    "augment", [AugmentConfig(), AugmentConfig(flip=False, shift=0.07, zoom=1e-7)], ids=str
)
def test_reading_and_augmentation_too(reading: DataConfig, augment: AugmentConfig) -> None:
    words = [*list_flags(reading), *list_flags(augment)]
    for command in (["train", "digits"], ["compare", "digits", "--out", "x"]):
        read: Any = parse([*command, *words])
        assert (read.reading, read.augment) == (reading, augment)


def test_paths_of_python_may_be_text(tmp_path: Path) -> None:
    from amalgan.config.fields import from_arguments

    asked = from_arguments(
        CompareOptions, {"data": "digits", "systems": ["gan"], "out": str(tmp_path), "plugin": None}
    )
    assert (asked.out, asked.systems, asked.plugin) == (tmp_path, ("gan",), None)
