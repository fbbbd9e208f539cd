"""Bytes and decibels of a model's files, beside JPEG, WebP and AVIF at several qualities, on the same pictures.

    amalgan train mnist/ --system autoencoder --code-size 32 --images 1200000 --seed 1 --out runs/mnist
    python benchmarks/compress.py runs/mnist mnist/

Test pictures, evenly over the split. A single file counts with its header; in an archive index and names are shared
out. PSNR is of the mean error of all pictures, 8 bits. Speeds are of one thread, networks included. Writes
benchmarks/results/compress.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from PIL import features

from amalgan.data import Records, open_data, to_pixels
from amalgan.systems import model_file
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.systems.model_file import Model
from coded import CHUNK, equipped, own_row, qualities, tested
from formats import Pixels, others, psnr

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = model_file.load(asked.model)
    data = open_data(asked.data, like=model.spec)
    model = equipped(model, data)
    records = tested(data)
    pixels = [picture for batch in records.batches(CHUNK) for picture in to_pixels(batch.x, model.spec)]
    rows = [
        *(own_row(model, quality, records, pixels) for quality in qualities(model)),
        *others(pixels, gray=model.spec.shape[0] == 1),
    ]
    facts = {
        "data": {"name": data.name, "n": len(pixels), "shape": list(model.spec.shape)},
        "model": {"system": model.name, "code_size": model.header["config"].get("code_size")},
        "undisturbed_psnr": psnr(pixels, rebuilt(model, records)),
        "rows": rows,
        "pillow": {name: features.version(name.lower()) for name in ("WebP", "AVIF")},
    }
    target = HERE / "results" / "compress.json"
    target.write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))


@torch.no_grad()
def rebuilt(model: Model, records: Records) -> list[Pixels]:
    """Decodes of codes that were not rounded."""
    encode, decode = model.require(Encodes).encode, model.require(Decodes).decode
    parts = (to_pixels(decode(encode(batch.x)), model.spec) for batch in records.batches(CHUNK))
    return [picture for part in parts for picture in part]


if __name__ == "__main__":
    main()
