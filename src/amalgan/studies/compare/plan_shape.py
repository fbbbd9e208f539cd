"""What ``plan.json`` must look like before a comparison goes on from it (``core.json_schema``)."""

from __future__ import annotations

ASKED = {
    "systems": [str],
    "settings": {str: dict},
    "seeds": [int],
    "seed": int,
    "tries": int,
    "batch": int,
    "count": int,
    "device?": str,
    "precision": str,
    "cpu_minutes": (float, None),
    "images": (int, None),
    "parameters": (int, None),
    "reading": dict,
    "augment": dict,
    "features?": (str, None),
}
SYSTEM = {
    "name": str,
    "settings": dict,
    "images": int,
    "parameters": int,
    "abilities": [str],
    "flops_train": (float, None),
}
PLAN = {
    "amalgan": str,
    "format": int,
    "asked": ASKED,
    "where": {"data": str, "plugin": (str, None), "cache": (str, None), "samples": {str: [str]}},
    "command": str,
    "order": {"data": str, "flags": [str]},
    "data": {"name": str, "text": str, "train": int, "validation": int, "test": int, "classes": [str]},
    "budget": {"text": str},
    "systems": [SYSTEM],
    "tuning": {"seed": int, "share": float},
    "times": {
        "images_a_cpu_minute": {str: (float, None)},
        "training_seconds": float,
        "measuring_seconds": float,
    },
}
"""What a plan must look like; settings are checked by each system's own configuration."""
