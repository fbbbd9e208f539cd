"""The same sixty pictures in everything that holds pictures, for tests and for the table of docs/data.md.

Each of ``DOORS`` takes a folder to write into and a ``Served`` folder, and returns what a user would give: a name, or
what Python holds. ``NEEDS`` says which of them need a package that may not be installed.
"""

from __future__ import annotations

import csv
import functools
import http.server
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

COUNT = 60
SIZE = (20, 18)
NAMES = [f"{row:02d}.png" for row in range(COUNT)]
CLASSES = ["cat" if row < 35 else "dog" for row in range(COUNT)]
PIXELS = np.random.default_rng(5).integers(0, 256, (COUNT, *SIZE, 3), dtype=np.uint8)
IMAGES = [Image.fromarray(one) for one in PIXELS]
NEEDS = {
    "memory://, parquet": "pyarrow",
    "http://": "aiohttp",
    "parquet": "pyarrow",
    "address": "fsspec",
    "pandas": "pandas",
    "polars": "polars",
    "datasets.Dataset": "datasets",
}


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


class Items(torch.utils.data.Dataset):
    """Pairs of a float picture (C, H, W) and a class, as data sets of torchvision give them."""

    def __len__(self):
        return COUNT

    def __getitem__(self, row):
        return torch.from_numpy(PIXELS[row]).permute(2, 0, 1).float() / 255, CLASSES[row]


def frame(library, folder):
    """A table of files and classes."""
    files = [str(path) for path in sorted(write_files(folder).iterdir())]
    return import_module(library).DataFrame({"file": files, "label": CLASSES})


def hub():
    """A data set of the library ``datasets``."""
    datasets, arrow = import_module("datasets"), import_module("pyarrow")
    kinds = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog"])})
    images = [{"bytes": data, "path": None} for data in FILES]
    table = arrow.table({"image": images, "label": [["cat", "dog"].index(label) for label in CLASSES]})
    held = datasets.table.InMemoryTable(table.cast(kinds.arrow_schema))
    return datasets.Dataset(held, info=datasets.DatasetInfo(features=kinds), fingerprint="sixty")


class Served(NamedTuple):
    """A folder that a server of this machine shows, and its address."""

    folder: Path
    address: str

    def __call__(self, at, write, name):
        """Write something of a test's own into the folder; its address."""
        own = self.folder / at.parents[1].name
        own.mkdir()
        write(own / "x")
        return f"{self.address}/{own.name}/{name}"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of what it is asked for."""

    def log_message(self, *_):
        pass


class Patient(http.server.ThreadingHTTPServer):
    """Minds no client that has read enough."""

    def handle_error(self, *_):
        pass


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Show a folder at an address as long as the block runs."""
    with Patient(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Served(folder, f"http://127.0.0.1:{server.server_port}")
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
    "Python: floats": lambda at, _: (PIXELS / 255, CLASSES),
    "Python: torch Dataset": lambda at, _: Items(),
    "Python: torch DataLoader": lambda at, _: torch.utils.data.DataLoader(Items(), batch_size=7),
    "Python: pandas table of files": lambda at, _: frame("pandas", at),
    "Python: polars table of files": lambda at, _: frame("polars", at),
    "Python: datasets.Dataset": lambda at, _: hub(),
}


def package_for(door: str) -> str | None:
    """The package that a door needs beside those that amalgan does."""
    return next((package for word, package in NEEDS.items() if word in door), None)
