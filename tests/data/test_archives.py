"""Tars, Parquet tables, lists, patterns and addresses that are not what they should be: bounded, named, never run."""

import builtins
import io
import json
import os
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core.errors import DataError, UsageError
from amalgan.data import open_data
from amalgan.data.readers import folders, parquets, remote, tars
from amalgan.data.readers.inputs import refuse_inputs
from amalgan.data.readers.patterns import Pattern, expanded
from amalgan.data.readers.resolving import find_source


@pytest.fixture
def files(encode, noise):
    return {f"{'ab'[row % 2]}/{row:02d}.png": encode(noise(8, 8, seed=row)) for row in range(20)}


def pack(path, files, *entries):
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for entry in entries:
            archive.addfile(entry)
    return path


def special(name, kind, link=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


def skipped(data, **reading):
    return {item.name: item.reason for item in open_data(data, DataConfig(**reading)).inspection.skipped}


def test_a_tar_is_its_folder_and_nothing_is_unpacked(tmp_path, files):
    for name, data in files.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    packed = open_data(pack(tmp_path / "x.tar", dict(reversed(files.items()))))
    plain = open_data(tmp_path / "folder")
    assert packed.fingerprint == plain.fingerprint and packed.records.names == plain.records.names
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "x.tar"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_in_every_form_of_tar(tmp_path, files, form):
    with tarfile.open(tmp_path / "x.tar", "w", format=form) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{'d' * 90}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    assert open_data(tmp_path / "x.tar").records.names == sorted(files)


def test_junk_in_a_tar_is_no_picture_and_a_label_file_counts(tmp_path, files):
    plain = {name.replace("/", "-"): data for name, data in files.items()}
    rows = "\n".join(f"{name},{'odd' if '1.' in name else 'even'}" for name in plain)
    more = {"__MACOSX/._x.png": b"junk", ".DS_Store": b"", "labels.csv": f"file,label\n{rows}".encode()}
    found = open_data(pack(tmp_path / "x.tar", plain | more))
    assert found.inspection.ignored == 2 and found.spec.classes == ("even", "odd")


def test_links_devices_and_pipes_in_a_tar_are_bad_alone(tmp_path, files):
    odd = [
        special("a/link.png", tarfile.SYMTYPE, "/etc/passwd"),
        special("a/hard.png", tarfile.LNKTYPE, "../../x"),
        special("a/pipe.png", tarfile.FIFOTYPE),
        special("a/device.png", tarfile.CHRTYPE),
    ]
    found = skipped(pack(tmp_path / "x.tar", files, *odd))
    assert sorted(found) == ["a/device.png", "a/hard.png", "a/link.png", "a/pipe.png"]
    assert all("link, a device" in reason for reason in found.values())


def test_a_path_out_of_a_tar_is_bad(tmp_path, files):
    good = next(iter(files.values()))
    found = skipped(pack(tmp_path / "x.tar", files | {"../../x.png": good, "/etc/x.png": good}))
    assert set(found) == {"../../x.png", "/etc/x.png"}


@pytest.mark.parametrize("left", [1, 400, 512, 520])
def test_a_tar_that_was_cut_off_says_so(tmp_path, files, left):
    data = pack(tmp_path / "x.tar", files).read_bytes()
    end = tars.Tar(tmp_path / "x.tar").index.columns[1].max()
    (tmp_path / "x.tar").write_bytes(data[: int(end) - 512 + left])
    with pytest.raises(DataError, match=r"cut off|damaged"):
        open_data(tmp_path / "x.tar")


def test_a_size_that_a_tar_does_not_have_is_refused_before_it_is_read(tmp_path, files):
    data = bytearray(pack(tmp_path / "x.tar", files).read_bytes())
    data[124:136] = b"\x80" + (1 << 50).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    (tmp_path / "x.tar").write_bytes(data)
    with pytest.raises(DataError, match="less than it declares"):
        open_data(tmp_path / "x.tar")


def test_a_picture_beyond_the_most_is_bad_alone(tmp_path, files, monkeypatch):
    large = files | {"a/large.png": next(iter(files.values())) + b"\0" * 5000}
    for module in (tars, folders):
        monkeypatch.setattr(module, "MOST_FILE_BYTES", 5000)
    assert list(skipped(pack(tmp_path / "x.tar", large))) == ["a/large.png"]


@pytest.mark.parametrize("seed", range(40))
def test_any_change_to_a_tar_is_an_error_of_ours_or_none(tmp_path, files, seed):
    data = bytearray(pack(tmp_path / "x.tar", files).read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, 2000, 6):
        data[place] = random.integers(0, 256)
    (tmp_path / "x.tar").write_bytes(data)
    try:
        open_data(tmp_path / "x.tar")
    except DataError as error:
        assert str(error)


def test_what_else_an_example_of_webdataset_holds_is_no_picture(tmp_path, files):
    members = {}
    for number, data in enumerate(files.values()):
        members |= {
            f"{number:03d}.jpg": data,
            f"{number:03d}.seg.png": data,
            f"{number:03d}.txt": b"a caption",
        }
        members[f"{number:03d}.json"] = json.dumps({"label": number % 3, "text": "x"}).encode()
    found = open_data(pack(tmp_path / "x.tar", members))
    assert found.inspection.read == 20 and found.spec.classes == ("0", "1", "2")
    assert not found.inspection.skipped


def test_a_column_of_a_container_is_asked_for_by_its_name(tmp_path, files):
    members = {}
    for number, data in enumerate(files.values()):
        text = json.dumps({"label": number % 3, "color": ["red", "blue"][number % 2]})
        members |= {f"{number:03d}.png": data, f"{number:03d}.json": text.encode()}
    found = open_data(pack(tmp_path / "x.tar", members), DataConfig(label_column="color"))
    assert found.spec.classes == ("blue", "red")


def write_parquet(path, columns, **options):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_a_bad_row_of_a_parquet_table_is_bad_alone(tmp_path, files):
    images = [{"bytes": data, "path": None} for data in files.values()]
    images[3], images[5] = {"bytes": None, "path": "x.png"}, {"bytes": None, "path": None}
    images[7] = {"bytes": b"<svg>", "path": None}
    found = skipped(write_parquet(tmp_path / "x.parquet", {"image": images}))
    assert list(found) == ["00000003", "00000005", "00000007"]
    assert "not its bytes" in found["00000003"] and "is empty" in found["00000005"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"a": [1.0] * 20, "label": ["x"] * 20}, "no column of pictures; its columns are a, label"),
        ({"a": [b"x"] * 20, "b": [b"y"] * 20}, "several columns of bytes: a, b"),
    ],
)
def test_a_parquet_table_without_pictures_says_what_it_has(tmp_path, columns, words):
    with pytest.raises(DataError, match=words):
        open_data(write_parquet(tmp_path / "x.parquet", columns))


