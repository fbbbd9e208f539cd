"""What ``plan.json`` must look like before a comparison goes on from it (``core.json_schema``)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import DeviceName, PrecisionName


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What must be the same to go on."""

    systems: tuple[str, ...]
    settings: dict[str, dict[str, Any]]
    """As JSON, by row; each system's own configuration checks them."""
    seeds: tuple[int, ...]
    tries: int
    cpu_minutes: float | None
    images: int | None
    parameters: int | None
    batch: int
    device: DeviceName = "cpu"
    """Where cells train and are measured."""
    precision: PrecisionName
    count: int
    seed: int
    """Of all judging: what is generated, and which examples are taken."""
    reading: DataConfig
    augment: AugmentConfig
    samples: dict[str, list[str]]
    """Digests of the files of examples made elsewhere, by row."""
    plugin: str | None
    """The digest of its code."""
    data_fingerprint: str
    features: str | None = None
    version: str


@dataclass(frozen=True, kw_only=True)
class SystemEntry:
    """One row of the plan: a system, perhaps changed."""

    name: str
    system: str | None = None
    """None in plans from before there were rows."""
    changed: dict[str, str] = field(default_factory=dict)
    source: str
    summary: str
    abilities: tuple[str, ...]
    settings: dict[str, Any]
    images: int
    parameters: int
    flops_train: float | None
    """Operations for an image in training; None where training fails at once."""


PLAN = {
    "amalgan": str,
    "format": int,
    "asked": Asked,
    "where": {"data": str, "plugin": (str, None), "cache": (str, None), "samples": {str: [str]}},
    "command": str,
    "order": {"data": str, "flags": [str]},
    "data": {"name": str, "text": str, "train": int, "validation": int, "test": int, "classes": [str]},
    "budget": {"text": str},
    "systems": [SystemEntry],
    "tuning": {"seed": int, "share": float},
    "times": {
        "images_a_cpu_minute": {str: (float, None)},
        "training_seconds": float,
        "measuring_seconds": float,
    },
}
"""What a plan must look like."""
