"""Packages that only some data needs: named, with the way to get them, where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown


def needed(module: str, extra: str, what: str) -> Any:
    """Return ``module``, which reads ``what`` and comes with an ``extra`` of amalgan.

    Raises:
        DataError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise DataError(
            f"{what} needs {package}, which is not installed. Run: pip install 'amalgan[{extra}]'"
        ) from error


def first_line(error: BaseException) -> str:
    """Return what an error of another library says, short and harmless; its kind where it says nothing."""
    return shown((str(error).splitlines() or [""])[0][:200]).rstrip(".") or type(error).__name__
