"""What people hold in Python is the same data as the same pictures in files, by every door."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import amalgan as ag
from amalgan.core.errors import AmalganError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import open_data
from amalgan.data.dataset.in_memory import examples, named

COUNT = 24
GRAY = np.random.default_rng(0).integers(0, 256, (COUNT, 12, 10), dtype=np.uint8)
COLOR = np.random.default_rng(1).integers(0, 256, (COUNT, 12, 10, 3), dtype=np.uint8)
Y = np.arange(COUNT) % 3


class Items(torch.utils.data.Dataset):
    """Pairs, as torchvision's data sets give them after ToTensor."""

    def __init__(self, x, y=None):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return self.x[row] if self.y is None else (self.x[row], int(self.y[row]))


def tensors(x):
    """NCHW floats in [0, 1], as ToTensor makes them."""
    found = torch.from_numpy(x).float() / 255
    return found[:, None] if found.ndim == 3 else found.permute(0, 3, 1, 2)


class Hub:
    """What a data set of the library ``datasets`` has."""

    class Names:
        names = ("a", "b", "c")

    features = {"image": None, "label": Names()}  # noqa: RUF012
    column_names = ("image", "label")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return {"image": Image.fromarray(self.x[row]), "label": int(self.y[row])}


FORMS = {
    "array": lambda x: x,
    "floats": lambda x: x / 255,
    "float32": lambda x: (x / 255).astype(np.float32),
    "tensor": tensors,
    "bytes tensor": lambda x: (tensors(x) * 255).round().byte(),
    "PIL images": lambda x: [Image.fromarray(one) for one in x],
    "arrays": list,
    "tuple of arrays": tuple,
    "tensors": lambda x: list(tensors(x)),
    "generator": lambda x: (Image.fromarray(one) for one in x),
    "Dataset": lambda x: Items(tensors(x)),
    "DataLoader": lambda x: torch.utils.data.DataLoader(Items(tensors(x)), batch_size=7),
}


@pytest.mark.parametrize("x", [GRAY, COLOR], ids=["gray", "color"])
@pytest.mark.parametrize("form", FORMS)
def test_equal_pixels_are_equal_data_and_equal_examples(tmp_path, form, x):
    np.save(tmp_path / "x.npy", x)
    stored = open_data(tmp_path / "x.npy")
    found = open_data(named(FORMS[form](x), tmp_path))
    assert found.fingerprint == stored.fingerprint and found.spec == stored.spec
    assert torch.equal(examples(FORMS[form](x), stored.spec), stored.records.take(slice(None)))


LABELED = {
    "(x, y)": lambda x, y: ((x, y), None),
    "y": lambda x, y: (x, y),
    "list and list": lambda x, y: (list(x), y.tolist()),
    "tensors": lambda x, y: (tensors(x), torch.from_numpy(y)),
    "pairs": lambda x, y: ([(Image.fromarray(a), int(b)) for a, b in zip(x, y, strict=True)], None),
    "Dataset": lambda x, y: (Items(tensors(x), y), None),
    "DataLoader": lambda x, y: (torch.utils.data.DataLoader(Items(tensors(x), y), batch_size=7), None),
}


@pytest.mark.parametrize("form", LABELED)
def test_labels_come_with_the_examples(tmp_path, form):
    np.savez(tmp_path / "x.npz", x=COLOR, y=Y)
    stored = open_data(tmp_path / "x.npz")
    data, y = LABELED[form](COLOR, Y)
    found = open_data(named(data, tmp_path, y))
    assert found.fingerprint == stored.fingerprint
    assert found.spec.classes == ("0", "1", "2")


def test_names_of_classes_come_from_a_hubs_features(tmp_path):
    found = open_data(named(Hub(COLOR, Y), tmp_path))
    assert found.inspection.classes == {"a": 8, "b": 8, "c": 8}
    assert found.records.labels.tolist() == Y.tolist()


