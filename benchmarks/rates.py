"""Curves of bytes and decibels: a codec, beside JPEG, WebP, AVIF and (where it is installed) JPEG XL, in one run.

    python benchmarks/rates.py mnist runs/mnist mnist/ --fusion runs/fusion
    python benchmarks/rates.py photos runs/photos bsd68.zip

docs/compress.md says how these models are trained.

mnist: 1,000 test pictures, evenly over the split; bytes a file with its header, and in an archive with index and
names. photos: every picture at the size it has; bits a pixel of whole files. PSNR is of the mean error of all pixels,
8 bits. Of the fused model the Fréchet distances of both decodes at each rate, on 1,000 test pictures. Writes
benchmarks/results/rates_NAME.json and docs/rates_NAME.png.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import features

from amalgan.codec import amg_file
from amalgan.core.types import DataSpec
from amalgan.data import open_data, to_pixels
from amalgan.data.dataset.native_size import own_sized
from amalgan.data.decoding.pixels import delivered
from amalgan.features import features_of
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.tasks.compress import compress
from amalgan.tasks.compress.bound import Numbers
from amalgan.tasks.generate import DecoderName
from coded import CHUNK, coded, equipped, own_row, qualities, shown, tested
from formats import Pixels, count, others, psnr

HERE = Path(__file__).parent
DRAWN = HERE.parent / "docs"
DECODERS: tuple[DecoderName, ...] = ("faithful", "realistic")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=("mnist", "photos"))
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    parser.add_argument("--fusion", type=Path)
    parser.add_argument("--most", type=int, default=None, help="photos: so many pictures at most")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = model_file.load(asked.model)
    made = mnist(model, asked.data) if asked.name == "mnist" else photos(model, asked.data, asked.most)
    facts = {"model": described(model, asked.model), **made, "libraries": versions()}
    if asked.fusion:
        facts["fusion"] = realistic(model_file.load(asked.fusion), asked.data)
    target = HERE / "results" / f"rates_{asked.name}.json"
    target.write_text(json.dumps(facts, indent=2) + "\n")
    draw(asked.name, facts)
    print(json.dumps(facts, indent=2))


def described(model: Model, place: Path) -> dict[str, Any]:
    """What was trained, and how large its file is."""
    file = place / "model.safetensors" if place.is_dir() else place
    return {
        "system": model.name,
        "config": model.header["config"],
        "images": model.header["training"]["images"],
        "batch": model.header["training"]["batch"],
        "bytes": file.stat().st_size,
    }


def versions() -> dict[str, str | None]:
    """Of what wrote the other formats."""
    return {name: features.version(name) for name in ("webp", "avif", "libjpeg_turbo")}


def mnist(model: Model, place: str) -> dict[str, Any]:
    """Pictures of one size."""
    data = open_data(place, like=model.spec)
    records = tested(data)
    pixels = [picture for batch in records.batches(CHUNK) for picture in to_pixels(batch.x, model.spec)]
    rows = [
        *(own_row(model, quality, records, pixels) for quality in qualities(model)),
        *others(pixels, gray=model.spec.shape[0] == 1),
    ]
    return {"data": {"name": data.name, "n": len(pixels)}, "rows": rows}


def photos(model: Model, place: str, most: int | None) -> dict[str, Any]:
    """Pictures of their own sizes."""
    found = [
        picture.pixels for picture in own_sized(place, model.spec).pictures if picture.pixels is not None
    ]
    planes = found[:most]
    gray = len(planes[0]) == 1
    pixels = [plane[0] if gray else plane.transpose(1, 2, 0) for plane in planes]
    rows = [
        *(own_photos(model, quality, planes, pixels) for quality in qualities(model)),
        *others(pixels, gray=gray),
    ]
    sizes = sorted({picture.shape[:2] for picture in pixels})
    return {
        "data": {"name": Path(place).stem, "n": len(pixels), "sizes": sizes},
        "rows": rows,
        "drift": drift(model, planes),
    }


def own_photos(
    model: Model, quality: int, planes: Sequence[Pixels], pixels: Sequence[Pixels]
) -> dict[str, Any]:
    """One quality of a model that reads any size."""
    began, head = time.process_time(), compress.head_of(model, quality)
    codes = [compress.pack_chunk(model, floats(plane), head.level)[0] for plane in planes]
    wrote, coder = time.process_time(), compress.coder_of(model)
    found = [Numbers(head.level, coder.unpack(code, head.level)) for code in codes]  # type: ignore[arg-type]
    back = [to_pixels(compress.decode_chunk(model, [one]), model.spec)[0] for one in found]
    ended = time.process_time()
    files, every = [amg_file.pack(head, code) for code in codes], count(pixels)
    return {
        "format": "amalgan",
        "quality": quality,
        "usual": head.level == int(coder.usual),
        "bits_per_pixel": 8 * sum(map(len, files)) / every,
        "psnr": psnr(pixels, back),
        "megapixels_written_a_second": every / 1e6 / (wrote - began),
        "megapixels_read_a_second": every / 1e6 / (ended - wrote),
    }


def floats(plane: Pixels) -> torch.Tensor:
    """(1, C, H, W) in [-1, 1]."""
    return torch.from_numpy(plane.copy())[None].float() / 127.5 - 1


@torch.no_grad()
def drift(model: Model, planes: Sequence[Pixels]) -> dict[str, int]:
    """Numbers that a reader with noise on all its floats read otherwise than a writer of any make wrote them."""
    coder, level, side = compress.coder_of(model), 7, 128
    crops = torch.cat([floats(plane[:, :side, :side]) for plane in planes[:8]])
    noisy, before = jolted(model), torch.get_num_threads()
    wrong = numbers = 0
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for batch in (1, 8):
            for form in (torch.contiguous_format, torch.channels_last):
                for part in crops.split(batch):
                    laid = part.to(memory_format=form)  # type: ignore[call-overload]
                    for code in compress.pack_chunk(model, laid, level):
                        meant = coder.unpack(code, level)
                        heard = compress.coder_of(noisy).unpack(code, level)
                        numbers += meant.number.size  # type: ignore[union-attr]
                        wrong += int((meant.number != heard.number).sum())  # type: ignore[union-attr]
    torch.set_num_threads(before)
    return {"numbers": numbers, "desynchronized": wrong}


def jolted(model: Model) -> Model:
    """The same with 16 units in the last place of noise on every float of its file."""
    chance = torch.Generator().manual_seed(0)
    state = {
        name: value
        * (1 + torch.randint(-16, 17, value.shape, generator=chance) * torch.finfo(value.dtype).eps)
        if value.is_floating_point()
        else value
        for name, value in model.system.state_dict().items()
    }
    other = type(model.system)(model.system.config, model.spec)
    other.load_state_dict(state)
    return replace(model, system=other.eval())


def realistic(model: Model, place: str) -> dict[str, Any]:
    """Bytes of a fused model at each quality, with PSNR and Fréchet distance of both decodes."""
    data = open_data(place, like=model.spec)
    model = equipped(model, data)
    records = tested(data)
    look, x = features_of(data), torch.cat([batch.x for batch in records.batches(CHUNK)])
    real = looked(look, x, model.spec)
    rows = []
    for quality in list(qualities(model))[1::2]:
        found = coded(model, records, quality)
        row: dict[str, Any] = {
            "quality": quality,
            "bytes_each_archive": found.bytes_each_archive,
            "bytes_each": found.bytes_each,
        }
        for decoder in DECODERS:
            decodes = torch.cat(list(shown(model, found, decoder)))
            row[f"psnr_{decoder}"] = psnr(
                list(to_pixels(x, model.spec)), list(to_pixels(decodes, model.spec))
            )
            row[f"frechet_{decoder}"] = frechet_distance(real, looked(look, decodes, model.spec))
        rows.append(row)
    return {"images": model.header["training"]["images"], "n": len(x), "features": look.name, "rows": rows}


def looked(look: Any, x: torch.Tensor, spec: DataSpec) -> Moments:
    """Of the features of pictures as files hold them."""
    return Moments.of(torch.cat([look(delivered(part, spec)) for part in x.split(CHUNK)]))


def draw(name: str, facts: dict[str, Any]) -> None:
    """The curves."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, paper = pyplot.subplots(figsize=(7, 4.6), layout="constrained")
    key = "bytes_each" if name == "mnist" else "bits_per_pixel"
    for title in dict.fromkeys(row["format"] for row in facts["rows"]):
        rows = [row for row in facts["rows"] if row["format"] == title]
        own = title == "amalgan"
        line = {"marker": "o", "markersize": 4, "linewidth": 2.2 if own else 1.2, "zorder": 3 if own else 2}
        said = f"{title}, {'single files' if name == 'mnist' else 'codec'}" if own else title
        paper.plot([row[key] for row in rows], [row["psnr"] for row in rows], label=said, **line)
        if own and name == "mnist":
            archive = [row["bytes_each_archive"] for row in rows]
            paper.plot(archive, [row["psnr"] for row in rows], "--", label=f"{title}, archive", linewidth=2)
    paper.set_xlabel(
        "bytes a picture, header included" if name == "mnist" else "bits a pixel, header included"
    )
    paper.set_ylabel("PSNR of the mean error, dB")
    paper.set_xscale("log")
    ticks = (15, 20, 30, 50, 100, 200, 400) if name == "mnist" else (0.1, 0.2, 0.5, 1, 2, 3)
    paper.set_xticks(ticks, [str(tick) for tick in ticks])
    paper.set_xticks([], minor=True)
    paper.grid(alpha=0.3)
    paper.legend(frameon=False)
    figure.savefig(DRAWN / f"rates_{name}.png", dpi=110)


if __name__ == "__main__":
    main()
