"""The whole command line on real input: train, generate, reconstruct, embed, evaluate; exit codes and counts.

    python benchmarks/real_input.py --mnist PATH --cifar PATH [--minutes 2]

Four inputs: MNIST (IDX), CIFAR-10 as JPEG (a zip of class folders), a dirty folder of mixed pictures made on the
spot (gray, palette, alpha, CMYK, 16 bit, rotated by EXIF, any size, and files that are no pictures), and a table
of vectors. Pictures land in ``runs/real-input``; counts and numbers in ``benchmarks/results/real_input.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import writing
from amalgan.data.readers.builtin import PHOTOS, photograph

RESULTS = Path(__file__).parent / "results" / "real_input.json"
OUT = Path("runs/real-input")


def main() -> None:
    """Run every input that was named, print a line each, keep the JSON."""
    options = parsed()
    dirty = dirty_folder(OUT / "dirty-pictures", np.random.default_rng(0))
    inputs = {"mnist": options.mnist, "cifar10-jpeg": options.cifar, "dirty": str(dirty), "wine": "wine"}
    for name, data in inputs.items():
        if data and name in options.only.split(","):
            done = whole_line(name, data, options.minutes)
            report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
            writing.write_json(RESULTS, report | {name: done})
            print(name, json.dumps(done["evaluate"]["metrics"], indent=2))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mnist", help="folder of the IDX files")
    parser.add_argument("--cifar", help="zip of class folders")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--only", default="mnist,cifar10-jpeg,dirty,wine")
    return parser.parse_args()


def whole_line(name: str, data: str, minutes: float) -> dict[str, Any]:
    """inspect, train, generate, reconstruct, embed, evaluate on one input."""
    run = OUT / name
    vectors = name == "wine"
    picture = "npz" if vectors else "png"
    done = {"inspect": amalgan("inspect", data)}
    flags = ("--size", 32, "--batch", 16) if name == "dirty" else ()  # few pictures: small, and many steps
    done["train"] = amalgan("train", data, "--out", run, "--minutes", minutes, "--overwrite", *flags)
    done["generate"] = amalgan("generate", run, "--count", 64, "--out", OUT / f"{name}-new.{picture}")
    done["reconstruct"] = amalgan("reconstruct", run, data, "--out", OUT / f"{name}-rebuilt.npz")
    done["embed"] = amalgan(
        "embed", run, data, "--out", OUT / f"{name}.npz", "--plot", OUT / f"{name}-map.png"
    )
    done["evaluate"] = amalgan("evaluate", run, data)
    return done


def amalgan(*words: object) -> dict[str, Any]:
    """One command with ``--json``; its object and its exit code. Codes other than 0 and 3 end the benchmark."""
    command = [sys.executable, "-m", "amalgan", *map(str, words), "--json"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if finished.returncode not in (0, 3):
        raise SystemExit(f"amalgan {' '.join(map(str, words))} ended with {finished.returncode}")
    return {**json.loads(finished.stdout.splitlines()[-1]), "exit_code": finished.returncode}


def dirty_folder(folder: Path, chance: np.random.Generator) -> Path:
    """300 cut-outs of photographs in every mode and shape, 12 unusable files, and some junk."""
    photos = [Image.fromarray(photograph(name)) for name in PHOTOS]
    for number in range(300):
        photo = photos[number % len(photos)]
        width, height = (int(side) for side in chance.integers(40, 200, 2))
        left = int(chance.integers(0, photo.width - width))
        top = int(chance.integers(0, photo.height - height))
        save(photo.crop((left, top, left + width, top + height)), folder, number)
    for number in range(12):
        (folder / f"broken-{number}.jpg").write_bytes(chance.bytes(200) if number % 2 else b"")
    (folder / ".DS_Store").write_bytes(b"junk")
    return folder


def save(picture: Image.Image, folder: Path, number: int) -> None:
    """One cut-out in one of nine forms."""
    target = folder / f"class-{number % 3}" / f"{number:03d}"
    target.parent.mkdir(parents=True, exist_ok=True)
    form = number % 9
    if form == 0:
        picture.convert("L").save(target.with_suffix(".png"))
    elif form == 1:
        picture.quantize(64).save(target.with_suffix(".gif"))
    elif form == 2:
        picture.putalpha(200)
        picture.save(target.with_suffix(".png"))
    elif form == 3:
        picture.convert("CMYK").save(target.with_suffix(".jpg"))
    elif form == 4:
        deep = np.asarray(picture.convert("L"), np.uint16) * 257
        Image.fromarray(deep).save(target.with_suffix(".png"))
    elif form == 5:
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.save(target.with_suffix(".jpg"), exif=exif)
    elif form == 6:
        picture.save(target.with_suffix(".webp"))
    elif form == 7:
        picture.save(target.with_suffix(".bmp"))
    else:
        picture.save(target.with_suffix(".tiff"))


if __name__ == "__main__":
    main()
