"""Systems by name: the one place where a string becomes a class.

A system is found because a file in ``amalgan/systems`` declares it (``@register("name")``, ``Config = NameConfig``), or
because a plugin was loaded. Listing names reads those files and imports nothing; the class is imported when it is
built.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from amalgan.config import systems as configs
from amalgan.core.errors import UsageError
from amalgan.kinds import registry as kinds

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec
    from amalgan.systems.base import System

S = TypeVar("S", bound=type)

_CLASSES: dict[str, type[Any]] = {}
_PLUGINS: dict[type[Any], Path] = {}
"""The file that entered a class."""
_KIND_PLUGINS: dict[str, Path] = {}
"""The file that entered a kind of data."""
_FOLDER = Path(__file__).parent


class Declared(NamedTuple):
    """Where a system of the package is."""

    module: str
    config: str
    """Name of its configuration class."""
    cls: str
    """Name of its own."""


@cache
def declared(folder: Path) -> dict[str, Declared]:
    """The systems that the files of ``folder`` declare, by name; files that declare none are helpers."""
    return {
        name: Declared(file.stem, config, cls)
        for file in sorted(folder.glob("*.py"))
        for name, config, cls in declarations(file.read_text(encoding="utf-8"))
    }


def declarations(source: str) -> Iterator[tuple[str, str, str]]:
    """System, configuration and name of each class in ``source`` that is registered."""
    for node in ast.parse(source).body if "@register(" in source else ():
        if isinstance(node, ast.ClassDef):
            config = [
                ast.unparse(line.value)
                for line in node.body
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "Config"
            ]
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "register":
                    yield str(ast.literal_eval(call.args[0])), config[0] if config else "", node.name


def register(name: str) -> Any:
    """Class decorator: enter a System under ``name``. Its ``Config`` attribute is its configuration class."""

    def enter(system: S) -> S:
        _CLASSES[name] = system
        return system

    return enter


def names() -> list[str]:
    """Names of all systems: those of the package and what plugins entered."""
    return sorted(declared(_FOLDER).keys() | _CLASSES.keys())


def system_class(name: str) -> type[System]:
    """The System entered under ``name``.

    Raises:
        UsageError: there is none; names those that exist.
    """
    if name not in _CLASSES and name in declared(_FOLDER):
        own = declared(_FOLDER)[name]
        found = getattr(importlib.import_module(f"amalgan.systems.{own.module}"), own.cls)
        _CLASSES.setdefault(name, found)  # it may have been imported before, and forgotten since
    if name not in _CLASSES:
        raise UsageError(
            f"no system is called {name!r}; there are {', '.join(names())}. "
            "A system of your own is loaded by --plugin FILE.py."
        )
    return _CLASSES[name]


def system_for(name: str, spec: DataSpec) -> type[System]:
    """The System entered under ``name``, as the kind of such examples has it.

    Raises:
        UsageError: there is none, or it does not work on them.
    """
    return kinds.kind_of(spec).system(name, system_class(name))


def config_class(name: str) -> type[Any]:
    """The configuration class of a system; for built-in ones without importing torch."""
    own = declared(_FOLDER).get(name) if name not in _CLASSES else None
    built_in: type[Any] | None = getattr(configs, own.config, None) if own else None
    return built_in or system_class(name).Config


def plugin_flags(name: str, kind: str = "") -> list[str]:
    """``--plugin FILE`` for a system, or a kind of data, that a plugin entered, as commands on its models need."""
    file = _PLUGINS.get(_CLASSES.get(name, object)) or _KIND_PLUGINS.get(kind)
    return ["--plugin", str(file)] if file is not None else []


def load_plugin(file: Path) -> list[str]:
    """Run ``file``, or the folder's ``__init__.py``, which enters systems and kinds by ``@register``.

    Returns:
        The names of the systems that it entered.

    Raises:
        UsageError: the file is missing, fails, or enters neither a system nor a kind of data.
    """
    before, kinds_before = dict(_CLASSES), kinds.list_entered()
    folder = [str(file)] if file.is_dir() else None
    code = file / "__init__.py" if folder else file
    spec = importlib.util.spec_from_file_location(
        f"amalgan_plugin_{file.stem}", code, submodule_search_locations=folder
    )
    if spec is None or spec.loader is None or not code.is_file():
        raise UsageError(
            f"--plugin {file}: not a Python file. Give the path of a .py file that registers a system."
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their annotations there
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[spec.name]
        _CLASSES.clear()
        _CLASSES.update(before)
        kinds.put_back(kinds_before)
        raise UsageError(f"--plugin {file} failed: {type(error).__name__}: {error}") from error
    entered = sorted(name for name, system in _CLASSES.items() if before.get(name) is not system)
    new_kinds = [name for name, kind in kinds.list_entered().items() if kinds_before.get(name) is not kind]
    if not entered and not new_kinds:
        raise UsageError(f'--plugin {file} registers no system. Decorate its class with @register("name").')
    _KIND_PLUGINS.update(dict.fromkeys(new_kinds, file))
    _PLUGINS.update({_CLASSES[name]: file for name in entered})
    return entered
