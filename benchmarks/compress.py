"""Bytes and decibels of a model's files, beside JPEG, WebP and AVIF at several qualities, on the same pictures.

    amalgan train mnist/ --system autoencoder --code-size 32 --images 1200000 --seed 1 --out runs/mnist
    python benchmarks/compress.py runs/mnist mnist/

Test pictures, evenly over the split. A single file counts with its header; in an archive index and names are shared
out. PSNR is of the mean error of all pictures, 8 bits. Speeds are of one thread, networks included, and of the entropy
coder alone. Writes benchmarks/results/compress.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import features

from amalgan import modelfile
from amalgan.coding import container
from amalgan.data import Dataset, Records, open_data, to_pixels
from amalgan.modelfile import Model
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.tasks.compressing import compress
from amalgan.tasks.compressing.compress import Numbers
from amalgan.training import coders, loop
from formats import others, psnr

HERE = Path(__file__).parent
PICTURES = 1000
CHUNK = 250


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=Path)
    parser.add_argument("data")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    model = modelfile.load(asked.model)
    data = open_data(asked.data, like=model.spec)
    model = model if model.coder else equipped(model, data)
    records = data.test.select(data.test.spaced(PICTURES))
    pixels = np.concatenate([to_pixels(batch.x, model.spec) for batch in records.batches(CHUNK)])
    rows = [*own(model, records, pixels), *others(pixels, gray=pixels.ndim == 3)]
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


def equipped(model: Model, data: Dataset) -> Model:
    """A model of an earlier version with the coder that it would be published with today."""
    picked = loop.settling_order(data.train, model.header["training"]["seed"])[: coders.MOST_CODES]
    return replace(model, coder=coders.fit(model.system, loop.examples(data.train, picked, "cpu")))


def own(model: Model, records: Records, pixels: NDArray[np.uint8]) -> Iterator[dict[str, Any]]:
    """Every quality of the model."""
    coder = compress.coder_of(model)
    for quality in range(1, len(coder.step) + 1):
        head = compress.head_of(model, quality)
        started_at = time.process_time()
        codes = list(compress.compress(model, records, quality=quality))
        halfway = time.process_time()
        rows = [coder.unpack(code, head.level) for code in codes]
        read_at = time.process_time()
        parts = [
            compress.decoded(model, [Numbers(head.level, row) for row in rows[at : at + CHUNK]])
            for at in range(0, len(rows), CHUNK)
        ]
        stopped_at = time.process_time()
        back = np.concatenate([to_pixels(part, model.spec) for part in parts])
        archive = container.pack_archive(head, zip(records.names, codes, strict=True))
        yield {
            "format": "amalgan",
            "quality": quality,
            "usual": head.level == int(coder.usual),
            "bytes_each": float(np.mean([len(container.pack(head, code)) for code in codes])),
            "bytes_each_archive": len(archive) / len(codes),
            "psnr": psnr(pixels, back),
            "compressed_a_second": len(codes) / (halfway - started_at),
            "decompressed_a_second": len(codes) / (stopped_at - halfway),
            "symbols_read_a_second": sum(map(len, rows)) / (read_at - halfway),
        }


@torch.no_grad()
def rebuilt(model: Model, records: Records) -> NDArray[np.uint8]:
    """Decodes of codes that were not rounded."""
    encode, decode = model.require(Encodes).encode, model.require(Decodes).decode
    return np.concatenate(
        [to_pixels(decode(encode(batch.x)), model.spec) for batch in records.batches(CHUNK)]
    )


if __name__ == "__main__":
    main()
