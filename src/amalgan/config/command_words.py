"""Settings in words, as a user writes them: ``critic.r1=0.1``, ``code-size=16``, ``stages=0.3/0.6``.

    {"critic.r1": "0.1"} ─► the field of that name ─► a value of its type ─► the configuration with it

Keys are dotted as flags are; ``-`` and ``_`` are alike. Entries of a list stand between slashes.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Literal, TypeVar, get_args, get_origin

from amalgan.config import fields
from amalgan.core.errors import ConfigError

C = TypeVar("C")

BETWEEN = "/"
"""Stands between the entries of a list."""
SWITCHED = {"true": True, "yes": True, "false": False, "no": False}
NUMBERS: dict[type, str] = {int: "a whole number", float: "a number"}


def apply_settings(config: C, words: Mapping[str, str]) -> C:
    """``config`` with the settings that ``words`` name.

    Raises:
        ConfigError: no such setting, or no value for it; names every fault and what there is.
    """
    known, values, faults = kinds(config), dict[str, Any](), list[str]()
    for word, text in words.items():
        key = word.replace("-", "_")
        try:
            values[key] = value(known[key], text)
        except KeyError:
            faults.append(f"there is no setting {word!r}{nearest(flag(key), map(flag, known))}")
        except ValueError:
            faults.append(f"{word} is {text!r}; write {wanted(known[key])}")
    if faults:
        raise ConfigError(faults)
    return fields.from_json(type(config), merged(fields.to_json(config), values))


def kinds(config: Any, prefix: str = "") -> dict[str, Any]:
    """The type of every setting, by its dotted name."""
    hints, found = typing.get_type_hints(type(config)), dict[str, Any]()
    for field in dataclasses.fields(config):
        part, name = getattr(config, field.name), f"{prefix}{field.name}"
        found |= kinds(part, f"{name}.") if dataclasses.is_dataclass(part) else {name: hints[field.name]}
    return found


def value(kind: Any, text: str) -> Any:
    """``text`` as a value of type ``kind``.

    Raises:
        ValueError: it is none.
    """
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        if text == "none" and type(None) in get_args(kind):
            return None
        return value(next(option for option in get_args(kind) if option is not type(None)), text)
    if origin is Literal:
        return {str(choice): choice for choice in get_args(kind)}[checked(text, kind)]
    if origin is tuple:
        return entries(get_args(kind), text.split(BETWEEN))
    return plain(kind, text)


def checked(text: str, kind: Any) -> str:
    """``text``, where it is one of the choices."""
    if text not in map(str, get_args(kind)):
        raise ValueError(text)
    return text


def entries(parts: tuple[Any, ...], texts: list[str]) -> list[Any]:
    """The entries of a list."""
    kinds_of = [parts[0]] * len(texts) if parts[-1] is Ellipsis else parts
    return [value(kind, text) for kind, text in zip(kinds_of, texts, strict=True)]


def plain(kind: Any, text: str) -> Any:
    """A switch, a number or a text."""
    if kind is bool:
        if text.lower() not in SWITCHED:
            raise ValueError(text)
        return SWITCHED[text.lower()]
    found = kind(text)
    if kind is float and not math.isfinite(found):
        raise ValueError(text)
    return found


def format_value(given: Any) -> str:
    """A value as ``value`` reads it."""
    if isinstance(given, list | tuple):
        return BETWEEN.join(map(format_value, given))
    if given is None or isinstance(given, bool):
        return str(given).lower()
    short = f"{given:.12g}" if isinstance(given, float) else str(given)
    return short if not isinstance(given, float) or float(short) == given else repr(given)


def wanted(kind: Any) -> str:
    """What a value of that type looks like."""
    parts = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) in (typing.Union, types.UnionType):
        return f"{wanted(parts[0])} or none"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, parts))}"
    if get_origin(kind) is tuple:
        return " and ".join(wanted(part) for part in parts if part is not Ellipsis) + ", with / between"
    return "true or false" if kind is bool else NUMBERS.get(kind, "a text")


def merged(data: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Nested ``data`` with values by dotted names."""
    for name, given in values.items():
        *way, last = name.split(".")
        part = data
        for step in way:
            part = part[step]
        part[last] = given
    return data


def flag(key: str) -> str:
    """A setting's name as flags have it."""
    return key.replace("_", "-")


TIE = 0.1
"""Of two words that are as near as this, in the share of what they have in common, both are offered."""


def nearest(word: str, known: Iterable[str]) -> str:
    """``; perhaps you mean ...``, or nothing when nothing is near."""
    bare = {name.lstrip("-"): name for name in known}
    near = get_close_matches(word.lstrip("-"), list(bare), n=2, cutoff=0.6)
    alike = [SequenceMatcher(None, word.lstrip("-"), name).ratio() for name in near]
    said = [bare[name] for name, share in zip(near, alike, strict=True) if share > alike[0] - TIE]
    return f"; perhaps you mean {' or '.join(said)}" if said else ""
