"""The images of ``scale.py``: the same JPEG files in a folder, in tar shards and in Parquet."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, SHARDS, GROUP = 256, 8, 50


def write(folder: Path, count: int) -> int:
    """Write the images in all forms; their bytes."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    files = {f"{row % 10}/{row:06d}.jpg": jpeg(row) for row in range(count)}
    for name, data in files.items():
        (folder / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "folder" / name).write_bytes(data)
    names = [*files]
    (folder / "tar").mkdir()
    for shard in range(SHARDS):
        with tarfile.open(folder / "tar" / f"{shard:03d}.tar", "w") as archive:
            for name in names[shard * count // SHARDS : (shard + 1) * count // SHARDS]:
                entry = tarfile.TarInfo(name)
                entry.size = len(files[name])
                archive.addfile(entry, BytesIO(files[name]))
    table = arrow.table({"image": [*files.values()], "label": [name[0] for name in names]})
    parquet.write_table(table, folder / "x.parquet", row_group_size=GROUP)
    return sum(map(len, files.values()))


def jpeg(seed: int) -> bytes:
    """A smooth image with some grain: about as large a file as a photograph makes."""
    draw = np.random.default_rng(seed)
    coarse = Image.fromarray(draw.integers(0, 256, (12, 12, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.int16)
    grain = draw.integers(-12, 13, smooth.shape, dtype=np.int16)
    file = BytesIO()
    Image.fromarray((smooth + grain).clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=85)
    return file.getvalue()
