"""Whose a file is: what amalgan writes says so in its content, and everything else is the user's.

    safetensors   "amalgan" in its metadata          PNG, WebP, JPEG, AVIF   "Software: amalgan", or our XMP
    .npz          the stamp, the archive's comment   .onnx, .parquet         producer; a key of the schema
    JSON          the key "amalgan"                  .jsonl, .csv            keys and columns that only amalgan writes
    HTML          "Made by amalgan"                  empty                   nobody's: nothing is lost

Names prove nothing. A file that cannot be read, or whose mark is damaged, is not ours. The one leniency is for files of
comparisons that older versions wrote without a mark: they are ours where the plan beside them is.
"""

from __future__ import annotations

import csv
import json
import mmap
import os
import re
import stat
import zipfile
from pathlib import Path
from typing import Any

MOST_HEADER_BYTES = 4 * 2**20
MOST_JSON_BYTES = 2**28
MARK = b"amalgan"
SPACE = b"urn:amalgan:provenance"
SOFTWARE = re.compile(rb"(?:iTXt|tEXt)Software\0{1,5}amalgan")
"""A PNG's text chunk."""
PRODUCER = b"\x12\x07amalgan"
"""Field 2 of an ONNX file."""
STAMP = re.compile(rb"[0-9a-f]{16}|amalgan.*", re.DOTALL)
PAGE = (b"Made by amalgan", b'<meta name="generator" content="amalgan">')
LINES = ({"round", "images", "seconds"}, {"name", "key", "files"})
"""Keys of a line in the log of a training run, and in that of restoring."""
TABLES = re.compile(
    r"name,label,predicted,probability(,.*)?|name,made,p\(.*|name,label,alarm,p\(.*"
    r"|recording,start,stop,unit,p,windows|group,name,label,distance,equal|file,row,label,policy,seed,sources|system,source,seeds,failed(,.*)?"
)
"""First lines of tables that say what they are; one of plain numbers does not."""
BESIDE_PLAN = {
    "spent.json",
    "cell.json",
    "try.json",
    "tuning.json",
    "reference.json",
    "report.json",
    "shown.npz",
}
DEEPEST = 4


def is_ours(path: Path) -> bool:
    """Whether the content of the file at ``path`` proves that amalgan wrote it; never true of a link or a folder."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            return False
        return found.st_size == 0 or has_mark(path, found.st_size) or is_beside_plan(path)
    except OSError:
        return False


def has_mark(path: Path, size: int) -> bool:
    """Whether a file that is not empty holds the mark of its kind."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = bytes(data[:64])
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return is_stamped(path)
        if start.startswith(b"PAR1"):
            return data.rfind(MARK, max(0, size - MOST_HEADER_BYTES)) >= 0
        if start.startswith((b"\x89PNG", b"RIFF", b"\xff\xd8\xff")) or start[4:8] == b"ftyp":
            return data.find(SPACE) >= 0 or SOFTWARE.search(data) is not None
        if start[8:9] == b"{":
            return is_tensorfile(data)
        if start.lstrip()[:1] in (b"{", b"["):
            return is_own_json(data)
        if start.lstrip()[:15].lower() == b"<!doctype html>":
            return any(data.find(page) >= 0 for page in PAGE)
        return PRODUCER in start or is_own_table(bytes(data[:65536]))


def is_stamped(path: Path) -> bool:
    """Whether a zip file has a comment of ours."""
    try:
        with zipfile.ZipFile(path) as archive:
            return STAMP.fullmatch(archive.comment) is not None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def is_tensorfile(data: mmap.mmap) -> bool:
    """Whether safetensors metadata is ours; what follows the header may be damaged."""
    length = int.from_bytes(data[:8], "little")
    if length > MOST_HEADER_BYTES:
        return False
    found = parse_json(data[8 : 8 + length])
    metadata = found.get("__metadata__") if isinstance(found, dict) else None
    return isinstance(metadata, dict) and {"amalgan", "digest"} <= metadata.keys()


def is_own_json(data: mmap.mmap) -> bool:
    """Whether JSON, or the first line of several, is ours."""
    first = data[: data.find(b"\n") + 1 or len(data)]
    line = parse_json(first)
    if isinstance(line, dict) and any(keys <= line.keys() for keys in LINES):
        return True
    whole = parse_json(data[:]) if len(data) <= MOST_JSON_BYTES else None
    return isinstance(whole, dict) and "amalgan" in whole


def is_own_table(start: bytes) -> bool:
    """Whether the first line names columns that only amalgan writes."""
    first = start.partition(b"\n")[0].decode(errors="replace").strip("\r\ufeff")
    try:
        columns = next(csv.reader([first]), [])
    except csv.Error:
        return False
    return TABLES.fullmatch(",".join(columns)) is not None


def is_beside_plan(path: Path) -> bool:
    """Whether it is a file of a comparison whose plan lies in a folder above it."""
    if path.name not in BESIDE_PLAN:
        return False
    plans = (folder / "plan.json" for folder in [*path.absolute().parents][:DEEPEST])
    return any("amalgan" in json_at(plan) for plan in plans)


def json_at(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = parse_json(path.read_bytes())
    except OSError:
        return {}
    return found if isinstance(found, dict) else {}


def parse_json(data: bytes) -> Any:
    """What JSON says; None where it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
