"""BM3D on the noisy pictures that benchmarks/restore.py mends: it is told how strong the noise is, the restorer is not.

    PEERS/bin/python benchmarks/peers/bm3d_bsd.py bsd68.zip [--sigmas 15 25 50]

Dabov et al. 2007, by the authors' own ``bm3d`` (pip; for research, not under a free license, so a peer). The noise
is that of ``restore.py``, to the bit. Writes benchmarks/results/bm3d.json.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import bm3d
import numpy as np
from numpy.typing import NDArray
from PIL import Image

TARGET = Path(__file__).parents[1] / "results" / "bm3d.json"
Gray = NDArray[np.float32]


def main() -> None:
    """Mend every picture at every level."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--sigmas", nargs="+", type=int, default=[15, 25, 50])
    asked = parser.parse_args()
    found = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    for sigma in asked.sigmas:
        reached, started_at = [], time.process_time()
        for number, sound in enumerate(read(asked.data)):
            noise = np.random.default_rng(number).standard_normal((1, *sound.shape)).astype(np.float32)[0]
            mended = bm3d.bm3d(sound + noise * sigma, sigma_psd=sigma)
            reached.append(psnr(np.clip(np.round(mended), 0, 255), sound))
        seconds = time.process_time() - started_at
        found[str(sigma)] = {"n": len(reached), "psnr": float(np.mean(reached)), "cpu_seconds": seconds}
        TARGET.write_text(json.dumps(found, indent=2) + "\n")
        print(sigma, found[str(sigma)], flush=True)


def read(place: Path) -> Iterator[Gray]:
    """The gray pictures of an archive, 0 to 255."""
    with zipfile.ZipFile(place) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".png"):
                yield np.asarray(Image.open(BytesIO(archive.read(name))).convert("L"), np.float32)


def psnr(x: NDArray[np.floating], y: Gray) -> float:
    """Decibels between two pictures."""
    return 10 * math.log10(255**2 / float(np.square(x.astype(np.float64) - y).mean()))


if __name__ == "__main__":
    main()
