"""A part of a collection as a new folder: a process of its own, started by the studio. Inputs are only read.

DATA, the chosen names and their labels ─► the files themselves, unchanged ─► OUT/label/name
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from amalgan.core import files
from amalgan.core.errors import BadPicture, UsageError
from amalgan.core.file_names import distinct, shown
from amalgan.core.json_schema import read_json
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.data.readers.resolving import find_source
from amalgan.data.readers.sources import Arrays
from amalgan.studio.answering import run_and_answer

SHAPE = {"amalgan": str, "names": [str], "labels": {str: str}}


def copy(arguments: list[str]) -> dict[str, Any]:
    """Copy files: DATA, the choice, OUT."""
    data, choice, out = (
        arguments[0],
        read_json(Path(arguments[1]), SHAPE, "amalgan studio"),
        Path(arguments[2]),
    )
    source = find_source(data)
    if isinstance(source, Arrays):
        raise UsageError(f"{data} holds arrays, not files; export a list instead.")
    refuse_inputs([out / "x"], data)
    row_of = {shown(source.path(row)): row for row in range(len(source))}
    names = [name for name in choice["names"] if name in row_of]
    wished = [placed(name, choice["labels"].get(name)) for name in names]
    skipped = [
        {"name": name, "reason": "it is not there any more"} for name in choice["names"] if name not in row_of
    ]
    copied = 0
    for name, target in zip(names, distinct(wished, names), strict=True):
        try:
            content = source.read(row_of[name])
        except BadPicture as bad:
            skipped.append({"name": name, "reason": str(bad)})
            continue
        place = files.below(out, target)
        files.write_bytes(place, content, proof=lambda _: False)
        copied += 1
    return {"out": str(out), "copied": copied, "skipped": skipped}


def placed(name: str, label: str | None) -> str:
    """Return where a file goes: to the folder of its label, else to where it was."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join([label.replace("/", "-").strip(". ") or "label", parts[-1]] if label else parts)


if __name__ == "__main__":
    sys.exit(run_and_answer(copy))
