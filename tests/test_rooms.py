"""A kind of data is one room: nothing outside ``kinds`` asks which kind it has, or counts axes to find out."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from amalgan.kinds.registry import built_in
from house import House, wing_of

SOURCE = Path(__file__).parents[1] / "src" / "amalgan"
BUILT_IN = set(built_in())
SHAPES = {
    "api/loaded.py": "a tensor of one example or many, as a user of Python gives it",
    "data/decoding/images.py": "a picture that was decoded, with channels or without",
    "data/dataset/in_memory.py": "one picture or many, as a user of Python gives them",
    "data/dataset/native_size.py": "arrays of pictures or of rows, in a file",
    "data/dataset/store.py": "stores of an earlier version, which do not say their kind",
    "data/dataset/survey.py": "arrays of pictures or of rows, in a file",
    "data/dataset/read_arrays.py": "pictures in a file with channels or without",
    "data/readers/arrays.py": "what a file of arrays holds",
    "data/readers/python_values.py": "what a user of Python gives",
    "data/decoding/full_picture.py": "one picture, as a user of Python gives it",
    "data/writing/grids.py": "rows of a table or pictures, as a user of Python writes them",
    "data/writing/picture_arrays.py": "pictures in gray or in color: the one place that tells them apart",
    "data/writing/columns.py": "a column of a table: one number or several in a row",
    "objectives/reconstruction.py": "SSIM has a window that moves over two axes",
    "sklearn/resampler.py": "what scikit-learn gives",
}
"""Files that look at the axes of an array, and whose array it is."""
LONGEST = 300
"""Lines of a file."""
OTHERS = {
    "training/defaults.py": "of a prior",
    "cli/info.py": "of a file: a model, a training state ...",
    "data/readers/tars.py": "of an entry in an archive",
    "networks/priors/__init__.py": "of a prior",
    "networks/priors/perturbation.py": "of a perturbation",
    "sklearn/resampler.py": "of a target, or of a policy",
    "studio/commands.py": "of a field of a form",
    "tasks/augment/additions.py": "of a policy",
}
"""Files in which something else has a kind, and what."""


def comparisons(code: str) -> Iterator[tuple[int, str]]:
    """Line and subject of what asks for a kind of data, or counts axes."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Compare) and not any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            sides = [node.subject]
        else:
            continue
        if any(map(is_kind, sides)) or (any(map(is_called_kind, sides)) and any(map(names_kind, sides))):
            yield node.lineno, "kind"
        if any(map(counts_axes, sides)):
            yield node.lineno, "axes"


def is_kind(node: ast.expr) -> bool:
    """``x.kind`` and ``x["kind"]``, but for ``dtype.kind``, which is NumPy's."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value == "kind"
    return isinstance(node, ast.Attribute) and node.attr == "kind" and last_name(node.value) != "dtype"


def is_called_kind(node: ast.expr) -> bool:
    """A variable ``kind``, which may also be one of something else."""
    return isinstance(node, ast.Name) and node.id == "kind"


def names_kind(node: ast.expr) -> bool:
    """The name of a built-in kind, or several."""
    nodes = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return any(isinstance(one, ast.Constant) and one.value in BUILT_IN for one in nodes)


def counts_axes(node: ast.expr) -> bool:
    """``x.ndim``, ``x.dim()``, ``np.ndim(x)`` and ``len(x.shape)``."""
    if isinstance(node, ast.Attribute):
        return node.attr == "ndim"
    if not isinstance(node, ast.Call):
        return False
    called = last_name(node.func)
    return called in ("dim", "ndim") or (called == "len" and last_name(node.args[0]) == "shape")


def last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c``, and of ``c``; nothing of other expressions."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def files() -> list[str]:
    """Every file outside the room."""
    found = (file.relative_to(SOURCE).as_posix() for file in sorted(SOURCE.rglob("*.py")))
    return [name for name in found if not name.startswith("kinds/")]


def test_nothing_asks_which_kind_it_has() -> None:
    found = [
        f"{name}:{line}: {what}"
        for name in files()
        for line, what in comparisons((SOURCE / name).read_text(encoding="utf-8"))
        if name not in (OTHERS if what == "kind" else SHAPES)
    ]
    assert not found, "ask the kind for a function, or whether it refuses something: " + "; ".join(found)


@pytest.mark.parametrize(("listed", "what"), [(SHAPES, "axes"), (OTHERS, "kind")])
def test_no_file_is_excused_that_needs_no_excuse(listed: dict[str, str], what: str) -> None:
    needed = {
        name for name in files() for _, found in comparisons((SOURCE / name).read_text()) if found == what
    }
    assert set(listed) <= needed, sorted(set(listed) - needed)


@pytest.mark.parametrize(
    "code",
    [
        'spec.kind == "image"',
        'if model.spec.kind != "vector": pass',
        'spec.kind in ("image", "vector")',
        'info["spec"]["kind"] == "image"',
        'kind == "image"',
        "x.ndim == 4",
        "3 <= x.ndim",
        "len(spec.shape) == 3",
        "x.dim() != 2",
        "match spec.kind:\n    case 'image': pass",
    ],
)
def test_what_asks_is_found(code: str) -> None:
    assert list(comparisons(code))


@pytest.mark.parametrize("code", ['x.dtype.kind == "f"', "kind_of(spec).refuses('heat')", "len(x) == 3"])
def test_what_does_not_ask_is_let_be(code: str) -> None:
    assert not list(comparisons(code))


def test_no_file_is_longer_than_a_reader_takes_in() -> None:
    lengths = {name: len((SOURCE / name).read_text(encoding="utf-8").splitlines()) for name in files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_room_imports_one_that_imports_it() -> None:
    assert House.at(None).circles() == []


def test_a_circle_would_be_found() -> None:
    sources = {"amalgan.core.a": "import amalgan.data.b", "amalgan.data.b": "from amalgan.core import a"}
    house = House({name: ast.parse(text) for name, text in sources.items()}, dict.fromkeys(sources, 1))
    assert house.circles() == [["core", "data"]]


def test_the_tour_draws_the_floors_that_are_checked() -> None:
    root = SOURCE.parents[1]
    layers = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0][
        "layers"
    ]
    checked = [
        {wing_of(name.strip().removeprefix("amalgan.")) for name in re.split("[|:]", layer)}
        for layer in layers
    ]
    drawing = (root / "docs" / "tour.md").read_text().split("```")[1]
    floors = re.split(r"^ *\d+  ", drawing, flags=re.M)[1:]
    assert len(floors) == len(checked) == 12
    for wings, text in zip(checked, floors, strict=True):
        for wing in wings:
            assert re.search(rf"\b{wing.split()[0]}\b", text), f"{wing} stands on its floor: {text}"
