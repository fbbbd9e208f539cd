"""Bytes and decibels."""

from __future__ import annotations

from typing import Any

import numpy as np

from tables.markdown import number, stored, table

LEVEL = 27.5
"""Decibels at which codecs are compared."""


def compress() -> str:
    """What a model without a codec's training writes."""
    return sized(stored("compress")["rows"])


def sized(found: list[dict[str, Any]]) -> str:
    """A row a format and quality, of pictures of one size."""
    rows = []
    for row in found:
        own = row["format"] == "amalgan"
        archive = f"{row['bytes_each_archive']:.1f}" if own else "–"
        named = f"**{row['quality']}**" if row.get("usual") else str(row["quality"])
        speeds = [number(row[f"{way}_a_second"]) if own else "–" for way in ("written", "read")]
        rows.append(
            [row["format"], named, f"{row['bytes_each']:.1f}", archive, f"{row['psnr']:.2f}", *speeds]
        )
    head = ["format", "quality", "bytes per file", "bytes in an archive", "PSNR, dB", "written per second"]
    return table([*head, "read per second"], rows)


def undisturbed() -> str:
    """What the model reaches before anything is rounded."""
    found = stored("compress")
    data, psnr = found["data"], found["undisturbed_psnr"]
    words = f"{data['n']:,} test images of {data['name']}, {data['shape'][1]}x{data['shape'][2]} pixels; "
    made = "{system}, {code_size} dimensions".format(**found["model"])
    return f"{words}{made}, which decodes at {psnr:.2f} dB when the code is not rounded.\n"


def rates_mnist() -> str:
    """What a codec writes, and where it stands at ``LEVEL``."""
    found = stored("rates_mnist")
    return f"{sized(found['rows'])}\n{at_level(found['rows'])} {model_said(found)}\n"


def at_level(rows: list[dict[str, Any]]) -> str:
    """Bytes at ``LEVEL``, on the line between the two qualities beside it."""
    own = sorted((row for row in rows if row["format"] == "amalgan"), key=lambda row: float(row["psnr"]))
    reached = [row["psnr"] for row in own]
    single, archive = (
        float(np.interp(LEVEL, reached, [row[key] for row in own]))
        for key in ("bytes_each", "bytes_each_archive")
    )
    between = f"At {LEVEL} dB, interpolated between two qualities"
    return f"{between}: {single:.1f} bytes per file, {archive:.1f} in an archive."


def rates_photos() -> str:
    """A row a format and quality, of pictures of their own sizes."""
    found, rows = stored("rates_photos"), []
    for row in found["rows"]:
        named = f"**{row['quality']}**" if row.get("usual") else str(row["quality"])
        speeds = [f"{row[f'megapixels_{way}_a_second']:.2f}" for way in ("written", "read")]
        rows.append([row["format"], named, f"{row['bits_per_pixel']:.3f}", f"{row['psnr']:.2f}", *speeds])
    head = [
        "format",
        "quality",
        "bits per pixel",
        "PSNR, dB",
        "megapixels written per second",
        "read per second",
    ]
    drift = found["drift"]
    said = (
        f"{found['data']['n']} images of {found['data']['name']}. {model_said(found)} Of {drift['numbers']:,} "
        f"integers written with 1 and 2 threads, in batches of 1 and 8, with and without channels last, a reader with "
        f"noise of 16 units in the last place on each of its floats read {drift['desynchronized']} differently."
    )
    return table(head, rows) + f"\n{said}\n"


def model_said(found: dict[str, Any]) -> str:
    """How the model came about."""
    model = found["model"]
    trained = f"The model was trained for {model['images']:,} images"
    return f"{trained}; its file has {model['bytes'] / 1e6:.1f} MB."


def rates_fusion() -> str:
    """A row a quality: both decodes of a fused model."""
    found = stored("rates_mnist")["fusion"]
    rows = [
        [
            str(row["quality"]),
            f"{row['bytes_each']:.1f}",
            f"{row['bytes_each_archive']:.1f}",
            *(
                f"{row[f'{what}_{way}']:.2f}"
                for way in ("faithful", "realistic")
                for what in ("psnr", "frechet")
            ),
        ]
        for row in found["rows"]
    ]
    head = ["quality", "bytes per file", "bytes in an archive", "PSNR x', dB", "Fréchet distance x'"]
    said = f"{found['images']:,} training images, {found['n']:,} test images, features `{found['features']}`."
    return table([*head, "PSNR x'', dB", "Fréchet distance x''"], rows) + f"\n{said}\n"


TABLES = {
    "compress": compress,
    "undisturbed": undisturbed,
    "rates_mnist": rates_mnist,
    "rates_photos": rates_photos,
    "rates_fusion": rates_fusion,
}
