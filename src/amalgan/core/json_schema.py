"""What JSON from outside must look like, and the one check of it.

    value, shape ─► fits, or FileError: which part of which file is what, and what was expected

A shape is a type (``int`` takes no booleans, ``float`` takes integers, both only finite ones), ``None``, a tuple of
shapes of which one must fit, ``[shape]`` for a list, ``{str: shape}`` for a table, or ``{"name": shape}`` for an object
that has at least these parts; a name that ends in ``?`` may be missing. A dataclass is an object of its fields, of
which those with defaults may be missing; a dataclass in it is an object.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import types
import typing
from pathlib import Path
from typing import Any

from amalgan.core.errors import FileError

MOST_BYTES = 64 * 2**20
MOST = 2**63 - 1
Shape = Any
NAMES = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def read_json(source: Path, shape: Shape, made_by: str) -> Any:
    """Return what a JSON file holds.

    Args:
        made_by: what writes such files, for the message: "amalgan compare".

    Raises:
        FileError: it cannot be read, is too large or no JSON, or has another shape.
    """
    try:
        if source.stat().st_size > MOST_BYTES:
            raise FileError(
                f"{source} has more than {MOST_BYTES:,} bytes; {made_by} writes fewer. Remove it."
            )
        found = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"cannot read {source}: {error.strerror or error}.") from None
    except (ValueError, RecursionError):
        raise FileError(
            f"{source} is damaged: it is no JSON. {made_by} wrote it; remove it to begin anew."
        ) from None
    require(found, shape, f"{source}", made_by)
    return found


def fitting(text: str | bytes, shape: Shape) -> Any:
    """Return what JSON says; None where it is none, as a line that was cut off, or has another shape."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if fits(found, shape) else None


def fitting_in(source: Path, shape: Shape) -> Any:
    """Return what a file of JSON says; None where it cannot be read, is too large, or has another shape."""
    try:
        return fitting(source.read_bytes(), shape) if source.stat().st_size <= MOST_BYTES else None
    except OSError:
        return None


def fits(value: Any, shape: Shape) -> bool:
    """Return whether parsed JSON has a shape."""
    return find_misfit(value, shape, "") is None


def require(value: Any, shape: Shape, place: str, made_by: str) -> None:
    """Raise FileError where ``value`` has another shape; says where, what was found and what was expected."""
    wrong = find_misfit(value, shape, "")
    if wrong is not None:
        raise FileError(
            f"{place} is not what {made_by} writes: {wrong}. Remove it, or take the one that was written."
        )


def find_misfit(value: Any, shape: Shape, at: str) -> str | None:
    """Return the first part that does not fit; None where all do."""
    if dataclasses.is_dataclass(shape):
        shape = fields_of(shape)
    if isinstance(shape, tuple):
        return None if any(find_misfit(value, one, at) is None for one in shape) else unlike(value, shape, at)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return unlike(value, list, at)
        return next(
            (bad for one in value if (bad := find_misfit(one, shape[0], f"{at}[]")) is not None), None
        )
    if isinstance(shape, dict):
        return misfit_of_object(value, shape, at)
    return None if plain(value, shape) else unlike(value, shape, at)


def fields_of(kind: Any) -> dict[str, Shape]:
    """Return the shape of an object with the fields of a dataclass."""
    hints = typing.get_type_hints(kind)
    return {
        name + "?" * (one.default is not one.empty): shape_of(hints[name])
        for name, one in inspect.signature(kind).parameters.items()
    }


def shape_of(hint: Any) -> Shape:
    """Return the shape of JSON that becomes a value of this type."""
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return tuple(map(shape_of, options))
    if origin in (tuple, list):
        return [shape_of(options[0])]
    if origin is dict:
        return {str: shape_of(options[1])}
    if origin is typing.Literal:
        return tuple(dict.fromkeys(map(type, options)))
    if hint is types.NoneType:
        return None
    return dict if dataclasses.is_dataclass(hint) else hint


def misfit_of_object(value: Any, shape: dict[Any, Shape], at: str) -> str | None:
    """``find_misfit`` of a table or an object."""
    if not isinstance(value, dict):
        return unlike(value, dict, at)
    if str in shape:
        return next(
            (bad for key in value if (bad := find_misfit(value[key], shape[str], f"{at}.{key[:40]}"))), None
        )
    for name, part in shape.items():
        key = name.removesuffix("?")
        if key not in value:
            if name.endswith("?"):
                continue
            return f"it has no {f'{at}.{key}'.lstrip('.')}"
        if (bad := find_misfit(value[key], part, f"{at}.{key}")) is not None:
            return bad
    return None


def plain(value: Any, kind: Any) -> bool:
    """Whether ``value`` is of a plain kind."""
    if kind is None:
        return value is None
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MOST
    if kind is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and abs(value) <= 1e308 and math.isfinite(value)
    return kind is Any or isinstance(value, kind)


def unlike(value: Any, shape: Shape, at: str) -> str:
    """Return what is wrong, in words."""
    said = json.dumps(value)[:60] if not isinstance(value, dict | list) else NAMES[type(value)]
    return f"{at.lstrip('.') or 'the whole'} is {said}, expected {describe_shape(shape)}"


def describe_shape(shape: Shape) -> str:
    """Return a shape in words."""
    if isinstance(shape, tuple):
        return " or ".join(dict.fromkeys(describe_shape(one) for one in shape))
    if isinstance(shape, list | dict):
        return NAMES[type(shape)]
    return "null" if shape is None else NAMES.get(shape, "something")