def test_values_that_repeat_in_a_parquet_table_take_no_memory(tmp_path, files):
    """A bomb: a few kilobytes of file that stand for gigabytes of rows."""
    good = list(files.values())
    images = [*good, *[good[0] + b"\0" * 20_000_000] * 200]
    how = {"compression": "zstd", "dictionary_pagesize_limit": 1 << 30}
    path = write_parquet(tmp_path / "x.parquet", {"image": images}, **how)
    assert path.stat().st_size < 100_000
    source = find_source(path)
    assert len(source.read(219)) > 20_000_000
    assert sum(group.nbytes for group in source._groups.values()) < 50_000_000


def test_a_row_group_that_declares_too_much_is_not_read(tmp_path, files, monkeypatch):
    monkeypatch.setattr(parquets, "MOST_GROUP", 1000)
    path = write_parquet(tmp_path / "x.parquet", {"image": list(files.values())}, row_group_size=5)
    with pytest.raises(DataError, match="row group of 0 MiB"):
        open_data(path)


@pytest.mark.parametrize("seed", range(30))
def test_any_change_to_a_parquet_table_is_an_error_of_ours_or_none(tmp_path, files, seed):
    path = write_parquet(tmp_path / "x.parquet", {"image": list(files.values()), "label": [0, 1] * 10})
    data, random = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in random.integers(4, len(data), 8):
        data[place] = random.integers(0, 256)
    path.write_bytes(data[: len(data) if seed % 2 else random.integers(4, len(data))])
    try:
        open_data(path)
    except DataError as error:
        assert str(error)


