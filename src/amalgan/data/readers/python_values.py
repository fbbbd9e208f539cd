"""Data that a user of Python holds, in whatever it is held, as pictures or vectors with their labels.

    arrays, tensors, PIL images, paths, lists of them, (x, y) ──┐
    torch Dataset and DataLoader: items or batches ─────────────┼─► given ─► Given ─┬─► a file, read as any other data
    datasets.Dataset, a table of pandas or polars: columns ─────┘                   └─► examples, for a model

Libraries are known by what their objects have, so that none is imported or needed. Nothing here scales or fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from amalgan.core.errors import UsageError

ORIENTATION = 0x0112
Axes = Literal["NHWC", "NCHW"]
IMAGE_COLUMNS = (
    "image",
    "img",
    "picture",
    "pixel_values",
    "file",
    "file_name",
    "filename",
    "path",
    "image_path",
)
LABEL_COLUMNS = ("label", "labels", "class", "target", "y", "fine_label", "category")
TAKEN = (
    "a path, pattern or address, an array or tensor, a list of pictures, arrays or paths, (x, y), a torch Dataset or "
    "DataLoader, a datasets.Dataset, or a table of pandas or polars"
)


class Given(NamedTuple):
    """Examples and, where there are any, their labels."""

    x: NDArray[Any] | list[Any]
    """An array (N, ...), pictures channels last, or PIL images and arrays."""
    y: NDArray[Any] | None = None
    """(N,) integers or text."""


def given(data: Any, y: Any = None, *, layout: Axes | None = None) -> Given:
    """What ``data`` holds.

    Args:
        layout: of arrays of pictures; by default NCHW for tensors of torch, and NHWC for all else.

    Raises:
        UsageError: it is nothing that can be taken, or has not as many labels as examples.
    """
    if y is None and isinstance(data, tuple) and len(data) == 2 and _are_labels(data[1], data[0]):
        data, y = data
    found = _taken(data, layout)
    labels = found.y if y is None else _labels(y)
    if labels is not None and len(labels) != len(found.x):
        raise UsageError(f"found {len(found.x)} examples and {len(labels)} labels; give one label an example")
    return Given(found.x, labels)


def _taken(data: Any, layout: Axes | None) -> Given:
    if isinstance(data, Image.Image):
        return Given([data])
    if isinstance(data, np.ndarray) or _is_tensor(data):
        return Given(_array(data, layout))
    if hasattr(data, "column_names") and hasattr(data, "features"):
        return _of_hub(data, layout)
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        return _of_table(data, layout)
    if isinstance(data, (str, bytes, dict)) or not (_is_sequence(data) or isinstance(data, Iterable)):
        raise UsageError(f"found {_kind(data)}; the data is {TAKEN}")
    items = [data[row] for row in range(len(data))] if _is_sequence(data) else list(data)
    batches = hasattr(data, "batch_size") and hasattr(data, "dataset")
    return _of_batches(items, layout) if batches else _of_items(items, layout)


def _of_items(items: list[Any], layout: Axes | None) -> Given:
    """Pictures or vectors, each perhaps with its label."""
    pairs = [
        item for item in items if isinstance(item, (tuple, list)) and len(item) == 2 and _is_example(item[0])
    ]
    if items and len(pairs) == len(items):
        return Given(
            _stacked([_example(x, layout) for x, _ in pairs]), _labels([label for _, label in pairs])
        )
    return Given(_stacked([_example(item, layout) for item in items]))


def _of_batches(items: list[Any], layout: Axes | None) -> Given:
    parts = [given(tuple(item) if isinstance(item, list) else item, layout=layout) for item in items]
    x = [row for part in parts for row in part.x]
    labels = [label for part in parts if part.y is not None for label in part.y]
    return Given(_stacked(x), _labels(labels) if labels else None)


def _of_hub(data: Any, layout: Axes | None) -> Given:
    """A data set of the library ``datasets``: its columns of images and of classes."""
    image = _column(data.column_names, IMAGE_COLUMNS, data)
    label = next((name for name in LABEL_COLUMNS if name in data.column_names), None)
    names = getattr(data.features[label], "names", None) if label else None
    rows = [data[row] for row in range(len(data))]
    values = [row[label] for row in rows] if label else None
    if values is not None and names:
        values = [names[value] if 0 <= value < len(names) else "" for value in values]
    return Given(
        _stacked([_example(row[image], layout) for row in rows]), None if values is None else _labels(values)
    )


def _of_table(data: Any, layout: Axes | None) -> Given:
    """A table: a column of pictures or their files, or columns of numbers; and perhaps one of classes."""
    names = [str(name) for name in data.columns]
    label = next((name for name in names if name.lower() in LABEL_COLUMNS), None)
    labels = None if label is None else _labels(list(data[label]))
    if image := next((name for name in names if name.lower() in IMAGE_COLUMNS), None):
        return Given(_stacked([_example(value, layout) for value in list(data[image])]), labels)
    columns = [np.asarray(data[name]) for name in names if name != label]
    if not columns or any(column.dtype.kind not in "buif" for column in columns):
        raise UsageError(
            f"found a table with the columns {', '.join(names)}; a column called image or file holds pictures, or all "
            "but label are numbers"
        )
    return Given(np.stack(columns, axis=1).astype(np.float32), labels)


def _column(names: Iterable[str], wanted: tuple[str, ...], data: Any) -> str:
    found = next((name for name in wanted if name in names), None)
    if found is None:
        raise UsageError(
            f"found {_kind(data)} with the columns {', '.join(names)}; one called image holds pictures"
        )
    return found


def _example(item: Any, layout: Axes | None) -> Any:
    """One picture or vector."""
    if isinstance(item, Image.Image):
        return item
    if isinstance(item, dict) and "bytes" in item:
        item = item["bytes"] or item.get("path")
    if isinstance(item, bytes):
        from amalgan.data.decoding.full_picture import image_in

        return image_in(item)
    if isinstance(item, (str, Path)):
        return _file(Path(item))
    if isinstance(item, np.ndarray) or _is_tensor(item):
        return _array(item, layout)
    if isinstance(item, (list, tuple)) and item and all(isinstance(number, (int, float)) for number in item):
        return np.asarray(item, np.float32)
    raise UsageError(f"found {_kind(item)} among the examples; the data is {TAKEN}")


def _file(path: Path) -> Image.Image:
    from amalgan.core.errors import BadPicture
    from amalgan.data.decoding.full_picture import image_in

    try:
        return image_in(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}. Check that it is there") from error
    except BadPicture as bad:
        raise UsageError(f"{path} {bad}") from bad


def _array(data: Any, layout: Axes | None) -> NDArray[Any]:
    """A tensor or array as an array, channels last."""
    tensor = _is_tensor(data)
    found = np.asarray(data.detach().cpu().numpy() if tensor else data)
    first = layout == "NCHW" or (layout is None and tensor)
    if first and found.ndim in (3, 4) and found.shape[-3] in (1, 3, 4):
        found = np.moveaxis(found, -3, -1)
    return found


def _stacked(examples: list[Any]) -> NDArray[Any] | list[Any]:
    """One array where all examples are alike, else a list."""
    arrays = [_plain(example) for example in examples]
    kinds = {None if array is None else (array.shape, array.dtype) for array in arrays}
    return np.stack(arrays) if len(kinds) == 1 and None not in kinds else examples  # type: ignore[arg-type]


def _plain(example: Any) -> NDArray[Any] | None:
    """An array, or a PIL image that is no more than one."""
    if isinstance(example, np.ndarray):
        return example
    turned = example.getexif().get(ORIENTATION, 1) != 1
    tells = turned or {"exif", "icc_profile", "transparency"} & set(example.info)
    return None if tells or example.mode not in ("L", "RGB") else np.asarray(example)


def _labels(y: Any) -> NDArray[Any]:
    """Labels as integers or text."""
    found = _array(y, "NHWC") if isinstance(y, np.ndarray) or _is_tensor(y) else None
    if found is None:
        found = np.asarray([int(value) if _is_tensor(value) else value for value in y])
    if found.dtype.kind == "O":
        found = np.asarray(["" if value is None else str(value) for value in found.tolist()])
    if found.ndim != 1 or found.dtype.kind not in "buifUS":
        raise UsageError(
            f"found labels of shape {found.shape} ({found.dtype}); give integers or text, one an example"
        )
    return found


def _are_labels(y: Any, x: Any) -> bool:
    """Whether the second of a pair is labels for the first."""
    if isinstance(y, (Image.Image, str, bytes)) or not hasattr(y, "__len__") or not hasattr(x, "__len__"):
        return False
    return not isinstance(x, (str, Image.Image)) and len(np.shape(y)) == 1 and len(y) == len(x)


def _is_example(item: Any) -> bool:
    return isinstance(item, (Image.Image, np.ndarray, str, Path, bytes)) or (
        _is_tensor(item) and item.ndim > 0
    )


def _is_tensor(data: Any) -> bool:
    return hasattr(data, "detach") and hasattr(data, "numpy")


def _is_sequence(data: Any) -> bool:
    return hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "dataset")


def _kind(data: Any) -> str:
    """What something is, without showing it."""
    kind = type(data)
    return (
        kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.split('.')[0]}.{kind.__name__}"
    )
