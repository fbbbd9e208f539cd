"""Speed: beside other people's systems, and beside what the machine can do."""

from __future__ import annotations

import statistics
from typing import Any

from tables.markdown import number, stored, table

WAYS = {"nchw": "channels first", "nhwc": "channels last", "nhwc bfloat16": "channels last, bfloat16"}


def peak() -> str:
    """A row a network: shares of the fastest convolution found."""
    found = stored("conv_peak")
    ways = {way: title for way, title in WAYS.items() if way in found["networks"][0]["gflops"]}
    rows = [
        [row["network"], shape(row["shape"]), f"{row['mflop_an_image']:.0f}", *shares(row, ways, found)]
        for row in found["networks"]
    ]
    return table(["network", "images", "MFLOP per image", *ways.values()], rows)


def shape(sides: list[int]) -> str:
    """As people say it."""
    return f"{sides[1]}x{sides[2]} {'gray' if sides[0] == 1 else 'RGB'}"


def shares(row: dict[str, Any], ways: dict[str, str], found: dict[str, Any]) -> list[str]:
    """Of the peak, in percent."""
    return [f"{row['gflops'][way] / found['peak_gflops']:.0%}" for way in ways]


def rates() -> str:
    """A row a side: images a CPU-second, and how many times as many as each peer."""
    found = stored("rates")
    median = {side: statistics.median(values) for side, values in found["sides"].items()}
    peers = [side for side in median if side not in found["ratios"]]
    rows = [
        [f"`{side}`", number(value), *(f"{found['ratios'][side][peer]:.1f}" for peer in peers)]
        for side, value in median.items()
        if side in found["ratios"]
    ]
    rows += [[side, number(median[side]), *[""] * len(peers)] for side in peers]
    return table(["system", "images per CPU-second", *(f"times {peer}" for peer in peers)], rows)


def level() -> str:
    """A row a system: CPU-seconds until its pictures are as near, and how many times sooner than the DCGAN's."""
    found = stored("time_to_level")
    levels = list(next(iter(found["cpu_seconds_to_level"].values())))
    rows = [
        [
            f"`{name}`" if name in found["ratios"] else name,
            *(took(found, name, at) for at in levels),
            nearest(curve),
        ]
        for name, curve in found["curves"].items()
    ]
    return table(["system", *(f"to {float(at):g}" for at in levels), "nearest, after CPU-seconds"], rows)


def took(found: dict[str, Any], name: str, at: str) -> str:
    """CPU-seconds to a level, and the ratio where both sides reached it."""
    seconds, ratio = found["cpu_seconds_to_level"][name][at], found["ratios"].get(name, {}).get(at)
    if seconds is None:
        return "not reached"
    return f"{seconds:,.0f}" + (f" ({ratio:.1f} times sooner)" if ratio else "")


def nearest(curve: list[dict[str, Any]]) -> str:
    """The least distance of a curve, and when."""
    best = min(curve, key=lambda point: float(point["distance"]))
    return f"{best['distance']:.2f}, {best['cpu_seconds']:,.0f}"


def gpu() -> str:
    """A row a side, system and batch: images a second and memory in either precision."""
    rows = stored("gpu")["rows"]
    kinds = list(dict.fromkeys((row["side"], row["system"], row["batch"]) for row in rows))
    ways = list(dict.fromkeys(row["precision"] for row in rows))
    found = {(row["side"], row["system"], row["batch"], row["precision"]): row for row in rows}
    told = [
        [
            f"{side}x{side} RGB",
            f"`{system}`",
            str(batch),
            *on_gpu([found[side, system, batch, way] for way in ways]),
        ]
        for side, system, batch in kinds
    ]
    heads = [f"{what}, {way}" for what in ("images per second", "MiB") for way in ways]
    return table(["images", "system", "batch", *heads], told)


def on_gpu(rows: list[dict[str, Any]]) -> list[str]:
    """Speed in each precision, then memory in each; what had too little memory says so."""
    keys = ("images_per_second", "peak_mib")
    return [row["failed"] if "failed" in row else f"{row[key]:,.0f}" for key in keys for row in rows]


TABLES = {"gpu": gpu, "level": level, "peak": peak, "rates": rates}