def write_list(folder, files, rows):
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "list.csv").write_text("\n".join(["file,label", *rows]))
    return folder / "list.csv"


def test_what_a_list_names_and_what_is_there(tmp_path, files):
    rows = [f"{name},{at % 3}" for at, name in enumerate(files)]
    listed = write_list(tmp_path / "x", files, [*rows[:18], "gone.png,0"])
    found = open_data(listed)
    assert (found.inspection.read, found.spec.classes) == (18, ("0", "1", "2"))
    assert [item.name for item in found.inspection.skipped] == ["gone.png"]


def test_a_list_of_nothing_that_is_there_says_where_it_looked(tmp_path):
    with pytest.raises(DataError, match=r"names 20 pictures, and none is there, as 0\.png"):
        open_data(write_list(tmp_path, {}, [f"{row}.png,a" for row in range(20)]))


@pytest.mark.parametrize("way", ["absolute", "upward", "link"])
def test_a_list_reads_files_elsewhere_only_where_it_is_asked_to(tmp_path, files, way):
    write_list(tmp_path / "real", files, [])
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "in").symlink_to(tmp_path / "real")
    start = {"absolute": f"{tmp_path}/real/", "upward": "../real/", "link": "in/"}[way]
    listed = write_list(tmp_path / "x", {}, [f"{start}{name},{name[0]}" for name in files])
    with pytest.raises(DataError, match="20 files outside of its folder"):
        open_data(listed)
    found = open_data(listed, DataConfig(follow_links=True))
    assert found.inspection.read == 20 and found.spec.classes == ("a", "b")


def test_a_table_of_numbers_stays_one(tmp_path):
    values = np.random.default_rng(0).normal(size=(20, 2))
    (tmp_path / "x.csv").write_text("a,b\n" + "\n".join(f"{a},{b}" for a, b in values))
    assert open_data(tmp_path / "x.csv").spec.kind == "vector"


def test_a_pattern_takes_what_a_shell_takes(tmp_path, files, monkeypatch):
    write_list(tmp_path, files, [])
    monkeypatch.chdir(tmp_path)
    every = sorted(files)
    cases = {
        "*/*.png": every,
        "**/*.png": every,
        "a/*": [name for name in every if name.startswith("a")],
        "a": [name for name in every if name.startswith("a")],
        "?/0?.png": [name for name in every if name[2] == "0"],
        "{a,b}/0[0-4].png": [name for name in every if name[2:] < "05"],
        "*/{00..09}.png": [name for name in every if name[2] == "0"],
        f"{tmp_path}/**/1*.png": [name for name in every if name[2] == "1"],
        "*.png": [],
        "*/*.PNG": [],
    }
    for text, expected in cases.items():
        pattern = Pattern.of(text)
        source = folders.Folder(tmp_path, choice=pattern)
        top = pattern.root.removeprefix(f"{tmp_path}/")
        names = [source.path(row).decode() for row in range(len(source))]
        assert [n for n in names if pattern.fits(n.removeprefix(top).encode())] == expected or top, text


def test_a_folder_whose_name_looks_like_a_pattern_is_that_folder(tmp_path, files):
    write_list(tmp_path / "x [2024] {a,b}", files, [])
    assert open_data(str(tmp_path / "x [2024] {a,b}")).inspection.read == 20


