"""Small flaws: are they found, where they are, and how seldom is a good picture suspected?

    python benchmarks/flaws.py tiles [--flawed 10] [--good 10]
    python benchmarks/flaws.py textures [brick] [grass] [gravel]
    python benchmarks/flaws.py foreign flowers/ hiragana/

tiles      Cloth of 2,000x2,000 pixels that is woven anew for each picture, with a slow change of light and noise. In a
           flawed one a disc of 12 pixels is darker by 60 of 255. Learned from 6 pictures, compared with 19: an alarm is
           p <= 0.05. Peak memory is that of the process, less what it held before the first picture.
textures   Squares of 64 pixels of three photographs of scikit-image (brick, grass, gravel). Known ones are from the
           upper 60 % of a photograph, normals from the next 20 %, those judged from the rest. Half of these have a
           scratch (3 pixels wide, 20 to 30 long) or a spot (7 to 11 across), black or white by turns. AUROC a picture
           and a pixel. The model of ``own`` and of ``reconstruction`` (its largest smoothed error) is an autoencoder
           that was trained on the known squares, 4,000 images, seed 0.
foreign    Pictures of one folder among those of another, in color, at 64 pixels: 200 known, 100 normals, at most 100
           judged, 50 foreign. Of ten foreign ones planted among the judged, how many are among the twenty strangest, on
           average over 20 draws. ``patches and outside`` joins the p-values of both. Beside them, nearest neighbors in
           principal components and in color histograms, as in benchmarks/foreign.py.

Each part writes its own entry of benchmarks/results/flaws.json. ``imagenet`` needs the imagenet extra.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data as photographs
from torch import Tensor

import amalgan as ag
import writing
from amalgan.config.data import DataConfig
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, Records, open_data
from amalgan.data.decoding.pixels import from_pixels
from amalgan.features.patches import PatchNetwork
from amalgan.metrics.detection import auroc, joined, p_values
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.detect import bounds
from amalgan.tasks.detect.flaw_records import resized
from amalgan.tasks.detect.flaws import Flaws
from amalgan.tasks.detect.heat import rebuilt
from amalgan.tasks.detect.outside import Outside
from amalgan.tasks.detect.patch_networks import ImageNetPatches, patch_network
from foreign import beside, in_top

RESULT = Path(__file__).parent / "results" / "flaws.json"
RATE = 0.05
SIDE, FLAW, DARKER = 2_000, 12, 60
KNOWN_LARGE, NORMAL_LARGE = 6, 19
TEXTURES, SQUARE = ("brick", "grass", "gravel"), 64
KNOWN, NORMAL, JUDGED, IMAGES = 80, 59, 40, 4_000
FOREIGN = {"known": 200, "normals": 100, "judged": 100, "foreign": 50}
GRAY = DataSpec(kind="image", shape=(1, 64, 64))
Pictures = NDArray[np.uint8]
"""(N, H, W)."""


def main() -> None:
    """The part that is asked for."""
    asked = arguments()
    if asked.part == "tiles":
        keep("tiles", tiles(asked.flawed, asked.good))
    elif asked.part == "textures":
        for name in asked.data or TEXTURES:
            keep("textures", [*kept("textures", name), *textures(name)])
    else:
        own, other = (open_data(one, DataConfig(size="64", channels=3)) for one in asked.data)
        first = [*planted(own, other)]
        keep("foreign", first)
        keep("foreign", [*first, *planted(other, own)])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=["tiles", "textures", "foreign"])
    parser.add_argument("data", nargs="*")
    parser.add_argument("--flawed", type=int, default=10)
    parser.add_argument("--good", type=int, default=10)
    return parser.parse_args()


def keep(part: str, found: Any) -> None:
    """Write what a part has found, beside the others."""
    print(json.dumps({part: found}), flush=True)
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    writing.write_json(RESULT, before | {part: found})


def kept(part: str, besides: str) -> list[dict[str, Any]]:
    """The rows of a part that are of other textures."""
    before = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    return [row for row in before.get(part, []) if row["texture"] != besides]


# Tiles of large pictures.


def tiles(flawed: int, good: int) -> dict[str, Any]:
    """Large pictures, each made when its turn comes."""
    before, started_at = peak_mib(), time.process_time()
    flaws = learned(ImageNetPatches(), [cloth(seed)[None] for seed in range(KNOWN_LARGE)])
    learning = time.process_time() - started_at
    normal = torch.tensor([score_of(flaws, cloth(100 + seed)) for seed in range(NORMAL_LARGE)])
    started_at = time.process_time()
    fine = torch.tensor([score_of(flaws, cloth(200 + seed)) for seed in range(good)])
    maps = [flaws.map(marked(cloth(300 + seed), seed)[None]) for seed in range(flawed)]
    seconds = (time.process_time() - started_at) / (good + flawed)
    strange = torch.stack([heat.max() for heat in maps])
    return {
        "side": SIDE,
        "flaw": FLAW,
        "known": KNOWN_LARGE,
        "normals": NORMAL_LARGE,
        "flawed": flawed,
        "good": good,
        "found": int((p_values(normal, strange) <= RATE).sum()),
        "in_place": sum(in_place(heat, seed) for seed, heat in enumerate(maps)),
        "false_alarms": int((p_values(normal, fine) <= RATE).sum()),
        "auroc": bounds(auroc(fine, strange)),
        "cpu_seconds_to_learn": round(learning, 1),
        "cpu_seconds_a_picture": round(seconds, 2),
        "peak_mib": round(peak_mib() - before),
    }


def cloth(seed: int) -> Pictures:
    """Threads that cross, under changing light (H, W)."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    bend = 3 * np.sin(down / 211 + random.uniform(0, 6)) + 3 * np.sin(across / 173 + random.uniform(0, 6))
    weave = np.sin(0.7 * (across + bend)) * np.sin(0.8 * (down + bend))
    light = 12 * np.sin((down + across) / 900 + random.uniform(0, 6))
    noise = random.standard_normal((SIDE, SIDE), np.float32)
    return (128 + 40 * weave + light + 8 * noise).clip(0, 255).astype(np.uint8)


