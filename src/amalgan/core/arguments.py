"""What Python callers pass, held against what the signature says: at every public door, by one rule.

    @check_arguments ─► the hints of a function ─► int, float, bool, str, Path, Literal, None ─► the call, or UsageError

Whole numbers of NumPy are integers, and integers are floats; a float is never an integer, and NaN is no number. Hints
of other kinds (arrays, pictures, data) are left to what reads them.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from amalgan.core.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
MOST = 2**63 - 1
"""The largest whole number that torch knows."""
LONGEST = 80
"""Characters of a value that a message quotes."""


def check_arguments(function: Callable[P, R]) -> Callable[P, R]:
    """Return ``function``, which refuses arguments that its hints do not allow.

    Raises:
        UsageError: the call does not fit the signature; says what was found and what is expected.
    """
    signature = inspect.signature(function)
    name = function.__name__.strip("_")

    @functools.wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            words = ", ".join(signature.parameters)
            raise UsageError(f"{name}: {error}. It takes {words}.") from None
        hints = hints_of(function)
        for key, value in bound.arguments.items():
            if key in hints and not fits(value, hints[key]):
                raise UsageError(f"{name}: {key} is {quote(value)}; expected {describe_type(hints[key])}.")
        return function(*args, **kwargs)

    return called


@functools.cache
def hints_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the hints of the arguments."""
    return {key: hint for key, hint in get_type_hints(function).items() if key != "return"}


def fits(value: Any, hint: Any) -> bool:
    """Whether ``value`` is what ``hint`` asks for; True for hints of kinds that are not judged here."""
    if get_origin(hint) in (Union, types.UnionType):
        return any(fits(value, option) for option in get_args(hint))
    if get_origin(hint) is Literal:  # which of them it is, is judged where it is used
        return any(type(value) is type(option) for option in get_args(hint))
    if hint is int:
        return isinstance(value, int | np.integer) and not isinstance(value, bool) and abs(int(value)) <= MOST
    if hint is float:
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        return number and not math.isnan(value)
    if hint is bytes:
        return isinstance(value, bytes | bytearray | memoryview)
    if hint in (bool, str, type(None)) or hint is Path:
        return isinstance(value, hint | np.bool_ if hint is bool else hint)
    return True


def describe_type(hint: Any) -> str:
    """Return what is expected, in words."""
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(describe_type(option) for option in get_args(hint))
    if get_origin(hint) is Literal:
        return " or ".join(map(repr, get_args(hint)))
    names = {int: "a whole number", float: "a number", bool: "True or False", str: "text", Path: "a path"}
    return "None" if hint is type(None) else names.get(hint, getattr(hint, "__name__", str(hint)))


def quote(value: Any) -> str:
    """Return ``value`` as a message shows it."""
    said = f"{type(value).__name__} {value!r}" if not isinstance(value, str) else repr(value)
    return said if len(said) <= LONGEST else said[:LONGEST] + "..."