def test_a_file_whose_name_looks_like_an_address_is_that_file(tmp_path, files, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pack(tmp_path / "zip::x.tar", files)
    assert open_data("zip::x.tar").inspection.read == 20


def test_patterns_do_not_leave_by_links_nor_look_where_nothing_can_lie(tmp_path, files, monkeypatch):
    write_list(tmp_path / "x", files, [])
    write_list(tmp_path / "elsewhere", {"p.png": files["a/00.png"]}, [])
    (tmp_path / "x" / "a" / "out.png").symlink_to(tmp_path / "elsewhere" / "p.png")
    (tmp_path / "x" / "deep" / "er").mkdir(parents=True)
    seen, scandir = [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: seen.append(os.fsdecode(place)) or scandir(place))
    assert "leaves the folder" in skipped(f"{tmp_path}/x/[abd]*/*.png")["a/out.png"]
    assert not any(place.endswith("deep/er") for place in seen)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing-*.png", "fits no file"),
        ("x-{00..03}.tar", "names x-02.tar, which is not there"),
        ("x-{0..99999}.tar", "more than 10,000"),
        ("x-{a,b}{0..9000}{0..9000}.tar", "more than 10,000"),
    ],
)
def test_a_pattern_that_means_nothing_says_so(tmp_path, files, monkeypatch, name, words):
    monkeypatch.chdir(tmp_path)
    for shard in ("00", "01", "03"):
        pack(tmp_path / f"x-{shard}.tar", files)
    with pytest.raises(DataError, match=words):
        open_data(name)


def test_names_without_wildcards_stand_for_all_below_them():
    pattern = Pattern.of("{a,b/c,e*}")
    assert [pattern.enters(folder) for folder in (b"a", b"a/x/y", b"b", b"b/c", b"b/c/d", b"b/d", b"d")] == [
        *(True for _ in range(5)),
        False,
        False,
    ]
    assert [
        pattern.fits(path) for path in (b"a/x/1.png", b"b/c/1.png", b"e1/2.png", b"b/1.png", b"f/1.png")
    ] == [
        *(True for _ in range(3)),
        False,
        False,
    ]
    assert pattern.missing([b"b/c"]) == "a"


def test_braces_are_written_out_as_a_shell_does():
    assert expanded("x-{08..11}.{a,b}") == [f"x-{n}.{e}" for n in ("08", "09", "10", "11") for e in "ab"]
    assert expanded("{a") == ["{a"] and expanded("{a}") == ["{a}"]


def test_shards_that_call_pictures_alike_keep_all_of_them(tmp_path, files):
    half = len(files) // 2
    for shard in range(2):
        part = list(files.values())[shard * half : (shard + 1) * half]
        pack(tmp_path / f"s{shard}.tar", {f"c/{row}.png": data for row, data in enumerate(part)})
    names = open_data(f"{tmp_path}/s*.tar").records.names
    assert len(set(names)) == 20 and names[0] == "s0-0.png" and names[-1] == "s1-9.png"


def test_shards_are_of_the_splits_that_they_are_called_by(tmp_path, files):
    parts = {
        "train-00000-of-00001": range(14),
        "validation-00000-of-00001": range(14, 17),
        "test-0": range(17, 20),
    }
    for name, rows in parts.items():
        images = [list(files.values())[row] for row in rows]
        write_parquet(tmp_path / f"{name}.parquet", {"image": images, "label": [row % 2 for row in rows]})
    found = open_data(tmp_path)
    assert found.own_splits and [len(part) for part in (found.train, found.validation, found.test)] == [
        14,
        3,
        3,
    ]


def test_a_mixture_of_arrays_and_pictures_is_refused(tmp_path, files):
    pack(tmp_path / "x-0.tar", files)
    np.savez(tmp_path / "y.npz", x=np.zeros((20, 8)))
    os.rename(tmp_path / "y.npz", tmp_path / "x-1.zip")
    with pytest.raises(DataError, match="holds arrays"):
        open_data(f"{tmp_path}/x-*")


