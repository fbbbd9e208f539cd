"""Systems by name: the one place where a string becomes a class.

A system is found because its file stands in ``amalgan/systems``, or because a plugin was loaded. Listing names
imports nothing; the class is imported when it is built.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from amalgan.config import systems as configs
from amalgan.errors import UsageError

if TYPE_CHECKING:
    from amalgan.systems.base import System

S = TypeVar("S", bound=type)

_CLASSES: dict[str, type[Any]] = {}
_FLOOR = {"base", "abilities", "game", "painter"}
_FOLDER = Path(__file__).parent / "systems"


def register(name: str) -> Any:
    """Class decorator: enter a System under ``name``. Its ``Config`` attribute is its configuration class."""

    def enter(system: S) -> S:
        _CLASSES[name] = system
        return system

    return enter


def names() -> list[str]:
    """Names of all systems: the files of ``amalgan/systems`` and what plugins entered."""
    found = {module.name for module in pkgutil.iter_modules([str(_FOLDER)])} - _FLOOR
    return sorted(found | _CLASSES.keys())


def system_class(name: str) -> type[System]:
    """The System entered under ``name``.

    Raises:
        UsageError: there is none; names those that exist.
    """
    if name not in _CLASSES and name in names():
        importlib.import_module(f"amalgan.systems.{name}")
    if name not in _CLASSES:
        raise UsageError(
            f"no system is called {name!r}; there are {', '.join(names())}. "
            "A system of your own is loaded by --plugin FILE.py."
        )
    return _CLASSES[name]


def config_class(name: str) -> type[Any]:
    """The configuration class of a system; for built-in ones without importing torch."""
    built_in = None if name in _CLASSES else getattr(configs, f"{name.capitalize()}Config", None)
    return built_in or system_class(name).Config


def load_plugin(file: Path) -> list[str]:
    """Run ``file``, which enters systems by ``@register``; return the names it entered.

    Raises:
        UsageError: the file is missing, fails, or enters no system.
    """
    before = dict(_CLASSES)
    spec = importlib.util.spec_from_file_location(f"amalgan_plugin_{file.stem}", file)
    if spec is None or spec.loader is None or not file.is_file():
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
        raise UsageError(f"--plugin {file} failed: {type(error).__name__}: {error}") from error
    entered = sorted(name for name, system in _CLASSES.items() if before.get(name) is not system)
    if not entered:
        raise UsageError(f'--plugin {file} registers no system. Decorate its class with @register("name").')
    return entered