def middle(seed: int) -> NDArray[np.int64]:
    """Where the flaw of a picture is."""
    return np.random.default_rng(seed).integers(50, SIDE - 50, 2)


def marked(picture: Pictures, seed: int) -> Pictures:
    """``picture`` with a dark disc."""
    down, across = np.ogrid[:SIDE, :SIDE]
    top, left = middle(seed)
    within = (down - top) ** 2 + (across - left) ** 2 <= (FLAW / 2) ** 2
    return np.where(within, picture.clip(DARKER) - DARKER, picture).astype(np.uint8)


def in_place(heat: Tensor, seed: int) -> bool:
    """Whether the strangest patch lies within two patches of the flaw."""
    at = np.array(np.unravel_index(int(heat.argmax()), heat.shape)) + 0.5
    step = SIDE / np.array(heat.shape)
    return bool((np.abs(at * step - middle(seed)) <= 2 * step).all())


def peak_mib() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def score_of(flaws: Flaws, picture: Pictures) -> float:
    """The largest distance in a gray picture."""
    return float(flaws.map(picture[None]).max())


def learned(network: PatchNetwork, known: list[NDArray[np.uint8]], spec: DataSpec = GRAY) -> Flaws:
    """What normal patches are to a network, from pictures (C, H, W)."""
    return Flaws.of(network, spec, known, len(known))


# Textures with scratches and spots.


class Squares(NamedTuple):
    """Parts of a photograph."""

    known: Pictures
    normal: Pictures
    good: Pictures
    flawed: Pictures
    mask: NDArray[np.bool_]
    """Where the flaws are, (N, H, W)."""


def textures(name: str) -> Iterator[dict[str, Any]]:
    """A row a network."""
    squares = squares_of(name)
    settings: dict[str, Any] = {"images": IMAGES, "seed": 0, "quiet": True}
    model = ag.train("autoencoder", squares.known, **settings).model
    yield row_of(name, "reconstruction", squares, [errors(model, x) for x in squares[1:4]])
    for network in ("own", "imagenet"):
        flaws = learned(patch_network(model, network), [*squares.known[:, None]])  # type: ignore[arg-type]
        yield row_of(name, network, squares, [maps(flaws, x) for x in squares[1:4]])


def row_of(name: str, score: str, squares: Squares, heat: list[Tensor]) -> dict[str, Any]:
    """How well flaws are told by the maps of normals, good and flawed squares."""
    normal, good, flawed = (one.flatten(1).max(1).values for one in heat)
    mask = torch.from_numpy(squares.mask)
    return {
        "texture": name,
        "score": score,
        "picture": bounds(auroc(good, flawed)),
        "pixel": auroc(torch.cat([heat[1].flatten(), heat[2][~mask]]), heat[2][mask]).mean,
        "found": float((p_values(normal, flawed) <= RATE).double().mean()),
        "false_alarms": float((p_values(normal, good) <= RATE).double().mean()),
    }


def maps(flaws: Flaws, pictures: Pictures) -> Tensor:
    """Distances at each pixel (N, H, W)."""
    return torch.stack([resized(flaws.map(one[None]), one[None]) for one in pictures])


