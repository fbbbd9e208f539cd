"""Does training hold at every size? 150 rounds of many systems, sides, batches, precisions and kinds of pictures.

    python benchmarks/stability.py [FOLDER ...] [--only TEXT] [--rounds 150]

    side, kind of pictures, system, batch, precision, preset ─► 150 rounds with the default rates ─► a line, a cell

A cell fails where training rolls back or stops, where reconstructions of validation pictures are no better than the
mean picture (restored pictures: than the damaged ones), or where generated pictures are not nearer to real ones than
the mean picture repeated, by the Frechet distance of their 8x8 thumbnails. ``FOLDER`` adds pictures of your own at 32
and 64 pixels. Cells that are done are kept in results/stability.json and not done again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from torch.nn.functional import adaptive_avg_pool2d, interpolate

import writing
from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import AmalganError
from amalgan.data import open_data
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.systems import model_file, registry
from amalgan.systems.abilities import Generates
from amalgan.training.baseline import LEARNED, Baseline
from amalgan.training.plan import mean_of
from amalgan.training.run import execute
from amalgan.training.verdict import generated

RESULTS = Path(__file__).parent / "results" / "stability.json"
MADE = 400
THUMBNAIL = 8


def blobs(count: int, height: int, width: int, draw: torch.Generator) -> torch.Tensor:
    """Smooth color pictures: what photographs look like from afar."""
    coarse = torch.rand(count, 3, 5, 5, generator=draw)
    return interpolate(coarse, (height, width), mode="bicubic", align_corners=False).clamp(0, 1)


def strokes(count: int, height: int, width: int, draw: torch.Generator) -> torch.Tensor:
    """Dark gray curves on white: what scans of writing look like."""
    time = torch.linspace(0, 1, 24)
    knots = torch.rand(count, 4, 2, generator=draw)
    bell = torch.stack([(1 - time) ** 3, 3 * time * (1 - time) ** 2, 3 * time**2 * (1 - time), time**3])
    points = torch.einsum("kt,nkd->ntd", bell, knots)
    rows, columns = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    page = torch.ones(count, 1, height, width)
    for at in range(len(time)):
        far = (rows - points[:, at, :1])[:, :, None] ** 2 + (columns - points[:, at, 1:])[:, None] ** 2
        page[:, 0] = torch.minimum(page[:, 0], 1 - torch.exp(-far / 0.002))
    return page


def textures(count: int, height: int, width: int, draw: torch.Generator) -> torch.Tensor:
    """Stripes of two colors in any direction under noise: hard edges and high frequencies."""
    angle, period = torch.rand(2, count, generator=draw)
    rows, columns = torch.linspace(0, 1, height)[:, None], torch.linspace(0, 1, width)
    along = rows * (angle * 3.14).sin()[:, None, None] + columns * (angle * 3.14).cos()[:, None, None]
    wave = ((along * (4 + 8 * period)[:, None, None]).sin() > 0).float()[:, None]
    first, second = torch.rand(2, count, 3, 1, 1, generator=draw)
    noise = 0.05 * torch.randn(count, 3, height, width, generator=draw)
    return (first * wave + second * (1 - wave) + noise).clamp(0, 1)


KINDS: dict[str, Callable[[int, int, int, torch.Generator], torch.Tensor]] = {
    "blobs": blobs,
    "strokes": strokes,
    "textures": textures,
}


@dataclass(frozen=True)
class Cell:
    """One training run."""

    data: str
    size: str
    system: str
    batch: int = 64
    precision: str = "auto"
    preset: str = "quick"

    @property
    def name(self) -> str:
        """What the cell is called in the results."""
        return " ".join(str(value) for value in asdict(self).values())


def cells(folders: list[Path]) -> Iterator[Cell]:
    """Every cell, the quick ones first."""
    for kind in KINDS:
        for size in ("8", "16", "28", "32", "64"):
            yield Cell(kind, size, "autoencoder")
            yield Cell(kind, size, "fusion", batch=32)
    for system in registry.names():
        for kind, size in (("blobs", "32"), ("strokes", "64")):
            yield Cell(kind, size, system, batch=16)
        yield Cell("textures", "16", system, batch=64, precision="float32")
    for kind in KINDS:
        for system, size in (
            ("fusion", "48x96"),
            ("autoencoder", "128"),
            ("gan", "48x96"),
            ("fusion", "256"),
        ):
            yield Cell(kind, size, system, batch=8)
    yield Cell("blobs", "32", "autoencoder", batch=256)
    yield Cell("strokes", "28", "gan", batch=256)
    for precision in ("float32", "bfloat16"):
        yield Cell("blobs", "64", "fusion", precision=precision)
    for size in ("16", "32", "64"):
        yield Cell("blobs", size, "fusion", batch=16, preset="base")
        yield Cell("strokes", size, "gan", batch=16, preset="base")
    for folder in folders:
        for size in ("32", "64"):
            for system in ("autoencoder", "gan", "fusion"):
                yield Cell(folder.name, size, system)


def made(kind: str, size: str, folder: Path) -> Path:
    """Return a file of pictures that follow from their kind and size."""
    target = folder / f"{kind}-{size}.npz"
    if not target.exists():
        height, width = (int(side) for side in (size.split("x") * 2)[:2])
        pictures = KINDS[kind](MADE, height, width, torch.Generator().manual_seed(len(kind)))
        np.savez(target, x=pixels(pictures))
    return target


def pixels(pictures: torch.Tensor) -> NDArray[np.uint8]:
    """Return pictures in [0, 1] as files hold them."""
    return (pictures * 255).round().byte().permute(0, 2, 3, 1).squeeze(3).numpy()


def trained(cell: Cell, data: str, folder: Path, rounds: int) -> dict[str, Any]:
    """Train a cell and return what came of it."""
    settings = registry.config_class(cell.system)().preset(cell.preset)
    reading = DataConfig(size=cell.size, cache=str(folder / "cache"))
    order = TrainOptions(
        data=data,
        system=cell.system,
        settings=settings,
        out=folder / "run",
        images=rounds * cell.batch,
        batch=cell.batch,
        precision=cell.precision,  # type: ignore[arg-type]  # one of the names
        reading=reading,
        overwrite=True,
    )
    words = Console(file=open("/dev/null", "w"), record=True, width=200)  # noqa: SIM115 - nobody reads it
    started_at = time.process_time()
    try:
        result = execute(order, words)
    except AmalganError as error:
        return {"fault": str(error), "cpu_seconds": time.process_time() - started_at}
    seconds = time.process_time() - started_at
    fault = "rolled back" if "Back to round" in words.export_text() else None
    return {"fault": fault, "cpu_seconds": seconds} | measured(order, reading, result.model)


@torch.no_grad()
def measured(order: TrainOptions, reading: DataConfig, place: Path) -> dict[str, Any]:
    """Return how far a model is from the mean picture, for reconstruction and for generation."""
    data = open_data(order.data, reading, seed=order.seed)
    model, mean = model_file.load(place), mean_of(data.train)
    found: dict[str, Any] = {"ratio": Baseline.of(data.validation, mean, "cpu").ratio(model.system)}
    if isinstance(model.system, Generates):
        real = thumbnails(data.train.take(data.train.spaced(256)))
        far = frechet_distance(Moments.of(thumbnails(generated(model.system, "cpu"))), Moments.of(real))
        repeated = thumbnails(mean[None]).expand(len(real), -1)
        found["generation_ratio"] = far / frechet_distance(Moments.of(repeated), Moments.of(real))
    return found


def thumbnails(x: torch.Tensor) -> torch.Tensor:
    """Return pictures, as users get them, at 8x8, one a row."""
    return adaptive_avg_pool2d(x.clamp(-1, 1), THUMBNAIL).flatten(1).double()


def failed(found: dict[str, Any]) -> str:
    """Return why a cell failed; nothing where it did not."""
    if found["fault"]:
        return str(found["fault"])
    if (ratio := found.get("ratio")) is not None and ratio > LEARNED:
        return f"reconstructions no better than the mean picture ({ratio:.2f})"
    if (ratio := found.get("generation_ratio")) is not None and ratio >= 1:
        return f"new pictures no better than the mean picture ({ratio:.2f})"
    return ""


def main() -> None:
    """Train what is not done yet and print a line a cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--only", default="", help="cells whose name holds this text")
    parser.add_argument("--rounds", type=int, default=150)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    kept: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    places = {folder.name: folder for folder in asked.folders}
    with tempfile.TemporaryDirectory() as folder:
        for cell in cells(asked.folders):
            if cell.name not in kept and asked.only in cell.name:
                data = places.get(cell.data) or made(cell.data, cell.size, Path(folder))
                found = trained(cell, str(data), Path(folder), asked.rounds)
                kept[cell.name] = found | {"failed": failed(found)}
                writing.write_json(RESULTS, kept)
                print(line(cell.name, kept[cell.name]), flush=True)
    wrong = [name for name, found in kept.items() if found["failed"]]
    print(f"{len(wrong)} of {len(kept)} cells fail" + "".join(f"\n  {name}" for name in wrong))


def line(name: str, found: dict[str, Any]) -> str:
    """Return what came of a cell in words."""
    ratios = [found.get(key) for key in ("ratio", "generation_ratio")]
    shown = " ".join("    -" if ratio is None else f"{ratio:5.2f}" for ratio in ratios)
    return f"{name:44} {shown} {found['cpu_seconds']:6.0f} s  {found['failed'] or 'good'}"


if __name__ == "__main__":
    main()
