"""What every configuration can do: become JSON, come back, be compared, and name all its faults at once."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from amalgan.core.errors import ConfigError

C = TypeVar("C")


def to_json(config: Any) -> dict[str, Any]:
    """``config`` as plain data: nested dataclasses become dictionaries, tuples become lists."""
    return {field.name: plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def plain(value: Any) -> Any:
    """``value`` as plain data, at any depth of dictionaries, lists and tuples."""
    if dataclasses.is_dataclass(value):
        return to_json(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def from_json(kind: type[C], data: dict[str, Any]) -> C:
    """Rebuild what ``to_json`` wrote; a field that is missing takes its default.

    A class may list fields that had other names in earlier versions: ``RENAMED = {"old": "new"}``.

    Raises:
        ConfigError: a field of ``data`` is unknown to ``kind`` (written by a newer version, or misspelled), or holds
            what is not of its type; names every such field.
    """
    hints = typing.get_type_hints(kind)
    renamed = getattr(kind, "RENAMED", {})
    data = {renamed.get(name, name): value for name, value in data.items()}
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(data) - known):
        raise ConfigError(
            [f"{kind.__name__} has no field {name!r}; it has {', '.join(sorted(known))}" for name in unknown]
        )
    check(
        *(
            (_fits(hints[name], value), f"{kind.__name__}.{name} is {shortened(value)}, which it cannot be")
            for name, value in data.items()
        )
    )
    return kind(**{name: _typed(hints[name], value) for name, value in data.items()})


def from_arguments(kind: type[C], arguments: Mapping[str, Any], **instead: Any) -> C:
    """Return a ``kind`` whose fields are the arguments of the same names, or ``instead`` of them.

    Text becomes a path and a list a tuple, where the field is one.
    """
    hints = typing.get_type_hints(kind)
    values = {name: arguments[name] for name in hints if name in arguments} | instead
    return kind(**{name: _as_field(hints[name], value) for name, value in values.items()})


def _as_field(hint: Any, value: Any) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if isinstance(value, str) and Path in options:
        return Path(value)
    wanted = any(typing.get_origin(option) is tuple for option in options)
    return tuple(value) if isinstance(value, list) and wanted else value


def shortened(value: Any, most: int = 60) -> str:
    """``value`` as Python writes it, cut after so many characters."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}..."


def _fits(hint: Any, value: Any) -> bool:
    """Whether plain data is what a field of this type becomes as JSON; the fields of a nested one check themselves."""
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return value in options and type(value) in map(type, options)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(option, value) for option in options)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return False
        if options[-1] is Ellipsis:
            return all(_fits(options[0], item) for item in value)
        return len(value) == len(options) and all(map(_fits, options, value))
    if dataclasses.is_dataclass(hint):
        return isinstance(value, dict)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return hint is typing.Any or isinstance(value, origin or hint)


def _typed(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next((option for option in typing.get_args(hint) if dataclasses.is_dataclass(option)), tuple)
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return from_json(typing.cast(type, hint), value)
    return tuple(value) if isinstance(value, list) else value


def flatten(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"network": {"width": 8}}`` becomes ``{"network.width": 8}``."""
    flat: dict[str, Any] = {}
    for name, value in data.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def list_differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One line for each field that differs between two configurations as JSON: ``network.width: 32, now 64``."""
    before, after = flatten(was), flatten(now)
    names = sorted(before.keys() | after.keys())
    return [
        f"{name}: {before.get(name)!r}, now {after.get(name)!r}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def check(*claims: tuple[bool, str]) -> None:
    """Raise one ConfigError that lists the message of every claim that is false."""
    if faults := [message for holds, message in claims if not holds]:
        raise ConfigError(faults)
