"""A row is a system and what is changed of it: read by the type of each setting, told apart by name and folder."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amalgan.cli.parsing import parse
from amalgan.config import command_words, fields
from amalgan.config.compare_options import CompareOptions
from amalgan.config.systems import FusionConfig
from amalgan.core.errors import ConfigError
from amalgan.studies.compare.commands import of_cell
from amalgan.studies.compare.plan import normalize_names
from amalgan.studies.compare.rows import Row, folder_name, rows_of, system_of
from amalgan.systems import registry
from support import GRAY, built_in


def test_values_are_read_by_the_type_of_their_setting() -> None:
    found = Row.of("fusion:critic.r1=0.1:code_size=16:stages=0.3/0.6:schedule=joint:network.dense=yes")
    expected = FusionConfig(code_size=16, stages=(0.3, 0.6), schedule="joint")
    assert found.settings("quick") == replace(
        expected,
        critic=replace(expected.critic, r1=0.1),
        network=replace(expected.network, dense=True),
    )


def test_names_are_written_in_one_way() -> None:
    texts = ("fusion: code_size = 16 :stages=0.30/6e-1", "autoencoder:variational=YES:beta=4", "gan")
    names = [row.name for row in rows_of(texts, "quick")]
    assert names == [
        "fusion:code-size=16:stages=0.3/0.6",
        "autoencoder:variational=true:beta=4",
        "gan",
    ]
    assert [row.name for row in rows_of(tuple(names), "quick")] == names
    assert [system_of(name) for name in names] == ["fusion", "autoencoder", "gan"]


@pytest.mark.parametrize("name", built_in())
def test_every_setting_can_be_given_and_comes_back(name: str) -> None:
    settings = registry.config_class(name)().resolved(GRAY)
    texts = {
        key: command_words.format_value(value)
        for key, value in fields.flatten(fields.to_json(settings)).items()
    }
    assert command_words.apply_settings(registry.config_class(name)(), texts) == settings
    assert set(texts) == set(command_words.kinds(settings))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fuson:every=1", "there is no 'fuson'; perhaps you mean fusion"),
        ("fusion:critic.r3=1", "no setting 'critic.r3'; perhaps you mean critic.r2 or critic.r1"),
        ("fusion:variational=true", "--systems fusion:variational=true: there is no setting 'variational'"),
        ("fusion:critic=1", "there is no setting 'critic'"),
        ("fusion:every=1.5", "every is '1.5'; write a whole number"),
        ("fusion:adversarial=nan", "adversarial is 'nan'; write a number"),
        ("fusion:code-size=few", "code-size is 'few'; write a whole number or none"),
        ("fusion:join=glue", "join is 'glue'; write one of concatenate, modulate"),
        ("fusion:stages=0.3", "stages is '0.3'; write a number and a number, with / between"),
        ("fusion:stages=0.9/0.1", "must rise within"),
        ("autoencoder:variational=maybe", "write true or false"),
        ("fusion:every", "'every' is no setting; write fusion:key=value"),
        ("fusion:every=1:every=2", "every is given twice"),
        ("fusion:critic.r1=1:critic.r-1=2", "there is no setting 'critic.r-1'"),
    ],
)
def test_what_is_no_row_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rows_of((text, "gna"), "quick")
    assert said in str(caught.value) and "there is no 'gna'" in str(caught.value)


def asked(*systems: str, **more: Any) -> CompareOptions:
    return CompareOptions(data="digits", systems=systems, out=Path("out"), **more)


def test_rows_that_would_train_the_same_are_refused() -> None:
    for systems, preset in (
        (("fusion", f"fusion:schedule={FusionConfig().schedule}"), "quick"),
        (("fusion:every=1:join=modulate", "fusion:join=modulate:every=1"), "quick"),
        (("gan", "gan:network.width=64"), "base"),
    ):
        with pytest.raises(ConfigError, match="are the same; keep one"):
            normalize_names(asked(*systems, preset=preset))
    kept = normalize_names(asked("fusion", "fusion:every=77", "fusion:adversarial=0.370"))
    assert kept.systems == ("fusion", "fusion:every=77", "fusion:adversarial=0.37")


def test_changes_come_on_top_of_the_preset() -> None:
    base = Row.of("fusion:network.width=96").settings("base")
    assert (base.network.width, base.network.widest, base.network.blocks) == (96, 256, 2)


@given(st.lists(st.text(max_size=90), min_size=2, max_size=8, unique=True))
def test_different_names_never_share_a_folder(names: list[str]) -> None:
    folders = {folder_name(name) for name in names}
    assert len(folders) == len(names)
    assert not [one for one in folders if "/" in one or one in ("", ".", "..") or len(one) > 100]


def test_names_that_differ_in_signs_only_have_folders_of_their_own() -> None:
    names = ["gan:a=-1", "gan:a=1", "gan:a=1:b=2", "gan:a=1,b=2", "gan-a-1", "gan a 1", "gan"]
    assert len({folder_name(name) for name in names}) == len(names)
    assert folder_name("gan") == "gan" and folder_name("gan:a=1").startswith("gan-a-1-")


def test_the_command_of_a_row_gives_its_changes() -> None:
    row = Row.of("fusion:stages=0.3/0.5:critic.r1=0.37:network.dense=true")
    line = of_cell(
        row.system,
        row.settings("quick").resolved(GRAY),
        data="digits",
        flags=[],
        images=640,
        seed=0,
        batch=64,
        device="cpu",
        precision="float32",
        out="runs/x",
    )
    command: Any = parse(shlex.split(line)[2:])
    assert command.settings == row.settings("quick").resolved(GRAY) and command.system == "fusion"
    assert "--stages 0.3 0.5" in line and "--critic.r1 0.37" in line and command.precision == "float32"
