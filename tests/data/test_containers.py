"""ZIP archives, IDX folders, arrays: what they hold comes back, what is wrong with them is said."""

import gzip
import struct
import zipfile

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError
from amalgan.core.types import UNLABELED
from amalgan.data import open_data


def pack(path, files, method=zipfile.ZIP_DEFLATED, **options):
    with zipfile.ZipFile(path, "w", method, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def files(encode, noise):
    return {f"{'ab'[row % 2]}/{row:02d}.png": encode(noise(8, 8, seed=row)) for row in range(20)}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_is_its_folder(tmp_path, files, method):
    folder = tmp_path / "folder"
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    backwards = dict(reversed(files.items()))
    packed, plain = open_data(pack(tmp_path / "x.zip", backwards, method)), open_data(folder)
    assert packed.fingerprint == plain.fingerprint
    assert packed.records.names == plain.records.names
    assert packed.spec == plain.spec


def test_nothing_is_unpacked(tmp_path, files):
    pack(tmp_path / "x.zip", files)
    open_data(tmp_path / "x.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_a_folder_around_everything_is_no_class_and_junk_no_picture(tmp_path, files):
    wrapped = {f"album/{name}": data for name, data in files.items()}
    wrapped |= {"__MACOSX/album/a/._00.png": b"junk", "album/.DS_Store": b"junk", "album/empty/": b""}
    dataset = open_data(pack(tmp_path / "x.zip", wrapped))
    assert dataset.spec.classes == ("a", "b")
    assert dataset.inspection.ignored == 2
    assert dataset.inspection.skipped == ()


def test_dots_and_backslashes_in_paths(tmp_path, files):
    pack(tmp_path / "x.zip", {f"./{name}": data for name, data in files.items()})
    dataset = open_data(tmp_path / "x.zip")
    assert dataset.records.names == sorted(files)
    data = (tmp_path / "x.zip").read_bytes()
    for name in files:  # as some Windows archivers write them
        data = data.replace(f"./{name}".encode(), f".\\{name}".replace("/", "\\").encode())
    (tmp_path / "y.zip").write_bytes(data)
    assert open_data(tmp_path / "y.zip").records.names == sorted(files)


def test_a_large_archive_in_zip64_is_read(tmp_path, files):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, data in files.items():
            with archive.open(name, "w", force_zip64=True) as entry:
                entry.write(data)
        for row in range(65_536):  # more entries than 16 bits can count
            archive.writestr(f"a/.{row}", b"")
    dataset = open_data(tmp_path / "x.zip")
    assert (dataset.inspection.read, dataset.inspection.ignored) == (20, 65_536)


def test_a_zip_behind_a_program_is_read(tmp_path, files):
    inner = pack(tmp_path / "x.zip", files).read_bytes()
    (tmp_path / "y.zip").write_bytes(b"PK\x03\x04" + b"program" * 100 + inner)
    assert open_data(tmp_path / "y.zip").inspection.read == 20


def spoil(archive, name, offset, value):
    """Overwrite a field of an entry in the central directory."""
    data = bytearray(archive.read_bytes())
    place = data.rfind(name.encode()) - 46 + offset
    data[place : place + len(value)] = value
    archive.write_bytes(data)


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        (8, b"\x01\x00", "encrypted"),
        (10, b"\x0e\x00", "method 14"),
        (16, b"\0\0\0\0", "checksum"),
        (24, b"\x01\0\0\0", "checksum"),
        (24, struct.pack("<I", 1 << 31), "MiB"),
        (42, struct.pack("<I", 5), "not where"),
    ],
)
def test_a_spoiled_entry_is_bad_alone(tmp_path, files, offset, value, reason):
    spoil(pack(tmp_path / "x.zip", files), "a/02.png", offset, value)
    skipped = open_data(tmp_path / "x.zip").inspection.skipped
    assert [item.name for item in skipped] == ["a/02.png"]
    assert reason in skipped[0].reason


def test_a_bomb_inflates_to_what_it_declares_and_no_further(tmp_path, files):
    pack(tmp_path / "x.zip", files | {"a/bomb.png": b"\0" * 50_000_000})
    spoil(tmp_path / "x.zip", "a/bomb.png", 24, struct.pack("<I", 1000))
    skipped = open_data(tmp_path / "x.zip").inspection.skipped
    assert [item.name for item in skipped] == ["a/bomb.png"]


