"""The same sixty pictures in everything that holds pictures: one data set, whatever it came in."""

import csv
import functools
import http.server
import io
import json
import tarfile
import threading
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.config.data import DataConfig
from amalgan.data import open_data
from amalgan.data.held import examples, named
from amalgan.data.own import own_sized
from amalgan.errors import UsageError

COUNT = 60
SIZE = (20, 18)
NAMES = [f"{row:02d}.png" for row in range(COUNT)]
CLASSES = ["cat" if row < 35 else "dog" for row in range(COUNT)]
PIXELS = np.random.default_rng(5).integers(0, 256, (COUNT, *SIZE, 3), dtype=np.uint8)
IMAGES = [Image.fromarray(one) for one in PIXELS]
NEEDS = {"parquet": "pyarrow", "address": "fsspec", "http": "aiohttp", "pandas": "pandas", "polars": "polars"}


def encoded(row, kind="PNG"):
    file = io.BytesIO()
    IMAGES[row].save(file, kind)
    return file.getvalue()


FILES = [encoded(row) for row in range(COUNT)]


def write_files(folder):
    folder.mkdir(parents=True)
    for name, data in zip(NAMES, FILES, strict=True):
        (folder / name).write_bytes(data)
    return folder


def write_tables(folder, ending="csv"):
    """A folder of pictures with a label file, as the library ``datasets`` reads it."""
    write_files(folder)
    if ending == "csv":
        with (folder / "metadata.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("file_name", "label"), *zip(NAMES, CLASSES, strict=True)])
    else:
        rows = [json.dumps({"file_name": n, "label": c}) for n, c in zip(NAMES, CLASSES, strict=True)]
        (folder / "metadata.jsonl").write_text("\n".join(rows))
    return folder


def write_classes(folder):
    for name, data, label in zip(NAMES, FILES, CLASSES, strict=True):
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / name).write_bytes(data)
    return folder


def listing(folder, of="images/"):
    write_files(folder / "images")
    with (folder / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("file", "label"), *((of + n, c) for n, c in zip(NAMES, CLASSES, strict=True))]
        )
    return folder / "list.csv"


def text_list(folder):
    write_files(folder)
    lines = [f"{name} {label}" for name, label in zip(NAMES, CLASSES, strict=True)]
    (folder / "all.txt").write_text("\n".join(lines))
    return folder / "all.txt"


def pack_tar(path, members):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def tar_of_folders(folder):
    members = zip(CLASSES, NAMES, FILES, strict=True)
    return pack_tar(folder / "x.tar", [(f"album/{label}/{name}", data) for label, name, data in members])


def webdataset(folder, form="cls", shards=1):
    def members(rows):
        for row in rows:
            key = NAMES[row].removesuffix(".png")
            yield f"{key}.png", FILES[row]
            text = CLASSES[row] if form == "cls" else json.dumps({"label": CLASSES[row], "width": 18})
            yield f"{key}.{form}", text.encode()

    for shard, rows in enumerate(np.array_split(np.arange(COUNT), shards)):
        pack_tar(folder / f"shard-{shard:03d}.tar", members(rows.tolist()))
    return folder


def parquet(path, form="struct", rows=range(COUNT), group=13):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    files = [FILES[row] for row in rows]
    images = [{"bytes": data, "path": None} for data in files] if form == "struct" else files
    labels = [CLASSES[row] for row in rows]
    table = pa.table({"image": images, "label": labels, "width": [18] * len(labels)})
    if form == "struct":  # as push_to_hub writes classes: numbers, and their names in the schema
        features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
        table = table.set_column(1, "label", pa.array([["cat", "dog"].index(label) for label in labels]))
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path, row_group_size=group)
    return path


def parquet_shards(folder):
    for shard, rows in enumerate(np.array_split(np.arange(COUNT), 3)):
        parquet(folder / "data" / f"part-{shard:05d}-of-00003.parquet", rows=rows.tolist())
    return folder


