"""The pictures of docs/folders.md, from what the grids folders-NAME-MINUTES have kept of their first seed.

    python benchmarks/folder_pictures.py [--system fusion]

docs/folders-NAME-MINUTES.png: eight test pictures, their faithful and their realistic reconstructions, and 24 new ones.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from amalgan.core.files import write_changed
from amalgan.data import png_bytes
from amalgan.data.writing.grids import grid

GRIDS = Path(__file__).parent / "results" / "grids"
DOCS = Path(__file__).parents[1] / "docs"
COLUMNS, NEW_ROWS = 8, 3


def main() -> None:
    """Draw a sheet a folder and budget."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--system", default="fusion")
    asked = parser.parse_args()
    for place in sorted(GRIDS.glob(f"folders-*/runs/{asked.system}-0/shown.npz")):
        target = DOCS / f"{place.parts[-4]}.png"
        write_changed(target, png_bytes(sheet(place)))
        print(target.name)


def sheet(place: Path) -> np.ndarray:
    """Return the pictures that a cell shows, row by row."""
    with np.load(place) as shown:
        rows = [shown[name][:COLUMNS] for name in ("real", "faithful", "realistic") if name in shown.files]
        rows.append(shown["samples"][: NEW_ROWS * COLUMNS])
    return grid(np.concatenate(rows), columns=COLUMNS, scale=1)


if __name__ == "__main__":
    main()