def test_overlapping_entries_are_refused(tmp_path, files):
    archive = pack(tmp_path / "x.zip", files)
    size = archive.stat().st_size
    for name in files:
        spoil(archive, name, 20, struct.pack("<I", size // 2))
    with pytest.raises(DataError, match="overlap"):
        open_data(archive)


def test_a_path_out_of_the_archive_is_bad(tmp_path, files):
    good = next(iter(files.values()))
    pack(tmp_path / "x.zip", files | {"../../x.png": good, "/etc/x.png": good})
    assert {item.name for item in open_data(tmp_path / "x.zip").inspection.skipped} == {
        "../../x.png",
        "/etc/x.png",
    }


def test_a_cut_archive_says_so(tmp_path, files):
    data = pack(tmp_path / "x.zip", files).read_bytes()
    (tmp_path / "x.zip").write_bytes(data[:-100])
    with pytest.raises(DataError, match="cut off"):
        open_data(tmp_path / "x.zip")


def write_idx(path, values):
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    data = header + values.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_idx(tmp_path, noise, suffix):
    pixels, labels = noise(60, 12, 10), np.arange(60, dtype=np.uint8) % 7 + 2
    for name, rows in (("train", slice(0, 45)), ("t10k", slice(45, 60))):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte{suffix}", pixels[rows])
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte{suffix}", labels[rows])
    dataset = open_data(tmp_path)
    assert dataset.spec.shape == (1, 12, 10)
    assert dataset.spec.classes == tuple("2345678")
    assert dataset.own_splits and len(dataset.test) == 15
    assert np.array_equal(dataset.records.pixels(slice(None))[:, 0], pixels)
    assert np.array_equal(dataset.records.labels, labels - 2)


def test_idx_that_lies_is_refused(tmp_path, noise):
    write_idx(tmp_path / "train-images-idx3-ubyte", noise(20, 8, 8))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.zeros(19, np.uint8))
    with pytest.raises(DataError, match="19 labels"):
        open_data(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="ends early"):
        open_data(tmp_path)
    path.write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 2**31, 30000, 30000))
    with pytest.raises(DataError, match="30000"):
        open_data(tmp_path)
    path.write_bytes(b"\0\0\x0d\x03" + b"\0" * 100)
    with pytest.raises(DataError, match="00000d03"):
        open_data(tmp_path)


