"""Data that ships inside dependencies, small and real, or is made by a rule.

digits      1,797 handwritten digits, 8x8 gray (Alpaydin & Kaynak 1998)                     scikit-learn
photos      tiles of 32x32 from seven public-domain photographs, each at full, half and quarter size;
            two of them (chelsea, coffee) are the test split, so no tile of a test picture is trained on
                                                                                            scikit-image
iris wine breast_cancer diabetes                                                  tables: scikit-learn
grid gaussians                                                                    ``mixtures``: numpy
formulas logs                                                          strings, ``grammars``: a rule
drums                                                                             sounds, ``drums``: numpy
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import DataError
from amalgan.core.types import ANY, TEST, TRAIN
from amalgan.data.readers import grammars, mixtures
from amalgan.data.readers.drums import Drums
from amalgan.data.readers.sources import ArrayData, Arrays, Block, Source, unlabeled
from amalgan.data.readers.strings import of_table

TILE = 32
FLATTEST = 4.0
"""Tiles whose values deviate less than this (of 255) are empty sky or scan border, and left out."""
PHOTOS = {
    "astronaut.png": TRAIN,
    "hubble_deep_field.jpg": TRAIN,
    "ihc.png": TRAIN,
    "retina.jpg": TRAIN,
    "rocket.jpg": TRAIN,
    "chelsea.png": TEST,
    "coffee.png": TEST,
}


def find(word: str) -> Source:
    """The source of a word of ``WORDS``."""
    package, open_word = WORDS[word]
    if isinstance(open_word, type):
        return open_word()
    return Arrays(name=word, key=f"{word} 2 {package} {_version(package)}", open=open_word)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise DataError(
            f"this data comes with {package}, which is not installed. Run: pip install amalgan[demo]"
        ) from None


def _digits() -> ArrayData:
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.rint(found.images * (255 / 16)).astype(np.uint8)
    return _one_block(pixels, found.target, tuple(str(digit) for digit in range(10)))


def _table(name: str) -> ArrayData:
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    values = np.asarray(found.data, np.float32)
    entries = tuple(str(entry) for entry in found.feature_names)
    if name == "diabetes":  # its target is a measurement, no class
        return _one_block(values, unlabeled(len(values)), (), entries)
    return _one_block(values, found.target, tuple(str(label) for label in found.target_names), entries)


def _one_block(
    values: NDArray[np.generic],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    entries: tuple[str, ...] = (),
) -> ArrayData:
    names = [f"{row:06d}" for row in range(len(values))]
    block = Block(values=values, labels=np.asarray(labels, np.int64), split=ANY, names=names)
    return ArrayData(
        count=len(values),
        shape=values.shape[1:],
        classes=classes,
        blocks=lambda: iter([block]),
        names=entries,
    )


def _strings(make: Callable[[], list[tuple[str, str]]]) -> ArrayData:
    """Strings and their classes, which ``make`` makes by a rule."""
    made = make()

    def rows() -> Iterator[tuple[str, str, str]]:
        return ((text, label, f"{row:06d}") for row, (text, label) in enumerate(made))

    return ArrayData(
        count=len(made), shape=(), classes=(), blocks=lambda: iter(()), strings=lambda *_: of_table(rows)
    )


def _photos() -> ArrayData:
    blocks = list(_tiles())
    return ArrayData(
        count=sum(len(block.values) for block in blocks),
        shape=(TILE, TILE, 3),
        classes=(),
        blocks=lambda: iter(blocks),
    )


def _tiles() -> Iterator[Block]:
    folder = _photo_folder()
    for file, split in PHOTOS.items():
        with Image.open(folder / file) as opened:
            photo = opened.convert("RGB")
        for scale in (1, 2, 4):
            tiles, names = _cut(np.asarray(photo.reduce(scale)))
            stem = f"{'test' if split == TEST else 'train'}/{Path(file).stem}-{scale}-"
            yield Block(
                values=tiles, labels=unlabeled(len(tiles)), split=split, names=[stem + name for name in names]
            )


def _cut(photo: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], list[str]]:
    """Tiles side by side, (n, 32, 32, 3), without the flat ones, and their places."""
    down, across = photo.shape[0] // TILE, photo.shape[1] // TILE
    whole = photo[: down * TILE, : across * TILE].reshape(down, TILE, across, TILE, 3).swapaxes(1, 2)
    tiles = whole.reshape(-1, TILE, TILE, 3)
    kept = tiles.std(axis=(1, 2, 3)) >= FLATTEST
    places = [f"{row:02d}-{column:02d}" for row in range(down) for column in range(across)]
    return tiles[kept], [place for place, keep in zip(places, kept, strict=True) if keep]


def photograph(name: str) -> NDArray[np.uint8]:
    """A whole photograph of ``PHOTOS``, uint8 (H, W, 3); ``chelsea.png``, a cat, is a test picture."""
    with Image.open(_photo_folder() / name) as opened:
        return np.array(opened.convert("RGB"))


def _photo_folder() -> Path:
    found = find_spec("skimage")  # its pictures are files; importing it would cost half a second
    if found is None or found.origin is None:
        raise DataError(
            "photos come with scikit-image, which is not installed. Run: pip install amalgan[demo]"
        )
    return Path(found.origin).parent / "data"


WORDS: dict[str, tuple[str, Callable[[], ArrayData] | type[Drums]]] = {
    "digits": ("scikit-learn", _digits),
    "photos": ("scikit-image", _photos),
    "iris": ("scikit-learn", lambda: _table("iris")),
    "wine": ("scikit-learn", lambda: _table("wine")),
    "breast_cancer": ("scikit-learn", lambda: _table("breast_cancer")),
    "diabetes": ("scikit-learn", lambda: _table("diabetes")),
    "grid": ("numpy", mixtures.grid),
    "gaussians": ("numpy", mixtures.gaussians),
    "formulas": ("numpy", lambda: _strings(grammars.formulas)),
    "logs": ("numpy", lambda: _strings(grammars.logs)),
    "drums": ("numpy", Drums),
}
"""Each word: the package that the data ships in or is made by, and how it is read."""
