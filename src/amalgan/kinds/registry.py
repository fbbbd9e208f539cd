"""Kinds by name: the one place where ``DataSpec.kind`` becomes a kind.

A kind is found because a folder of ``amalgan/kinds`` has its name and declares it (``@register("name")``), or because a
plugin was loaded. Listing names imports nothing; the folder is imported when its kind is asked for.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from amalgan.core.errors import UsageError
from amalgan.kinds.protocol import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amalgan.config.data import DataConfig
    from amalgan.core.types import DataSpec

K = TypeVar("K", bound=type[Kind])

_KINDS: dict[str, Kind] = {}
BASE = "plain"
"""The folder of what holds where a kind says nothing else; it is no kind itself."""


def register(name: str) -> Callable[[K], K]:
    """Class decorator: enter a kind under ``name``, which its ``DataSpec`` then bears."""

    def enter(kind: K) -> K:
        kind.name = name
        _KINDS[name] = kind()
        return kind

    return enter


@cache
def built_in() -> tuple[str, ...]:
    """Names of the kinds of the package: its folders, but for that of their base class."""
    folders = {file.parent.name for file in Path(__file__).parent.glob("*/__init__.py")}
    return tuple(sorted(folders - {BASE}))


def names() -> list[str]:
    """Names of all kinds: those of the package and what plugins entered."""
    return sorted({*built_in(), *_KINDS})


def kind_named(name: str) -> Kind:
    """The kind entered under ``name``.

    Raises:
        UsageError: there is none; names those that exist.
    """
    if name not in _KINDS and name in built_in():
        found = vars(import_module(f"amalgan.kinds.{name}")).values()
        own = next(one for one in found if isinstance(one, type) and getattr(one, "name", None) == name)
        _KINDS.setdefault(name, own())  # it may have been imported before, and forgotten since
    if name not in _KINDS:
        raise UsageError(
            f"no kind of data is called {name!r}; there are {', '.join(names())}. "
            "A kind of your own is loaded by --plugin."
        )
    return _KINDS[name]


def kind_of(spec: DataSpec) -> Kind:
    """The kind of such examples."""
    return kind_named(spec.kind)


def all_kinds() -> list[Kind]:
    """Every kind, in the order in which they are asked whether data is theirs.

    Those of plugins come first: what they take, a built-in one does not get. Then come those that must be asked for,
    those that data looks like, and last the one that takes any file.
    """
    own = [name for name in names() if name not in built_in()]
    others = sorted(map(kind_named, built_in()), key=lambda kind: (kind.by_look, kind.takes_any))
    return [*map(kind_named, own), *others]


def given_options(config: DataConfig) -> Iterator[tuple[Kind, str]]:
    """The options that one kind alone has and ``config`` gives: each kind, and the name of its option."""
    return (
        (kind, name) for kind in all_kinds() for name in kind.options if getattr(config, name) is not None
    )


def text_of(spec: DataSpec) -> str:
    """An example's shape as people write it: ``28x28 gray``, ``48x64 RGB`` or ``13 numbers``."""
    return kind_of(spec).text(spec)


def list_entered() -> dict[str, Kind]:
    """What is entered now, by name: for those who put it back."""
    return dict(_KINDS)


def put_back(kinds: dict[str, Kind]) -> None:
    """Let just these be entered."""
    _KINDS.clear()
    _KINDS.update(kinds)
