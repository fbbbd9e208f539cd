"""Where in a user's file an error arose."""

from __future__ import annotations

import traceback
from pathlib import Path

PACKAGE = str(Path(__file__).parents[1])


def place_of(bug: BaseException) -> str:
    """Return where an error arose: the last line outside of libraries, first of a file that is not amalgan's."""
    frames = traceback.extract_tb(bug.__traceback__)
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith(PACKAGE) and "site-packages" not in frame.filename
    ]
    frame = own[-1] if own else frames[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}"