def saved(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize("key", ["x", "images", "arr_0", "anything"])
@pytest.mark.parametrize("label_key", ["y", "label", "labels"])
def test_npz_names(tmp_path, noise, key, label_key):
    arrays = {key: noise(20, 9, 9)} | ({} if key == "anything" else {label_key: np.arange(20) % 3 - 1})
    dataset = open_data(saved(tmp_path / "x.npz", **arrays))
    assert np.array_equal(dataset.records.pixels(slice(None))[:, 0], arrays[key])
    if key != "anything":
        assert dataset.spec.classes == ("0", "1")
        assert np.array_equal(
            dataset.records.labels, np.where(arrays[label_key] < 0, UNLABELED, arrays[label_key])
        )


def test_npz_splits_and_text_labels(tmp_path, noise):
    y = np.array(["tree", "sea"] * 16)
    path = saved(tmp_path / "x.npz", x_train=noise(32, 8, 8, 3), y_train=y, x_test=noise(4, 8, 8, 3, seed=1))
    dataset = open_data(path)
    assert dataset.own_splits and len(dataset.test) == 4 and set(dataset.test.labels) == {UNLABELED}
    assert dataset.spec.classes == ("sea", "tree")
    assert [dataset.spec.classes[label] for label in dataset.records.labels[:32]] == y.tolist()
    assert np.array_equal(dataset.test.pixels(slice(None)).transpose(0, 2, 3, 1), noise(4, 8, 8, 3, seed=1))


@pytest.mark.parametrize(
    ("make", "back"),
    [
        (lambda v: v, lambda v: v),
        (lambda v: v / 255, lambda v: v),
        (lambda v: (v / 255).astype(np.float16), lambda v: v),
        (lambda v: v.astype(np.int64), lambda v: v),
        (lambda v: v.astype(np.uint16) * 257, lambda v: v),
        (lambda v: v > 127, lambda v: (v > 127) * 255),
        (lambda v: v.astype(">i4"), lambda v: v),
        (np.asfortranarray, lambda v: v),
        (lambda v: v[..., None], lambda v: v),
    ],
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_picture_arrays_of_every_type(tmp_path, noise, make, back, suffix):
    values = noise(20, 9, 8)
    path = tmp_path / f"x{suffix}"
    np.save(path, make(values)) if suffix == ".npy" else np.savez(path, x=make(values))
    assert np.array_equal(open_data(path).records.pixels(slice(None))[:, 0], back(values))


def test_transparent_arrays_are_laid_on_the_background(tmp_path):
    values = np.zeros((16, 8, 8, 4), np.uint8)
    np.save(tmp_path / "x.npy", values)
    records = open_data(tmp_path / "x.npy", DataConfig(background="#ff0000")).records
    assert records.pixels([0])[0, :, 0, 0].tolist() == [255, 0, 0]


def test_vectors_are_standardized_by_their_training_part(tmp_path):
    values = np.random.default_rng(0).normal([5, -300, 7], [2, 40, 0], (200, 3)).astype(np.float32)
    np.save(tmp_path / "x.npy", values)
    dataset = open_data(tmp_path / "x.npy")
    assert dataset.spec.kind == "vector" and dataset.spec.shape == (3,)
    train = dataset.train.take(slice(None)).numpy()
    assert np.allclose(train.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(train.std(axis=0), [1, 1, 0], atol=1e-5)
    assert np.allclose(dataset.spec.center, dataset.train.pixels(slice(None)).mean(axis=0, dtype=np.float64))
    assert np.array_equal(dataset.records.pixels(slice(None)), values)


def test_rows_that_are_not_finite_are_named(tmp_path):
    values = np.random.default_rng(0).normal(size=(30, 4))
    values[7, 2], values[11, 0], values[13] = np.nan, np.inf, 1e300
    np.save(tmp_path / "x.npy", values)
    dataset = open_data(tmp_path / "x.npy")
    assert [item.name for item in dataset.inspection.skipped] == ["000007", "000011", "000013"]
    assert np.allclose(dataset.records.pixels(slice(None)), np.delete(values, [7, 11, 13], axis=0), rtol=1e-6)
    assert dataset.records.name(7) == "000008"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((20, 3, 8, 8), np.uint8)}, "channels last"),
        ({"x": np.zeros(20)}, "has shape"),
        ({"x": np.full((20, 8, 8), -0.5)}, "within 0 to 1"),
        ({"x": np.full((20, 8, 8), 300)}, "within 0 to 255"),
        ({"x": np.array([{}] * 20)}, "unpickled"),
        ({"x": np.zeros((20, 8), complex)}, "numbers"),
        ({"x": np.zeros((20, 8)), "y": np.zeros(19)}, "expected 20 labels"),
        ({"x": np.zeros((20, 8)), "y": np.full(20, 0.5)}, "fractions"),
        ({"a": np.zeros((20, 8)), "b": np.zeros(20)}, "must be named"),
        ({"x_train": np.zeros((20, 8)), "x_test": np.zeros((20, 9))}, "one shape"),
        ({"x": np.zeros((20, 0))}, "has shape"),
    ],
)
def test_arrays_that_cannot_be_examples_say_what_could(tmp_path, arrays, words):
    with pytest.raises(DataError, match=words):
        open_data(saved(tmp_path / "x.npz", **arrays))


@pytest.mark.parametrize("promise", ["(99, 8)", "(50, 9**9)", "(50, 99999999999999999999)"])
def test_an_array_that_promises_more_than_it_has(tmp_path, promise):
    np.save(tmp_path / "x.npy", np.zeros((50, 8)))
    data = (tmp_path / "x.npy").read_bytes()
    start = data.index(b"(50, 8)")
    (tmp_path / "x.npy").write_bytes(data[:start] + f"{promise}, }}".encode().ljust(40) + data[start + 40 :])
    with pytest.raises(DataError, match=r"ends early|no readable array"):
        open_data(tmp_path / "x.npy")
