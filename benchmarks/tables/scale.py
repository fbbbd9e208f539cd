"""Training on more data than fits: what was measured, what follows for more images and more GPUs, and how well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from scale_model import GIB, MIB, Constants, limit, needs, row_of, search_slope, speed
from tables.markdown import number, stored, table

COUNTS = [10**power for power in range(4, 10)]
GPUS = (1, 8, 64)
FORMS = {"folder": "folder", "tar": "tar shards", "x.parquet": "Parquet"}
WAYS = {"once": "store of pixels", "on-demand": "on demand"}


def drawing() -> str:
    """A row a form of data and way of drawing from it."""
    found = stored("scale")
    head = [
        "data",
        "decoded",
        "shuffled",
        "images a CPU-second",
        "bytes read an image",
        "peak MiB",
        "cache MiB",
    ]
    head += ["first opening, CPU-seconds", "opened again"]
    return table(head, map(drawn, found["drawing"]))


def drawn(row: dict[str, Any]) -> list[str]:
    """One way."""
    few = ", few row groups kept" if row["few_groups"] else ""
    size = row["shuffle_buffer"]
    read = "mapped" if row["decode"] == "once" else f"{row['read_bytes_an_image']:,}"
    return [
        FORMS[row["form"]] + few,
        WAYS[row["decode"]],
        "as a whole" if size is None else f"buffer of {size:,}",
        number(row["images_a_cpu_second"]),
        read,
        number(row["peak_mib"]),
        number(row["cache_mib"]),
        f"{row['open_cpu_seconds']:.1f}",
        f"{row['open_again_cpu_seconds']:.2f}",
    ]


def training() -> str:
    """A row a number of processes."""
    head = ["processes", "images a second", "images a CPU-second", "peak MiB of one", "MiB summed a round"]
    rows = (
        [
            str(row["processes"]),
            number(row["images_a_second"]),
            number(row["images_a_cpu_second"]),
            number(row["peak_mib"]),
            f"{row['reduced_bytes_a_round'] / MIB:.2f}",
            f"{row['first_round_seconds']:.0f}",
        ]
        for row in stored("scale")["training"]
    )
    return table([*head, "seconds to the end of the first round"], rows)


def known() -> Constants:
    """The measured constants of the model."""
    return Constants.measured(stored("scale"), stored("gpu"))


def check() -> str:
    """What the model says of what was measured, beside it."""
    return table(["quantity", "model", "measured"], compared(stored("scale")))


def compared(found: dict[str, Any]) -> Iterator[list[str]]:
    """Rows of ``check``."""
    count = found["count"]
    said = needs(count, known(), name=len("0/000000.jpg"))
    raw, tar = (row_of(found, *way, buffered=False) for way in (("folder", "once"), ("tar", "on-demand")))
    one, two = found["training"]
    yield [f"store of {count:,} images, MiB", number(said.raw_bytes / MIB), number(raw["cache_mib"])]
    yield [f"catalog of {count:,} images, MiB", number(said.catalog_bytes / MIB), number(tar["cache_mib"])]
    yield ["bytes read for a drawn image", f"{found['bytes_each']:,}", f"{tar['read_bytes_an_image']:,}"]
    yield [
        "images a CPU-second, two processes",
        number(one["images_a_cpu_second"]),
        number(two["images_a_cpu_second"]),
    ]
    few, some, _ = found["near_copies"]
    more, slope = some["count"] - few["count"], search_slope(found["near_copies"])
    for name, unit in (("peak_mib", "MiB"), ("cpu_seconds", "CPU-seconds")):
        guess = few[name] + more * slope[name]
        yield [f"search among {some['count']:,}, {unit}", number(guess), number(some[name])]


def by_count() -> str:
    """What N images need."""
    head = [
        "images",
        "files",
        "store of pixels",
        "catalog",
        "first look, one node",
        "near-copies: time, memory",
    ]
    rows = []
    for count in COUNTS:
        said = needs(count, known())
        sizes = [amount(size) for size in (said.files_bytes, said.raw_bytes, said.catalog_bytes)]
        search = f"{duration(said.search_seconds)}, {amount(said.search_bytes)}"
        rows.append([f"{count:,}", *sizes, duration(said.look_seconds), search, amount(said.process_bytes)])
    return table([*head, "memory of every process"], rows)


def by_gpus() -> str:
    """Images a second of each part."""
    said = {gpus: speed(gpus, known()) for gpus in (1, 2, 4, 8, 16, 32, 64)}
    names = [*said[1].parts]
    stored_pixels = row_of(stored("scale"), "folder", "once", buffered=False)["images_a_cpu_second"]
    rows = (
        [
            str(gpus),
            *(number_or_none(one.parts[name]) for name in names),
            number(one.together),
            one.slowest,
            number(gpus * stored_pixels),
        ]
        for gpus, one in said.items()
    )
    return table(["GPUs", *names, "together", "slowest", "drawn from a store of pixels"], rows)


def number_or_none(value: float) -> str:
    """A number; a dash for a part that there is not."""
    return "–" if value == float("inf") else number(value)


def bottlenecks() -> str:
    """Time of an epoch and what limits it, by images and GPUs."""
    rows = (
        [
            f"{count:,}",
            *(
                f"{duration(count / speed(gpus, known()).together)}: {limit(count, gpus, known())}"
                for gpus in GPUS
            ),
        ]
        for count in COUNTS
    )
    return table(["images", *(f"{gpus} GPU{'s' * (gpus > 1)}" for gpus in GPUS)], rows)


def amount(size: float) -> str:
    """Bytes as people write them."""
    for unit, name in ((GIB * 1024, "TiB"), (GIB, "GiB")):
        if size >= unit:
            return f"{number(round(size / unit, 1))} {name}"
    return f"{number(round(size / MIB, 1))} MiB"


def duration(seconds: float) -> str:
    """Time as people say it."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.1f} s"


TABLES = {
    "scale_drawing": drawing,
    "scale_training": training,
    "scale_check": check,
    "scale_by_count": by_count,
    "scale_by_gpus": by_gpus,
    "scale_bottlenecks": bottlenecks,
}