def zipped(folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for label, name, data in zip(CLASSES, NAMES, FILES, strict=True):
            archive.writestr(f"{label}/{name}", data)
    return folder.with_suffix(".zip")


def npz(folder):
    np.savez(folder.with_suffix(".npz"), x=PIXELS, y=np.array(CLASSES))
    return folder.with_suffix(".npz")


def in_memory(folder, address):
    """The files of a folder in the memory of ``fsspec``."""
    import fsspec

    system, root = fsspec.filesystem("memory"), folder.parents[1].name
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            system.pipe_file(f"/{root}/{path.relative_to(folder)}", path.read_bytes())
    return f"memory://{root}/{address}"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A folder that a server of this machine shows, and its address."""
    folder = tmp_path_factory.mktemp("served")
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    handler = functools.partial(quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


DOORS = {
    "folder of classes": lambda at, _: write_classes(at),
    "folder with metadata.csv": lambda at, _: write_tables(at),
    "folder with metadata.jsonl": lambda at, _: write_tables(at, "jsonl"),
    "csv of file, label": lambda at, _: listing(at),
    "csv as a file:// address": lambda at, _: f"file://{listing(at)}",
    "txt of file and label": lambda at, _: text_list(at),
    "glob": lambda at, _: f"{write_classes(at)}/**/*.png",
    "glob of folders": lambda at, _: f"{write_classes(at)}/*",
    "braces": lambda at, _: f"{write_classes(at)}/{{cat,dog}}/*.png",
    "glob beside metadata.csv": lambda at, _: f"{write_tables(at)}/*.png",
    "zip": lambda at, _: zipped(at),
    "tar": lambda at, _: tar_of_folders(at),
    "WebDataset, .cls": lambda at, _: webdataset(at) / "shard-000.tar",
    "WebDataset, .json": lambda at, _: webdataset(at, "json") / "shard-000.tar",
    "WebDataset, shards by glob": lambda at, _: f"{webdataset(at, shards=4)}/shard-*.tar",
    "WebDataset, shards by braces": lambda at, _: f"{webdataset(at, shards=4)}/shard-{{000..003}}.tar",
    "WebDataset, folder of shards": lambda at, _: webdataset(at, shards=3),
    "parquet, struct": lambda at, _: parquet(at / "x.parquet"),
    "parquet, bytes": lambda at, _: parquet(at / "x.parquet", "bytes"),
    "parquet, folder of shards": lambda at, _: parquet_shards(at),
    "parquet, shards by glob": lambda at, _: f"{parquet_shards(at)}/data/*.parquet",
    "npz": lambda at, _: npz(at),
    "address memory://, folder": lambda at, _: in_memory(write_classes(at), ""),
    "address memory://, glob": lambda at, _: in_memory(write_classes(at), "*/*.png"),
    "address memory://, zip": lambda at, _: in_memory(zipped(at / "a").parent, "a.zip"),
    "address memory://, shards": lambda at, _: in_memory(webdataset(at, shards=3), "shard-{000..002}.tar"),
    "address memory://, parquet": lambda at, _: in_memory(parquet_shards(at), "data/*.parquet"),
    "address http://, zip": lambda at, web: web(at, zipped, "x.zip"),
    "address http://, folder": lambda at, web: web(at, write_classes, "x/"),
    "address http://, parquet": lambda at, web: web(at, lambda to: parquet(to / "x.parquet"), "x/x.parquet"),
    "Python: array": lambda at, _: (PIXELS, CLASSES),
    "Python: tensor": lambda at, _: (torch.from_numpy(PIXELS).permute(0, 3, 1, 2), CLASSES),
    "Python: PIL images": lambda at, _: (IMAGES, CLASSES),
    "Python: paths": lambda at, _: (sorted(write_files(at).iterdir()), CLASSES),
    "Python: pairs": lambda at, _: list(zip(IMAGES, CLASSES, strict=True)),
}


def needs(door):
    for word, package in NEEDS.items():
        if word in door:
            pytest.importorskip(package)


@pytest.fixture
def given_by(tmp_path, served):
    """What a door is given: a name, or what Python holds."""
    folder, address = served

    def web(at, write, name):
        (folder / tmp_path.name).mkdir()
        write(folder / tmp_path.name / "x")
        return f"{address}/{tmp_path.name}/{name}"

    def made(door):
        needs(door)
        (tmp_path / "in").mkdir()
        at = tmp_path / "in" / "album"
        return DOORS[door](at, web)

    return made


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    at = tmp_path_factory.mktemp("usual")
    return open_data(write_classes(at / "album"), DataConfig(cache=str(at)))


@pytest.mark.parametrize("door", DOORS)
def test_equal_pictures_are_equal_data_by_every_door(given_by, tmp_path, usual, door):
    data = given_by(door)
    found = open_data(data if isinstance(data, str) else named(data, tmp_path))
    assert found.fingerprint == usual.fingerprint
    assert found.spec == usual.spec and found.spec.classes == ("cat", "dog")
    assert found.inspection.skipped == ()
    assert found.train.labels.tolist() == usual.train.labels.tolist()


@pytest.mark.parametrize("door", DOORS)
def test_every_method_takes_what_training_takes(given_by, usual, door):
    data = given_by(door)
    x = data[0] if isinstance(data, tuple) else data
    assert torch.equal(examples(x, usual.spec), usual.records.take(slice(None)))
    assert torch.equal(examples(x, usual.spec, own_size=True), usual.records.take(slice(None)))


@pytest.mark.parametrize("door", [door for door in DOORS if not door.startswith("Python")])
def test_pictures_at_their_own_size_are_those_of_every_door(given_by, usual, door):
    found = list(own_sized(given_by(door), usual.spec).pictures)
    assert all(
        (one.pixels == pixels.transpose(2, 0, 1)).all() for one, pixels in zip(found, PIXELS, strict=True)
    )


def test_a_bad_picture_shifts_no_rows(tmp_path, usual):
    (write_files(tmp_path / "album") / "30.png").write_bytes(b"no picture")
    for own_size in (False, True):
        with pytest.raises(UsageError, match=r"1 examples of .* Mend or remove the first: 30\.png is text"):
            examples(tmp_path / "album", usual.spec, own_size=own_size)
