"""What a command's dataclass says of its flags.

    dataclass ─► groups ─► Flag(name, kind, default, line of help) ─► help, suggestions, --x / --no-x

Types, defaults and attribute docstrings are all there is; tyro reads the same to parse. A nested dataclass marked
``Inline`` lends its flags as they are (``--size``); any other one lends them under its own name (``--critic.r1``).
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, cast, get_args

import tyro

Inline = tyro.conf.arg(name="")
"""Marks a nested dataclass whose flags carry no prefix."""
Switch = tyro.conf.FlagCreatePairsOff[bool]
"""A flag that is there or not."""
POSITIONAL = get_args(tyro.conf.Positional[str])[1]
SWITCH = get_args(Switch)[1]
METAVARS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}


class Flag(NamedTuple):
    """One flag or positional argument."""

    name: str
    kind: Any
    """Its type without None."""
    default: Any
    line: str
    """What it does."""
    positional: bool
    switch: bool

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is dataclasses.MISSING

    @property
    def spellings(self) -> tuple[str, ...]:
        """``--seed``; ``--flip`` and ``--no-flip``; nothing for a positional argument."""
        if self.positional:
            return ()
        if self.kind is not bool or self.switch:
            return (f"--{self.name}",)
        head, dot, tail = self.name.rpartition(".")
        return (f"--{self.name}", f"--{head}{dot}no-{tail}")

    @property
    def usage(self) -> str:
        """How it is written: ``--seed N``, ``--flip, --no-flip``, ``DATA``."""
        if self.positional:
            return self.name.upper()
        return " ".join([", ".join(self.spellings), metavar(self.kind)]).strip()

    @property
    def help(self) -> str:
        """What it does, and its default where the line does not say it."""
        said = self.default in (None, ()) or self.required or self.switch or self.positional
        return self.line if said else f"{self.line} [{shown_default(self.default)}]"


class Group(NamedTuple):
    """The flags of one dataclass."""

    title: str
    flags: list[Flag]


def groups(kind: type[Any], default: Any = None, prefix: str = "", title: str = "") -> list[Group]:
    """The flags of dataclass ``kind``, then those of the dataclasses nested in it.

    Args:
        default: an instance to take the defaults from; by default those of the class.
    """
    own: list[Flag] = []
    nested: list[Group] = []
    lines = attribute_docs(kind)
    for field, hint in fields_of(kind):
        plain, marks = unwrapped(hint)
        value, line = value_of(field, default), lines.get(field.name, "")
        plain = type(value) if isinstance(plain, TypeVar) else plain
        if dataclasses.is_dataclass(plain):
            nested += groups(cast(type, plain), value, *heading(field.name, plain, line, prefix, marks))
        else:
            name = prefix + dashed(field.name)
            own.append(Flag(name, plain, value, line, POSITIONAL in marks, SWITCH in marks))
    return [Group(title, own), *nested]


def heading(name: str, kind: Any, line: str, prefix: str, marks: tuple[Any, ...]) -> tuple[str, str]:
    """The prefix and the title of a nested dataclass."""
    if Inline in marks:
        return prefix, f"{line} {first_sentence(kind)}".strip()
    below = f"{prefix}{dashed(name)}"
    return f"{below}.", f"{below}: {line or first_sentence(kind)}"


def fields_of(kind: type[Any]) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The fields of a dataclass with their types, annotations kept."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return [(field, hints[field.name]) for field in dataclasses.fields(kind)]


def unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its annotations and without None, and the annotations."""
    marks: tuple[Any, ...] = ()
    if typing.get_origin(hint) is Annotated:
        marks, hint = hint.__metadata__, hint.__origin__
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [option for option in get_args(hint) if option is not type(None)]
        hint = rest[0] if len(rest) == 1 else hint
    return hint, marks


def value_of(field: dataclasses.Field[Any], default: Any) -> Any:
    """What the field is when nothing is given; MISSING where something must be."""
    if default is None:
        factory = field.default_factory
        return field.default if factory is dataclasses.MISSING else factory()
    value = getattr(default, field.name)
    return dataclasses.MISSING if value is tyro.MISSING else value


def metavar(kind: Any) -> str:
    """How a value of that type is written in the help: ``N``, ``crop|pad|stretch``, ``X X``."""
    if typing.get_origin(kind) is Literal:
        return "|".join(str(choice) for choice in get_args(kind))
    if typing.get_origin(kind) is tuple:
        return " ".join(metavar(part) for part in get_args(kind) if part is not Ellipsis)
    return "" if kind is bool else METAVARS.get(kind, "VALUE")


def shown_default(value: Any) -> str:
    """A default as it would be typed."""
    if isinstance(value, tuple):
        return " ".join(map(shown_default, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def dashed(name: str) -> str:
    """A field's name as a flag's."""
    return name.replace("_", "-")


def first_sentence(kind: Any) -> str:
    """The first sentence of a class's docstring."""
    first = inspect.getdoc(kind) or ""
    return first.split("\n\n")[0].replace("\n", " ").split(". ")[0].rstrip(".") + "."


def attribute_docs(kind: type[Any]) -> dict[str, str]:
    """The string under each attribute of a class, in one line."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError, SyntaxError):  # no source: a class made at run time
        return {}
    assert isinstance(tree, ast.ClassDef)
    return {
        target.target.id: " ".join(text.value.value.replace("``", "").split())
        for target, text in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(target, ast.AnnAssign)
        and isinstance(target.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
