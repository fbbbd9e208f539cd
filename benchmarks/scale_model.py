"""What training on N images of 64x64 on G GPUs needs: time, memory, disk and network, from measured constants.

    scale.json (this machine) ──┬─► Constants ─► per N: disk, memory, first look      per G: images a second, by part
    gpu.json (one H200) ────────┘       Machine: what a node is assumed to have

The parts of a round: GPUs compute; CPU cores decode; disks read; gradients are summed, ring-wise, between nodes.
Decoding and reading run beside the computation, so the slowest of the three counts; gradients are summed after it, so
their time is added. All of it is linear in N, so that what is measured at the small end can be held against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

MIB, GIB = 2**20, 2**30
SIDE, CHANNELS, BATCH_A_GPU = 64, 3, 512
NAME = 27
"""Bytes of a name of usual length."""
BESIDE_PIXELS = 3 * 16 + 2 * 8 + 8 + 4 + 1
"""Bytes on disk of an image beside its pixels and its name: three hashes, row, end of the name, size, label, split."""
IN_MEMORY = 8 + 8 + 4 + 1 + 1
"""Bytes of an image in every process: row, label as int64 and as stored, split, and whether it was checked."""
WHOLE, BUFFERED = 8, 4 * 8
"""Bytes of an image in the order of an epoch, shuffled as a whole or in a buffer; two epochs are kept at a border."""
BUFFER = 10_000


@dataclass(frozen=True)
class Machine:
    """What a node is assumed to have."""

    gpus: int = 8
    cores_a_gpu: int = 12
    memory_gib: float = 1024
    disk_bytes_a_second: float = 2e9
    network_bytes_a_second: float = 3e9


@dataclass(frozen=True)
class Constants:
    """What was measured."""

    file_bytes: float
    decode_cpu_seconds: float
    """Of an image that is drawn, reading included."""
    look_cpu_seconds: float
    """Of an image in the first look: header, decoding, hashes."""
    search_bytes: float
    search_cpu_seconds: float
    """Of an image in the search for near-copies, which one process makes on one core."""
    gradient_bytes: float
    gpu_images_a_second: float

    @classmethod
    def measured(cls, scale: dict[str, Any], gpu: dict[str, Any]) -> Constants:
        """From what ``scale.py`` and ``gpu.py`` left."""
        drawn = row_of(scale, "tar", "on-demand", buffered=False)
        search = search_slope(scale["near_copies"])
        return cls(
            file_bytes=scale["bytes_each"],
            decode_cpu_seconds=1 / drawn["images_a_cpu_second"],
            look_cpu_seconds=drawn["open_cpu_seconds"] / scale["count"],
            search_bytes=search["peak_mib"] * MIB,
            search_cpu_seconds=search["cpu_seconds"],
            gradient_bytes=4 * scale["base_parameters"],
            gpu_images_a_second=gpu_rate(gpu),
        )


def search_slope(rows: list[dict[str, Any]]) -> dict[str, float]:
    """What an image more takes of each quantity, between the first and the last of ``rows``."""
    few, many = rows[0], rows[-1]
    return {
        name: (many[name] - few[name]) / (many["count"] - few["count"])
        for name in ("peak_mib", "cpu_seconds")
    }


def row_of(scale: dict[str, Any], form: str, decode: str, *, buffered: bool) -> dict[str, Any]:
    """The first measurement of a way."""
    return next(
        row
        for row in scale["drawing"]
        if (row["form"], row["decode"], row["shuffle_buffer"] is not None) == (form, decode, buffered)
    )


def gpu_rate(gpu: dict[str, Any]) -> float:
    """Images a second of an autoencoder on one GPU, in bfloat16."""
    asked = {"side": SIDE, "system": "autoencoder", "precision": "bfloat16", "batch": BATCH_A_GPU}
    return next(row["images_per_second"] for row in gpu["rows"] if asked.items() <= row.items())


class Speed(NamedTuple):
    """Images a second that each part could reach alone, and all together."""

    parts: dict[str, float]
    together: float
    slowest: str


def speed(gpus: int, known: Constants, machine: Machine = Machine()) -> Speed:
    """Images a second on so many GPUs, decoded when they are drawn."""
    nodes = -(-gpus // machine.gpus)
    batch = gpus * BATCH_A_GPU
    parts = {
        "GPUs": gpus * known.gpu_images_a_second,
        "decoding": gpus * machine.cores_a_gpu / known.decode_cpu_seconds,
        "disk": nodes * machine.disk_bytes_a_second / known.file_bytes,
    }
    slowest = min(parts, key=lambda name: parts[name])
    own, summing = batch / parts[slowest], sum_seconds(nodes, known, machine)
    return Speed(
        parts | {"gradients": batch / summing if summing else float("inf")},
        batch / (own + summing),
        "gradients" if summing > own else slowest,
    )


def sum_seconds(nodes: int, known: Constants, machine: Machine) -> float:
    """Seconds of a round in which gradients go around a ring of nodes."""
    return 2 * (nodes - 1) / nodes * known.gradient_bytes / machine.network_bytes_a_second


class Needs(NamedTuple):
    """What N images need, whatever trains on them."""

    raw_bytes: float
    """Of a store of pixels on disk."""
    catalog_bytes: float
    files_bytes: float
    look_seconds: float
    """On the cores of one node."""
    search_seconds: float
    search_bytes: float
    process_bytes: float
    """In the memory of every process, shuffled in a buffer, the buffer included."""


def needs(count: float, known: Constants, machine: Machine = Machine(), name: int = NAME) -> Needs:
    """What ``count`` images need that are called by ``name`` bytes each."""
    cores = machine.gpus * machine.cores_a_gpu
    return Needs(
        raw_bytes=count * (SIDE * SIDE * CHANNELS + BESIDE_PIXELS + name),
        catalog_bytes=count * (BESIDE_PIXELS + name),
        files_bytes=count * known.file_bytes,
        look_seconds=count * known.look_cpu_seconds / cores,
        search_seconds=count * known.search_cpu_seconds,
        search_bytes=count * known.search_bytes,
        process_bytes=count * (IN_MEMORY + 2 * BUFFERED) + min(count, BUFFER) * known.file_bytes,
    )


def limit(count: float, gpus: int, known: Constants, machine: Machine = Machine()) -> str:
    """What is in the way of so many images on so many GPUs: memory that is not there, or the slowest part."""
    found = needs(count, known, machine)
    room = machine.memory_gib * GIB
    if found.search_bytes > room:
        return "memory of the search for near-copies"
    if found.process_bytes * min(gpus, machine.gpus) > room:
        return "memory of the processes"
    epoch = count / speed(gpus, known, machine).together
    if found.look_seconds + found.search_seconds > epoch:
        return f"the first look, then {speed(gpus, known, machine).slowest}"
    return speed(gpus, known, machine).slowest
