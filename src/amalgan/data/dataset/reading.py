"""From a source to a store, once.

Pictures ─► read_pictures ─► decode each file ─────────────┬─► StoreWriter ─► store
Arrays   ─► read_arrays ───► copy blocks, or fit each one ─┘
                                    └─► skipped (name, reason), modes, classes: the store's facts
"""

from __future__ import annotations

import warnings
from pathlib import Path

from amalgan.data.dataset.read_arrays import read_arrays
from amalgan.data.dataset.read_pictures import read_pictures
from amalgan.data.decoding.layout import Request
from amalgan.data.decoding.ordered import Progress
from amalgan.data.readers.sources import Arrays, Source


def read_source(source: Source, request: Request, folder: Path, progress: Progress | None = None) -> None:
    """Write the store of ``source`` into ``folder``.

    Raises:
        DataError: the source as a whole is unreadable; a bad file or row among others is only listed.
    """
    with warnings.catch_warnings():  # decoders warn of what is reported as skipped here, or was mended
        warnings.simplefilter("ignore")
        if isinstance(source, Arrays):
            read_arrays(source, request, folder, progress)
        else:
            read_pictures(source, request, folder, progress)