def errors(model: Model, pictures: Pictures) -> Tensor:
    """The smoothed squared error of the reconstruction at each pixel."""
    return rebuilt(model, from_pixels(pictures[:, None], model.spec))[1]


def squares_of(name: str) -> Squares:
    """Known, normal, good and flawed parts, from different rows of a photograph."""
    photo, random = getattr(photographs, name)(), np.random.default_rng(0)
    edges = [round(share * len(photo)) for share in (0, 0.6, 0.8, 1)]
    known, normal = (
        cut(photo[low:high], count, random)
        for low, high, count in ((edges[0], edges[1], KNOWN), (edges[1], edges[2], NORMAL))
    )
    judged = cut(photo[edges[2] :], 2 * JUDGED, random)
    pairs = [painted(one, number, random) for number, one in enumerate(judged[JUDGED:])]
    flawed, mask = (np.stack(side) for side in zip(*pairs, strict=True))
    return Squares(known, normal, judged[:JUDGED], flawed, mask)


def cut(photo: Pictures, count: int, random: np.random.Generator) -> Pictures:
    """Squares from anywhere in a photograph; they may overlap."""
    corners = random.integers(0, np.array(photo.shape) - SQUARE + 1, (count, 2))
    return np.stack([photo[top : top + SQUARE, left : left + SQUARE] for top, left in corners])


def painted(picture: Any, number: int, random: np.random.Generator) -> tuple[Any, Any]:
    """A picture with a flaw, and where that is."""
    share = spot(random) if number % 2 else scratch(random)
    color = (20, 235)[number // 2 % 2]
    return np.rint((1 - share) * picture + share * color).astype(np.uint8), share > 0.5


def spot(random: np.random.Generator) -> NDArray[Any]:
    """A disc with soft edges, (H, W) in [0, 1]."""
    down, across = np.mgrid[:SQUARE, :SQUARE] - random.uniform(8, SQUARE - 8, (2, 1, 1))
    return np.clip(random.uniform(3.5, 5.5) - np.hypot(down, across), 0, 1)


def scratch(random: np.random.Generator) -> NDArray[Any]:
    """A line with soft edges."""
    down, across = np.mgrid[:SQUARE, :SQUARE] - random.uniform(16, SQUARE - 16, (2, 1, 1))
    turn, length = random.uniform(0, np.pi), random.uniform(20, 30)
    along = across * np.cos(turn) + down * np.sin(turn)
    away = down * np.cos(turn) - across * np.sin(turn)
    return np.clip(2 - np.abs(away), 0, 1) * (np.abs(along) < length / 2)


# Foreign pictures among others.


def planted(own: Dataset, other: Dataset) -> Iterator[dict[str, Any]]:
    """A row a score, for pictures of ``other`` among those of ``own``."""
    known = spaced(own.train, FOREIGN["known"])
    held = own.records.select(np.sort(np.concatenate([own.validation.index, own.test.index])))
    order = np.random.default_rng(0).permutation(len(held))[: FOREIGN["normals"] + FOREIGN["judged"]]
    normal, judged = (held.select(np.sort(half)) for half in np.split(order, [FOREIGN["normals"]]))
    foreign = spaced(other.records, FOREIGN["foreign"])
    learner = Learner.of(known)
    sides = {
        name: learner.scores(side)
        for name, side in (("normal", normal), ("own", judged), ("foreign", foreign))
    }
    found = {name: [sides[side][name] for side in ("own", "foreign")] for name in sides["normal"]}
    normals = torch.stack([*sides["normal"].values()], 1)
    found["patches and outside"] = [
        joined(normals, torch.stack([*sides[side].values()], 1)).evidence for side in ("own", "foreign")
    ]
    for name, (a, b) in (found | dict(beside(known, judged, foreign))).items():
        yield {
            "normal": own.name,
            "foreign": other.name,
            "score": name,
            "auroc": bounds(auroc(a, b)),
            "of_ten_in_top_20": in_top(a, b),
        }


class Learner(NamedTuple):
    """What normal pictures are to the outside network: in part, and as a whole."""

    flaws: Flaws
    outside: Outside

    @classmethod
    def of(cls, known: Records) -> Learner:
        """Learn it."""
        flaws = learned(ImageNetPatches(), [*known.pixels(slice(None))], known.spec)
        return cls(flaws, Outside.fit([known.take(slice(None))]))

    def scores(self, judged: Records) -> dict[str, Tensor]:
        """What both say."""
        return {
            "patches": self.flaws.column([*judged.pixels(slice(None))]),
            "outside": self.outside.distance(judged.take(slice(None))),
        }


def spaced(records: Records, most: int) -> Records:
    """At most so many, evenly."""
    return records.select(records.spaced(most))


if __name__ == "__main__":
    main()
