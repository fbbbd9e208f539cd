"""Near-copies: the same picture, saved again at another size or quality, or a little brighter.

    picture ─► means of 8 x 8 parts, of mean 0 and deviation 1: its view (64) ─► pairs that are nearly alike ─► groups
                                                                                 group ─► its lowest content hash

A picture without near-copies keeps its own hash. Views are compared by their distance, of which a fixed projection to
eight numbers shows no more than there is: a tree over these finds all pairs (Bentley 1975).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.files import sync

SIDE, FINE = 8, 64
"""Parts along a side of a view, and pixels that a picture is made into before."""
FLATTEST = 2.0
"""A picture whose parts deviate less than this (of 255) shows too little to be compared."""
ALIKE = 0.02
"""Root mean square difference of two views up to which they show one picture; others differ by 0.1 and more."""
NEAREST = 16
PROJECTED = 8
LARGEST = 0.1
"""A group of more than this share of a data set, such as the frames of one film, is left to chance."""


def view_of(image: Image.Image) -> NDArray[np.float16]:
    """How a picture in eight bits looks from afar, float16 (64,); NaN where it shows too little."""
    small = image.convert("L").resize((FINE, FINE), Image.Resampling.BOX)
    parts = np.asarray(small, np.float32).reshape(SIDE, FINE // SIDE, SIDE, FINE // SIDE).mean(axis=(1, 3))
    deviation = parts.std()
    if deviation < FLATTEST:
        return np.full(SIDE * SIDE, np.nan, np.float16)
    return np.asarray(((parts - parts.mean()) / deviation).ravel(), np.float16)


def groups(contents: NDArray[np.uint64], views: NDArray[np.float16]) -> NDArray[np.uint64]:
    """For each content hash (N, 2) that of its group, by ``views`` (N, 64): the lowest of those nearly alike."""
    _, first, place = np.unique(contents[:, 0], return_index=True, return_inverse=True)
    seen = views[first].astype(np.float32)
    telling = np.flatnonzero(np.isfinite(seen).all(axis=1))
    leader = np.arange(len(first))
    if len(telling) > 1:
        leader[telling] = telling[_leaders(seen[telling])]
    return np.asarray(contents[first[leader]][place.ravel()])


def _leaders(views: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each view the first of its group; groups that are too large are none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = _pairs(views)
    links = coo_array((np.ones(len(one), bool), (one, other)), shape=(len(views), len(views)))
    _, group = connected_components(links, directed=False)
    _, start, inverse, count = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    small = count[inverse] <= max(2, LARGEST * len(views))
    return np.where(small, start[inverse], np.arange(len(views)))


def _pairs(views: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Views that are nearly alike."""
    from scipy.spatial import cKDTree

    apart = ALIKE * views.shape[1] ** 0.5
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((views.shape[1], PROJECTED)))[0]
    shadows = views @ turn.astype(np.float32)
    tree = cKDTree(shadows)
    _, found = tree.query(shadows, k=min(NEAREST, len(views)), distance_upper_bound=apart)
    one, column = np.nonzero(found < len(views))
    other = found[one, column]
    alike = np.square(views[one] - views[other]).sum(axis=1) <= apart**2
    return one[alike], other[alike]


def write_groups(folder: Path) -> None:
    """Find near-copies by their views, which nothing else needs."""
    contents = np.load(folder / "contents.npy", allow_pickle=False)
    views = np.load(folder / "views.npy", allow_pickle=False)
    shared = groups(contents, views) if len(views) else contents
    np.save(folder / "groups.npy", shared, allow_pickle=False)
    sync(folder / "groups.npy")
    (folder / "views.npy").unlink()
