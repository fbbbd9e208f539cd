"""What a part of a sharded job says of itself, so that parts can be joined and nothing else is taken for one.

x.npz, x.parquet   in its stamp          a folder   in .part.json, with a digest of every file
                                         x.amg      in x.amg.part.json beside it, with the archive's digest
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import Any

from amalgan.core.errors import FileError, UsageError
from amalgan.core.files import write_json
from amalgan.core.json_schema import fits, fitting, fitting_in
from amalgan.core.shards import Shard

START = "amalgan part "
NAME = ".part.json"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a job."""

    command: str
    """The one that wrote it."""
    shard: str
    """Which of how many, as 3/8."""
    model: str
    """Digest of the model."""
    data: str
    """What names the whole data (``Stream.listing``); empty where there is none."""
    options: dict[str, Any] = field(default_factory=dict)
    """All else that decides the result."""
    count: int
    """Examples of this part."""
    total: str = "0"
    """The sum of their digests (``Records.digest_sum``), in hexadecimal."""
    files: dict[str, str] = field(default_factory=dict)
    """Digests of the files that it is, by path."""

    @property
    def number(self) -> Shard:
        """The part's number."""
        return Shard.parse(self.shard)

    @property
    def text(self) -> str:
        """The part as a stamp."""
        return START + json.dumps(asdict(self), ensure_ascii=True)

    def write(self, place: Path, names: Iterable[str]) -> None:
        """Write it beside the files ``names`` of the folder of ``place``."""
        files = {name: digest_at(place.parent / name) for name in names}
        write_json(place, {"amalgan": "part", **asdict(self), "files": files})


SCHEMA = {
    "command": str,
    "shard": str,
    "model": str,
    "data": str,
    "options": {str: Any},
    "count": int,
    "total": str,
    "files": {str: str},
}


def parse(text: str) -> Part | None:
    """The part that a stamp is; None for another stamp."""
    return of_json(fitting(text.removeprefix(START), SCHEMA)) if text.startswith(START) else None


def of_json(found: Any) -> Part | None:
    """The part that JSON says; None where it says none."""
    if not fits(found, SCHEMA) or found.keys() - {"amalgan"} != SCHEMA.keys():
        return None
    with suppress(ValueError, UsageError):
        int(found["total"], 16)
        Shard.parse(found["shard"])
        return Part(**{name: found[name] for name in SCHEMA})
    return None


def part_beside(place: Path) -> Path:
    """Where a folder or an archive keeps what it says of itself."""
    return place.with_name(place.name + NAME) if place.suffix else place / NAME


def read_beside(place: Path) -> Part | None:
    """The part that a folder or an archive is; None where it is none.

    Raises:
        FileError: one of its files is missing, or is not what was written.
    """
    beside = part_beside(place)
    found = of_json(fitting_in(beside, SCHEMA))
    if found is not None:
        for name, digest in found.files.items():
            if digest_at(beside.parent / name) != digest:
                raise FileError(
                    f"{beside.parent / name} is not what was written there. Compute part {found.shard} again."
                )
    return found


def digest_at(place: Path) -> str:
    """32 hexadecimal characters that stand for a file; empty where there is none."""
    try:
        with place.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()[:32]
    except OSError:
        return ""
