"""The flags of a dataclass: its fields are the only declaration of a command's options.

    dataclass ─► groups ─► Flag(name, kind, default, line of help) ─► help, suggestions, --x / --no-x, command lines

Types, defaults and attribute docstrings are all there is; tyro reads the same to parse. A nested dataclass marked
``Inline`` lends its flags as they are (``--size``); any other one lends them under its own name (``--critic.r1``).
The fields of a base class that is a ``Section`` have a title of their own in the help.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, cast, get_args

import tyro

from amalgan.config.command_words import format_value

Inline = tyro.conf.arg(name="")
"""Marks a nested dataclass whose flags carry no prefix."""
Switch = tyro.conf.FlagCreatePairsOff[bool]
"""A flag that is there or not."""
BETWEEN = ","
Names = Annotated[
    tuple[str, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="TEXT",
        instance_from_str=lambda words: tuple(filter(None, map(str.strip, words[0].split(BETWEEN)))),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda names: [BETWEEN.join(names)],
    ),
]
"""Several names in one word, with commas between."""
POSITIONAL = get_args(tyro.conf.Positional[str])[1]
SWITCH = get_args(Switch)[1]
APPEND = get_args(tyro.conf.UseAppendAction[str])[1]
NAMES = get_args(Names)[1]
METAVARS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}


class Section:
    """Base of dataclasses whose fields are listed in the help under the first sentence of their docstring."""


class Flag(NamedTuple):
    """One flag or positional argument."""

    name: str
    kind: Any
    """Its type without None."""
    default: Any
    line: str
    """What it does."""
    marks: tuple[Any, ...] = ()
    """What its annotation adds to its type."""

    @property
    def positional(self) -> bool:
        """Whether it is known by its place, and not by its name."""
        return POSITIONAL in self.marks

    @property
    def switch(self) -> bool:
        """Whether it is there or not, and takes no value."""
        return SWITCH in self.marks

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
    def words(self) -> list[str]:
        """Its default as it would be typed; nothing where there is no way to type it."""
        value = self.default
        if value is None or (self.switch and not value):
            return []
        if isinstance(value, bool):
            return [self.spellings[0 if value else -1]]
        if NAMES in self.marks:
            return [*self.spellings, BETWEEN.join(value)]
        if APPEND in self.marks:
            return [word for part in value for word in (*self.spellings, format_value(part))]
        parts = value if isinstance(value, tuple | list) else (value,)
        return [*self.spellings, *map(format_value, parts)]

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
    """The flags of dataclass ``kind``, then those of its sections and of the dataclasses nested in it.

    Args:
        default: an instance to take the defaults from; by default those of the class.
    """
    own: list[Flag] = []
    sections: dict[type[Any], list[Flag]] = {}
    nested: list[Group] = []
    lines = attribute_docs(kind)
    for field, hint in fields_of(kind):
        plain, marks = unwrapped(hint)
        value, line = value_of(field, default), lines.get(field.name, "")
        plain = type(value) if isinstance(plain, TypeVar) else plain
        if dataclasses.is_dataclass(plain):
            nested += groups(cast(type, plain), value, *heading(field.name, plain, line, prefix, marks))
        else:
            section = section_of(kind, field.name)
            listed = own if section is None else sections.setdefault(section, [])
            listed.append(Flag(prefix + dashed(field.name), plain, value, line, marks))
    return [
        Group(title, own),
        *(Group(first_sentence(section), flags) for section, flags in sections.items()),
        *nested,
    ]


def list_flags(options: Any, kind: type[Any] | None = None, always: Collection[str] = ()) -> list[str]:
    """Return the words of a command line that turn the defaults of a dataclass into ``options``.

    Args:
        kind: the class, or base class, whose fields are written; by default the class of ``options``.
        always: names of fields whose flags are written where they have their defaults, too.
    """
    kind = kind or type(options)
    given = [flag for group in groups(kind, options) for flag in group.flags]
    plain = {flag.name: flag.default for group in groups(kind) for flag in group.flags}
    named = {dashed(name) for name in always}
    return [
        word
        for flag in given
        if not flag.positional and (flag.name in named or flag.default != plain[flag.name])
        for word in flag.words
    ]


def section_of(kind: type[Any], name: str) -> type[Any] | None:
    """The section among the bases of ``kind`` that declares the field ``name``, or None."""
    declaring = (base for base in kind.__mro__ if name in inspect.get_annotations(base))
    return next((base for base in declaring if Section in base.__bases__), None)


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
    """The string under each attribute of a class and of its bases, in one line."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        found |= own_docs(base) if dataclasses.is_dataclass(base) else {}
    return found


def own_docs(kind: type[Any]) -> dict[str, str]:
    """The string under each attribute that the class itself declares."""
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
