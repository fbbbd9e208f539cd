"""What the header of a saved state must look like before a run goes on from it (``core.json_schema``)."""

from __future__ import annotations

HEADER = {
    "identity?": dict,
    "round?": int,
    "images?": int,
    "steps?": {str: int},
    "rate_scale?": float,
    "rollbacks?": int,
    "curve?": [{str: float}],
    "stop?": (str, None),
    "unlogged?": {str: [float]},
    "amendments?": [list],
    "time?": (
        None,
        {
            "minutes": float,
            "spent": float,
            "timed": {"edges": [float], "a_round": [float], "an_example": float},
            "threads?": (int, None),
        },
    ),
    "surroundings?": (None, {"threads?": (int, None), "device?": (str, None), "torch?": (str, None)}),
}
"""What the numbers of a state must look like."""
