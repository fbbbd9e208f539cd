"""What a word, a path, a pattern or an address means: the one place where a name becomes a source.

digits grid iris ... ───► builtin ─┐
images.idx3 folder ────► idx ──────┼─► Arrays    blocks of finished examples
.npz .npy ─────────────► arrays ───┤
.csv .tsv of numbers ──► tables ───┘
folder, one picture ───► folders ──┐
label file, file,label ► listings ─┤
.zip .tar .parquet ────► zips, tars, parquets ──┬─► Pictures  encoded files, by number
photos/**/*.jpg ───────► patterns ─┤            │
shards-{000..003}.tar ─► patterns ─┴─► joined ──┤
https:// s3:// ... ────► remote ─► one of these, or files read over the net
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from amalgan.core.errors import DataError
from amalgan.core.file_names import shown
from amalgan.data.readers import arrays, builtin, folders, idx, listings, parquets, remote, tables, tars, zips
from amalgan.data.readers.joined import Joined, archives_among
from amalgan.data.readers.patterns import Pattern, is_address, is_pattern, local_name
from amalgan.data.readers.sources import Arrays, Source

TAKEN = "a folder, a pattern ('photos/*.jpg'), an address, .zip, .tar, .parquet, .npz, .npy, .csv"


def find_source(data: str | Path, *, follow_links: bool = False) -> Source:
    """The source that ``data`` names; links that leave a folder are read where that is asked for.

    Raises:
        DataError: nothing is there, or it is nothing that can be read.
    """
    if isinstance(data, str) and data in builtin.WORDS:
        return builtin.find(data)
    if isinstance(data, str):
        data = local_name(data)
    if isinstance(data, str) and is_address(data) and not os.path.exists(data):
        return remote.find(data, lambda paths: together(data, paths))
    try:
        if is_pattern(str(data)) and not Path(data).exists():
            return by_pattern(str(data), follow_links=follow_links)
        return at_path(Path(data), follow_links=follow_links)
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL byte
        reason = error.strerror if isinstance(error, OSError) else error
        words = ", ".join(builtin.WORDS)
        raise DataError(f"cannot read {str(data)!r}: {reason}. Give {TAKEN} or one of {words}.") from error


def at_path(path: Path, *, follow_links: bool = False) -> Source:
    """What the file or folder holds."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return idx.find(path) or in_folder(path, follow_links=follow_links)
    if not stat.S_ISREG(mode):
        raise DataError(f"{path} is neither a file nor a folder. Give {TAKEN}.")
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(b"\x93NUMPY"):
        return arrays.find_npy(path)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return arrays.find_npz(path) if arrays.is_npz(path) else zips.Zip(path)
    if start.startswith(parquets.MAGIC):
        return parquets.Parquet(path)
    if (listed := listings.find(path, follow_links=follow_links)) is not None:
        return listed
    if path.suffix.lower() in tables.ENDINGS:
        return tables.find(path)
    return tars.Tar(path) if tars.is_tar(start) else folders.one_file(path)


def in_folder(path: Path, *, follow_links: bool = False) -> Source:
    """The pictures below a folder, or in the archives that it holds nothing but."""
    found = folders.Folder(path, follow_links=follow_links)
    return _in_containers(found, found.name) or found


def by_pattern(text: str, *, follow_links: bool = False) -> Source:
    """The files that a pattern names: pictures, or archives of them.

    Raises:
        DataError: there are none, or they are of several kinds.
    """
    pattern = Pattern.of(text)
    found = folders.Folder(Path(pattern.root or "."), follow_links=follow_links, choice=pattern)
    paths = [path for path in map(found.path, range(len(found))) if pattern.fits(path)]
    if missing := pattern.missing(paths):
        raise DataError(
            f"{shown(text)} names {shown(missing)}, which is not there. Check the names, or leave it out."
        )
    if not paths:
        raise DataError(
            f"{shown(text)} fits no file below {shown(pattern.root or '.')}. Check it; * is any name, ** any folders."
        )
    if len(paths) == 1:
        return at_path(Path(pattern.root, os.fsdecode(paths[0])), follow_links=follow_links)
    return _in_containers(found, shown(text)) or found


def _in_containers(found: folders.Folder, name: str) -> Source | None:
    """The archives of a folder as one; None where it holds other files than archives, and texts beside them."""
    paths = archives_among(map(found.path, range(len(found))))
    if not paths:
        return None
    return together(name, [found.place(path) for path in paths], follow_links=found.follow_links)


def together(name: str, paths: Sequence[Path], *, follow_links: bool = False) -> Source:
    """One file as it is, or several archives as one.

    Raises:
        DataError: one of several holds arrays.
    """
    found = [at_path(path, follow_links=follow_links) for path in paths]
    if len(found) == 1:
        return found[0]
    shards = [shard for shard in found if not isinstance(shard, Arrays)]
    if other := next((shard for shard in found if isinstance(shard, Arrays)), None):
        raise DataError(f"{other.name} holds arrays; only pictures are read together. Give it alone.")
    return Joined(name, shards)
