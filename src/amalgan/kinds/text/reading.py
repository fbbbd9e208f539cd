"""Strings into a store: code points, 128 a string, zeros behind the last letter.

lines of .txt files, a column of a table, a built-in word ─► StringData ─► blocks of code points ─► StoreWriter
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.data.dataset.store_writer import Into
from amalgan.data.decoding.layout import Request
from amalgan.data.readers.sources import ArrayData, Pictures
from amalgan.data.readers.strings import HoldsStrings, StringData, are_texts, count_strings, of_texts
from amalgan.kinds.protocol import Kind
from amalgan.kinds.text.letters import LONGEST, points_of

BLOCK = 4096


def read_strings(
    kind: Kind, name: str, found: ArrayData | Pictures, request: Request, into: Into
) -> Iterator[None]:
    """Write a part of the strings of ``found`` ``into`` a store or a catalog; yield after every block.

    Raises:
        DataError: there are no strings in it.
    """
    data = strings_of(name, found, request)
    count, classes = count_strings(data)
    rows, cut = into.shard.rows(count), list[str]()
    number_of = {label: number for number, label in enumerate(classes)} | {"": UNLABELED}
    with closing(into.writer(kind, (LONGEST,), len(rows))) as writer:
        strings = islice(enumerate(data.strings()), rows.start, rows.stop)
        while block := list(islice(strings, BLOCK)):
            origins, part = zip(*block, strict=True)
            cut += [one.name for one in part if len(one.text) > LONGEST]
            writer.append(
                points_of([one.text for one in part]),
                labels=[number_of[one.label] for one in part],
                splits=[one.split for one in part],
                sizes=[(len(one.text), 1) for one in part],
                names=[one.name for one in part],
                origins=list(origins),
            )
            if into.progress is not None:
                into.progress(writer.count, len(rows))
            yield
        writer.finish(facts_of(data, writer.count, classes, cut))


def strings_of(name: str, found: ArrayData | Pictures, request: Request) -> StringData:
    """What strings a source holds.

    Raises:
        DataError: none.
    """
    if isinstance(found, ArrayData):
        if found.strings is None:
            raise DataError(f"{name} holds numbers; strings are read from .txt files and columns of tables.")
        return found.strings(request.extra.get("text_column"), request.label_column)
    if isinstance(found, HoldsStrings):
        return found.strings(request.extra.get("text_column"), request.label_column)
    if not are_texts(found):
        raise DataError(
            f"{name} holds other files than .txt; strings are read from .txt files, a string a line, and tables."
        )
    return of_texts(found)


def facts_of(data: StringData, count: int, classes: list[str], cut: list[str]) -> dict[str, Any]:
    """What a store says of strings."""
    remarks = []
    if cut:
        what = "1 string is" if len(cut) == 1 else f"{len(cut):,} strings are"
        remarks = [f"{what} longer than {LONGEST} letters and cut there; the first: {cut[0]}"]
    return {
        "skipped": list(data.bad()),
        "skipped_at": [0] * len(list(data.bad())),
        "modes": {"string": count},
        "classes": classes,
        "ignored": 0,
        "chosen": f"strings of up to {LONGEST} letters" + "".join(f", column {one}" for one in data.names),
        "range": [],
        "remarks": remarks,
    }
