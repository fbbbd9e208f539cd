"""What commands write with --shard: parts that say which they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from amalgan.cli.shared import Sharing
from amalgan.core.errors import UsageError
from amalgan.core.shards import Shard

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from amalgan.data.dataset.streaming import Stream
    from amalgan.data.writing.outputs import Output
    from amalgan.data.writing.parts import Part
    from amalgan.systems.model_file import Model


class Job(Protocol):
    """A command on data that can be shared out."""

    @property
    def data(self) -> str: ...

    @property
    def sharing(self) -> Sharing: ...


def check_rows_out(out: Path, shard: Shard) -> None:
    """Refuse an ending that rows are not written to: all go to a .csv, parts to what says of itself that it is one.

    Raises:
        UsageError: it is another.
    """
    from amalgan.data.writing.columns import check_columns_out
    from amalgan.tasks.detect.detect import check_table

    if shard.is_whole:
        check_table(out)
    else:
        check_columns_out(out, "parts of a table")


def check_all(shard: Shard, split: str) -> None:
    """Refuse a split that a part of the data does not know.

    Raises:
        UsageError: not everything is asked for.
    """
    if not shard.is_whole and split != "all":
        raise UsageError(
            "--shard takes a part of all examples, whose splits it does not know. Give --split all."
        )


def check_order(stream: Stream, sharing: Sharing) -> None:
    """Refuse an .npz of a part, whose rows stand in the order of names, where that is not the order of parts.

    Raises:
        UsageError: it is not.
    """
    if sharing.shard is not None and any(one > other for one, other in pairwise(stream.names())):
        raise UsageError(
            f"the names in {stream.name} sort otherwise than its paths, so that parts would not stand in order. "
            "Give a folder as --out."
        )


def check_part(output: Output, sharing: Sharing) -> None:
    """Refuse to write a part where it could not say which it is.

    Raises:
        UsageError: it could not.
    """
    if sharing.shard is not None and not output.streamed:
        raise UsageError(
            f"--shard writes parts to be joined; give a folder or x.npz, not --out {output.place}."
        )


def write_part(out: Path, columns: Mapping[str, NDArray[Any]], part: Part) -> bool:
    """Write rows that say which part they are; whether they were not there already."""
    from amalgan.data.writing.columns import write_columns
    from amalgan.data.writing.npz import Column

    return write_columns(out, {name: Column.of(values) for name, values in columns.items()}, part.text)


def part_of(
    job: Job, command: str, model: Model, options: dict[str, Any], count: int, *, follow_links: bool
) -> Part:
    """Which part the files are that a command has written."""
    from amalgan.data.dataset.streaming import listing_of
    from amalgan.data.readers.resolving import find_source
    from amalgan.data.writing.parts import Part

    return Part(
        command=command,
        shard=str(job.sharing.part),
        model=model.digest,
        data=listing_of(find_source(job.data, follow_links=follow_links)),
        options=options,
        count=count,
    )


def keep_part(out: Path, places: Sequence[Path], part: Part) -> None:
    """Note beside the files of a part which it is."""
    from amalgan.data.writing.parts import part_beside

    beside = part_beside(out)
    names = [place.relative_to(beside.parent).as_posix() for place in dict.fromkeys(places)]
    part.write(beside, names)