@pytest.mark.parametrize(
    ("extra", "package", "name"), [("parquet", "pyarrow", "x.parquet"), ("remote", "fsspec", "memory://x/")]
)
def test_what_is_missing_is_named_with_its_extra(tmp_path, monkeypatch, extra, package, name):
    (tmp_path / "x.parquet").write_bytes(b"PAR1" + struct.pack("<I", 0) + b"PAR1")
    monkeypatch.chdir(tmp_path)
    real = builtins.__import__

    def without(module, *rest, **named):
        if module.partition(".")[0] == package:
            raise ImportError(f"No module named {module!r}")
        return real(module, *rest, **named)

    monkeypatch.setattr("amalgan.data.readers.extras.import_module", without)
    with pytest.raises(
        DataError, match=rf"{package}, which is not installed. Run: pip install 'amalgan\[{extra}\]'"
    ):
        open_data(name)


@pytest.fixture
def memory():
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.store.clear()
    return system


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("memory://nowhere/x.zip", "nothing is at memory://nowhere/x.zip"),
        ("memory://nowhere/*.png", "fits no file"),
        ("nosuch://x/y", "Protocol not known"),
        ("http://user:secret@127.0.0.1:9/x.zip?token=secret", "127.0.0.1:9/x.zip"),
    ],
)
def test_an_address_without_data_is_named_and_no_secret_of_it(memory, name, words):
    with pytest.raises(DataError, match=words) as caught:
        open_data(name)
    assert "secret" not in str(caught.value)


def test_a_download_is_held_against_its_size_and_the_disk(memory, tmp_path, files, monkeypatch):
    memory.pipe_file("/x.tar", pack(tmp_path / "x.tar", files).read_bytes())
    monkeypatch.setattr(remote, "SPARE", 1 << 62)
    with pytest.raises(DataError, match="larger than the space that is free"):
        open_data("memory://x.tar")


def test_a_change_at_an_address_is_noticed_and_what_was_read_stays(memory, tmp_path, files):
    memory.pipe_file("/x.tar", pack(tmp_path / "x.tar", files).read_bytes())
    first = open_data("memory://x.tar").fingerprint
    assert open_data("memory://x.tar").fingerprint == first
    fewer = dict(list(files.items())[:18])
    memory.pipe_file("/x.tar", pack(tmp_path / "x.tar", fewer).read_bytes())
    assert open_data("memory://x.tar").fingerprint != first


def test_files_of_a_remote_folder_are_bounded_and_junk_is_passed_over(memory, files, monkeypatch):
    for name, data in files.items():
        memory.pipe_file(f"/album/{name}", data)
    memory.pipe_file("/album/.DS_Store", b"x")
    memory.pipe_file("/album/a/large.png", b"\x89PNG" + b"\0" * 9000)
    monkeypatch.setattr(remote, "MOST_FILE_BYTES", 5000)
    found = open_data("memory://album/").inspection
    assert found.read == 20 and found.ignored == 1
    assert [item.name for item in found.skipped] == ["a/large.png"]


@pytest.mark.parametrize("data", ["x/*/*.png", "x/**/*", "file://{}/x/", "x/a"])
def test_outputs_are_never_among_the_files_that_a_name_means(tmp_path, files, monkeypatch, data):
    write_list(tmp_path / "x", files, [])
    monkeypatch.chdir(tmp_path)
    refuse_inputs([tmp_path / "out" / "new.png"], data.format(tmp_path))
    for place in (Path("x/a/00.png"), tmp_path / "x" / "a" / "new.png", Path("x/b/../a/00.png")):
        with pytest.raises(UsageError, match="inputs are never changed"):
            refuse_inputs([place], data.format(tmp_path))