def test_pictures_of_several_sizes_and_their_files(tmp_path, noise):
    sizes = [(10 + n, 8 + n % 3) for n in range(COUNT)]
    arrays = [noise(*size, 3, seed=n) for n, size in enumerate(sizes)]
    paths = [tmp_path / "files" / f"{n:02d}.png" for n in range(COUNT)]
    paths[0].parent.mkdir()
    for path, array in zip(paths, arrays, strict=True):
        Image.fromarray(array).save(path)
    stored = open_data(tmp_path / "files")
    for number, data in enumerate(
        (arrays, [Image.fromarray(array) for array in arrays], paths, list(map(str, paths)))
    ):
        found = open_data(named(data, tmp_path / str(number)))
        assert found.fingerprint == stored.fingerprint
        assert torch.equal(examples(data, stored.spec), stored.records.take(slice(None)))
    labeled = open_data(named(arrays, tmp_path / "labeled", ["ab"[n % 2] for n in range(COUNT)]))
    assert labeled.inspection.classes == {"a": 12, "b": 12}


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_tables_of_files_and_of_numbers(tmp_path, library):
    frames = pytest.importorskip(library)
    for n in range(COUNT):
        Image.fromarray(GRAY[n]).save(tmp_path / f"{n:02d}.png")
    files = [str(tmp_path / f"{n:02d}.png") for n in range(COUNT)]
    found = open_data(named(frames.DataFrame({"file": files, "label": list(Y)}), tmp_path / "one"))
    assert found.spec.shape == (1, 12, 10) and found.inspection.classes == {"0": 8, "1": 8, "2": 8}
    numbers = np.random.default_rng(0).normal(size=(COUNT, 2)).astype(np.float32)
    table = frames.DataFrame({"a": numbers[:, 0], "b": numbers[:, 1], "label": ["x", "y"] * 12})
    (tmp_path / "two").mkdir()
    found = open_data(named(table, tmp_path / "two"))
    assert np.array_equal(found.records.pixels(slice(None)), numbers) and found.spec.classes == ("x", "y")


SPEC = DataSpec(kind="image", shape=(1, 12, 10))
NOTHING = {
    "int": 5,
    "dict": {"x": GRAY},
    "object": object(),
    "None": None,
    "list of objects": [object()] * 2000,
    "list of dicts": [{}] * 2000,
    "bytes": b"x" * 5000,
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_data_is_refused_by_its_type_and_never_shown(tmp_path, name):
    kind = name.rpartition(" ")[2].rstrip("s") if name.startswith("list") else type(NOTHING[name]).__name__
    doors = [lambda: named(NOTHING[name], tmp_path)]
    if name != "bytes":  # one picture's file, at this door
        doors.append(lambda: examples(NOTHING[name], SPEC))
    for door in doors:
        with pytest.raises(UsageError) as caught:
            door()
        text = str(caught.value)
        assert f"found {kind}" in text and "PIL" not in text and "0x" not in text and len(text) < 300


def test_labels_must_fit(tmp_path):
    with pytest.raises(UsageError, match="24 examples and 23 labels"):
        named(COLOR, tmp_path, Y[:-1])
    with pytest.raises(UsageError, match="y is given for data that is a path"):
        named(str(tmp_path), tmp_path, Y)


def test_train_takes_all_of_it_and_so_does_every_method(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures = [Image.fromarray(one) for one in GRAY]
    model = ag.train("autoencoder", pictures, Y, images=64, batch=32, device="cpu", quiet=True)
    assert model.spec.classes == ("0", "1", "2")
    assert list(Path().iterdir()) == []
    codes = model.encode(GRAY)
    for form in FORMS.values():
        assert np.array_equal(model.encode(form(GRAY)), codes)
    assert model.reconstruct(tensors(GRAY)).shape == GRAY.shape
    assert json.dumps(model.info)
    with pytest.raises(AmalganError) as caught:
        ag.train("autoencoder", [object()] * 2000, images=64, quiet=True)
    assert len(str(caught.value)) < 300
