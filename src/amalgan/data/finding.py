"""What a word or a path means.

digits grid iris ... ───► builtin ─┐
images.idx3 folder ────► idx ──────┼─► Arrays    blocks of finished examples
.npz .npy ─────────────► arrays ───┤
.csv .tsv ─────────────► tables ───┘
folder, one picture ───► folders ──┬─► Pictures  encoded files, by number
.zip ──────────────────► zips ─────┘
"""

from __future__ import annotations

import stat
from pathlib import Path

from amalgan.data import arrays, builtin, folders, idx, tables, zips
from amalgan.data.sources import Source
from amalgan.errors import DataError


def find_source(data: str | Path, *, follow_links: bool = False) -> Source:
    """The source that ``data`` names; links that leave a folder are read where that is asked for.

    Raises:
        DataError: nothing is there, or it is nothing that can be read.
    """
    if isinstance(data, str) and data in builtin.WORDS:
        return builtin.find(data)
    try:
        return at_path(Path(data), follow_links=follow_links)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) else error
        words = ", ".join(builtin.WORDS)
        raise DataError(
            f"cannot read {str(data)!r}: {reason}. Give a folder, .zip, .npz, .npy, .csv or one of {words}."
        ) from error


def at_path(path: Path, *, follow_links: bool = False) -> Source:
    """What the file or folder holds."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return idx.find(path) or folders.Folder(path, follow_links=follow_links)
    if not stat.S_ISREG(mode):
        raise DataError(f"{path} is neither a file nor a folder. Give a folder, .zip, .npz, .npy or .csv.")
    with path.open("rb") as file:
        start = file.read(6)
    if start == b"\x93NUMPY":
        return arrays.find_npy(path)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return arrays.find_npz(path) if arrays.is_npz(path) else zips.Zip(path)
    if path.suffix.lower() in tables.ENDINGS:
        return tables.find(path)
    return folders.one_file(path)
