"""Command lines: the one that asks for a comparison, and those that train one of its cells again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from amalgan.config import fields
from amalgan.studies.compare.request import Request
from amalgan.systems import registry


def of_comparison(request: Request) -> str:
    """The command line that asks for this."""
    words = ["amalgan", "compare", request.data, "--systems", ",".join(request.systems)]
    words += ["--seeds", str(request.seeds)]
    words += options(
        {
            "cpu-minutes": request.minutes,
            "images": request.images,
            "parameters": request.parameters,
            "tries": changed(request.tries, 1),
            "seed": changed(request.seed, 0),
            "count": changed(request.count, 10_000),
            "batch": changed(request.batch, 64),
            "precision": changed(request.precision, "auto"),
            "device": changed(request.device, "cpu"),
        }
    )
    words += [word for one in request.samples for word in ("--samples", one)]
    return shlex.join([*words, *train_flags(request), "--out", str(request.out)])


def train_flags(request: Request) -> list[str]:
    """The flags of reading, augmentation and systems that a single training run shares with the comparison."""
    reading, augment = request.reading, request.augment
    given = {
        "size": reading.size,
        "keep": reading.keep,
        "labeled": reading.labeled,
        "channels": reading.channels,
        "fit": changed(reading.fit, "crop"),
        "background": changed(reading.background, "white"),
        "max-bad": reading.max_bad,
        "shift": augment.shift,
        "rotate": augment.rotate,
        "zoom": augment.zoom,
        "color": augment.color,
        "preset": changed(request.preset, "quick"),
        "plugin": request.plugin,
    }
    flip = {None: [], True: ["--flip"], False: ["--no-flip"]}[augment.flip]
    return [*options(given), *flip]


def of_cell(
    system: str,
    settings: Any,
    *,
    data: str,
    flags: list[str],
    images: int,
    seed: int,
    batch: int,
    device: str,
    precision: str,
    out: str,
) -> str:
    """The command line that trains one cell again, bit for bit on the same machine."""
    words = ["amalgan", "train", data, "--system", system, "--images", str(images), "--seed", str(seed)]
    words += [
        "--batch",
        str(batch),
        "--device",
        device,
        "--precision",
        precision,
        *flags,
        *setting_flags(system, settings),
    ]
    return f"OMP_NUM_THREADS=1 {shlex.join([*words, '--out', out])}"


def setting_flags(system: str, settings: Any) -> Iterator[str]:
    """The flags that make a system's defaults these settings."""
    plain = fields.flatten(fields.to_json(registry.config_class(system)()))
    for key, value in fields.flatten(fields.to_json(settings)).items():
        if value == plain.get(key) or value is None:
            continue
        flag = key.replace("_", "-")
        if isinstance(value, bool):
            head, dot, tail = flag.rpartition(".")
            yield f"--{flag}" if value else f"--{head}{dot}no-{tail}"
        else:
            yield from (f"--{flag}", *(map(str, value) if isinstance(value, list) else [str(value)]))


def changed(value: Any, default: Any) -> Any:
    """``value``; None where it is the default."""
    return None if value == default else value


def options(values: dict[str, Any]) -> list[str]:
    """``--name value`` for each that is not None."""
    return [
        word
        for name, value in values.items()
        if value is not None
        for word in (f"--{name}", f"{value:g}" if isinstance(value, float) else str(value))
    ]
