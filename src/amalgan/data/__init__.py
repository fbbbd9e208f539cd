"""From a word or a path to batches.

    word, folder, zip, IDX, arrays ─► source ─► images (decode, fit) ─► store (decoded once, memory-mapped)
                                                                          │
          batch_at ◄─ Records (train · validation · test) ◄─ splits ◄─────┘
             └─► augment, corrupt ─► a system                 inspection: what was found, skipped, doubtful

    readers     where examples come from: folders, archives, arrays, tables, addresses, Python values; label files
    decoding    one picture, safely, to eight bits of one layout
    dataset     the store on disk, its splits, views of it (Records), batches; what was found and skipped (Inspection)
    transforms  random changes: augmentation, corruption, damage
    writing     pictures, grids, films, arrays and tables out, with what they say of their origin

Nothing here is imported before it is used, so ``inspect`` answers without waiting for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amalgan.data.dataset.batches import batch_at as batch_at
    from amalgan.data.dataset.inspection import Inspection as Inspection
    from amalgan.data.dataset.inspection import Skipped as Skipped
    from amalgan.data.dataset.opening import Dataset as Dataset
    from amalgan.data.dataset.opening import open_data as open_data
    from amalgan.data.dataset.records import Records as Records
    from amalgan.data.decoding.pixels import drawn as drawn
    from amalgan.data.decoding.pixels import from_pixels as from_pixels
    from amalgan.data.decoding.pixels import to_pixels as to_pixels
    from amalgan.data.transforms.augmentation import augment as augment
    from amalgan.data.transforms.augmentation import describe_augment as describe_augment
    from amalgan.data.transforms.augmentation import resolve_augment as resolve_augment
    from amalgan.data.transforms.corruption import add_noise as add_noise
    from amalgan.data.transforms.corruption import hide_squares as hide_squares
    from amalgan.data.writing.films import check_film as check_film
    from amalgan.data.writing.films import write_film as write_film
    from amalgan.data.writing.grids import grid as grid
    from amalgan.data.writing.grids import png_bytes as png_bytes
    from amalgan.data.writing.grids import write_output as write_output

_HOMES = {
    "transforms.augmentation": ("augment", "describe_augment", "resolve_augment"),
    "dataset.batches": ("batch_at",),
    "transforms.corruption": ("add_noise", "hide_squares"),
    "writing.films": ("check_film", "write_film"),
    "writing.grids": ("grid", "png_bytes", "write_output"),
    "dataset.inspection": ("Inspection", "Skipped"),
    "dataset.opening": ("Dataset", "open_data"),
    "decoding.pixels": ("drawn", "from_pixels", "to_pixels"),
    "dataset.records": ("Records",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
