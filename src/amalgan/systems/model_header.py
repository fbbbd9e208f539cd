"""What the header of a model file must look like, and the check of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from amalgan.core import json_schema
from amalgan.core.errors import FileError, ModelFileError
from amalgan.kinds import names

FORMAT = 2
READABLE = (1, 2)
"""Files of format 1 hold every slot of a prior, also those that nothing was fitted to."""
NUMBERS = {str: (float, None)}
SPEC = {
    "kind": str,
    "shape": [int],
    "fit?": str,
    "background?": str,
    "classes?": [str],
    "center?": [float],
    "spread?": [float],
    "names?": [str],
    "facts?": dict,
}
HEADER = {
    "system": str,
    "config": dict,
    "spec": SPEC,
    "abilities?": [str],
    "mark?": (str, None),
    "versions?": {str: str},
    "training?": {"images?": int, "seed?": int, "batch?": int, "curve?": [NUMBERS]},
    "data?": {"name?": str, "fingerprint?": str, "train?": int},
    "metrics?": NUMBERS,
    "doubts?": [str],
}
"""What every header must look like; its config is checked by the system's own configuration."""


def check_format(path: Path, header: dict[str, Any]) -> None:
    """Refuse what is no model, or a model of a format that this version does not know."""
    if "system" not in header:
        raise ModelFileError(
            f"{path} is not a model file but {header.get('what', 'another file of amalgan')}."
        )
    if header.get("format") not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise ModelFileError(
            f"{path} has format {header.get('format')!r}; this version reads formats {known}. Upgrade amalgan."
        )
    try:
        json_schema.require(header, HEADER, f"the header of {path}", "amalgan train")
    except FileError as error:
        raise ModelFileError(str(error)) from None


def check_kind(path: Path, header: dict[str, Any]) -> None:
    """Refuse a model of a kind of data that is not known here."""
    if (kind := header["spec"]["kind"]) not in names():
        raise ModelFileError(
            f"{path} makes data of a kind {kind!r}, which is not known here; there are {', '.join(names())}. "
            "If it is your own, pass --plugin."
        )
