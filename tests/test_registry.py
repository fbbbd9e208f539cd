"""Systems by name: those of the package, and those a plugin brings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from amalgan.config.systems import FusionConfig
from amalgan.core.errors import UsageError
from amalgan.systems import registry
from amalgan.systems.fusion import Fusion
from support import built_in

PLUGIN = """
from amalgan.systems.registry import register
from amalgan.systems.gan import Gan

@register("mine")
class Mine(Gan):
    pass
"""


@pytest.fixture(autouse=True)
def forget_plugins() -> Iterator[None]:
    for name in built_in():
        registry.system_class(name)  # entered when imported, which happens once
    before = dict(registry._CLASSES)
    yield
    registry._CLASSES.clear()
    registry._CLASSES.update(before)


def plugin(folder: Path, text: str) -> Path:
    file = folder / "mine.py"
    file.write_text(text)
    return file


def test_the_systems_of_the_package_are_found_without_being_listed_anywhere() -> None:
    assert {"autoencoder", "fusion", "gan"} <= set(registry.names())
    assert not {"base", "abilities", "game", "__init__"} & set(registry.names())
    for name in built_in():
        assert registry.system_class(name).Config is registry.config_class(name)
        assert registry.system_class(name).paper
    assert registry.system_class("fusion") is Fusion and registry.config_class("fusion") is FusionConfig


def test_an_unknown_system_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no system is called 'fusoin'; there are .*fusion.*--plugin"):
        registry.system_class("fusoin")


def test_a_plugin_enters_a_system(tmp_path: Path) -> None:
    assert registry.load_plugin(plugin(tmp_path, PLUGIN)) == ["mine"]
    assert "mine" in registry.names() and "mine" not in built_in()
    assert registry.config_class("mine") is registry.system_class("mine").Config


def test_a_plugin_may_replace_a_system_and_brings_its_configuration(tmp_path: Path) -> None:
    text = PLUGIN.replace('"mine"', '"gan"') + "\n    class Config: pass\n"
    assert registry.load_plugin(plugin(tmp_path, text)) == ["gan"]
    assert registry.config_class("gan") is registry.system_class("gan").Config
    assert registry.config_class("gan").__qualname__ == "Mine.Config"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PLUGIN + "\nraise RuntimeError('half way')", "failed: RuntimeError: half way"),
        ("import nonesuch_package", "failed: ModuleNotFoundError"),
        ("def broken(", "failed: SyntaxError"),
        ("x = 1", "registers no system"),
    ],
)
def test_a_plugin_that_fails_is_told_and_leaves_nothing(text: str, message: str, tmp_path: Path) -> None:
    before = registry.names()
    with pytest.raises(UsageError, match=message):
        registry.load_plugin(plugin(tmp_path, text))
    assert registry.names() == before


def test_a_plugin_that_is_no_python_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text(PLUGIN)
    for file in (tmp_path / "mine.txt", tmp_path / "nothing.py", tmp_path):
        with pytest.raises(UsageError, match="not a Python file"):
            registry.load_plugin(file)


HELPER = "from torch import nn\n\nclass Gate(nn.Module): pass\n"
ODD = """
from amalgan.systems.registry import register

@register("two_words")
class Mine(System):
    Config = TwoWordsConfig
"""


def test_systems_are_what_files_declare_and_a_helper_beside_them_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gates.py").write_text(HELPER)
    (tmp_path / "other.py").write_text(ODD)
    monkeypatch.setattr(registry, "_FOLDER", tmp_path)
    monkeypatch.setattr(registry, "_CLASSES", {})
    assert registry.names() == ["two_words"]
    assert registry.declared(tmp_path)["two_words"] == ("other", "TwoWordsConfig", "Mine")


def test_a_configuration_is_the_one_that_the_system_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.py").write_text(ODD.replace("TwoWordsConfig", "FusionConfig"))
    monkeypatch.setattr(registry, "_FOLDER", tmp_path)
    monkeypatch.setattr(registry, "_CLASSES", {})
    assert registry.config_class("two_words") is FusionConfig


def test_commands_on_models_of_a_plugin_name_its_file(tmp_path: Path) -> None:
    file = plugin(tmp_path, PLUGIN)
    registry.load_plugin(file)
    assert registry.plugin_flags("mine") == ["--plugin", str(file)]
    assert registry.plugin_flags("gan") == registry.plugin_flags("nonesuch") == []
