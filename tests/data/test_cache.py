"""The cache: read once, noticed when changed, rebuilt when damaged, capped, atomic."""

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import namedtuple

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core import locks
from amalgan.core.errors import DataError, FileError
from amalgan.data import open_data
from amalgan.data.dataset import cache, store, store_writer
from amalgan.data.readers import folders

ROOM_FOR_ONE = str(15_000 / 2**30)
"""GiB for one store of the album, and for no second one."""


def stores(cache):
    return sorted(path for path in cache.iterdir())


@pytest.fixture
def reads(monkeypatch):
    """How many picture files were opened."""
    counted = []
    real = folders._read
    monkeypatch.setattr(folders, "_read", lambda *a: counted.append(1) or real(*a))
    return counted


def test_the_second_time_nothing_is_read(album, reads):
    first = open_data(album)
    assert len(reads) == 60  # headers, then pictures
    second = open_data(album)
    assert len(reads) == 60
    assert second.fingerprint == first.fingerprint
    assert second.inspection == first.inspection
    assert np.array_equal(second.records.pixels(slice(None)), first.records.pixels(slice(None)))


def test_asked_for_size_and_channels_cost_one_pass(album, reads):
    open_data(album, DataConfig(size="16", channels=1))
    assert len(reads) == 30


def test_a_change_is_noticed(album, save, noise):
    before = open_data(album)
    save(album / "cat" / "01.png", noise(16, 16, seed=500))
    changed = open_data(album)
    (album / "cat" / "01.png").unlink()
    fewer = open_data(album)
    assert before.fingerprint != changed.fingerprint
    assert len(fewer.records) == 29


@pytest.mark.parametrize(
    "config", [{"size": "8"}, {"channels": 3}, {"fit": "pad", "size": "8x16"}, {"background": "red"}]
)
def test_another_reading_is_another_store(album, own_cache, config):
    open_data(album)
    open_data(album, DataConfig(**config))
    assert len(stores(own_cache)) == 2


def test_max_bad_does_not_read_again(album, own_cache):
    (album / "bad.png").write_bytes(b"")
    open_data(album)
    with pytest.raises(DataError):
        open_data(album, DataConfig(max_bad=0))
    assert len(stores(own_cache)) == 1


@pytest.mark.parametrize(
    "part",
    [
        "pixels.npy",
        "labels.npy",
        "splits.npy",
        "hashes.npy",
        "sizes.npy",
        "names.npy",
        "ends.npy",
        "facts.json",
    ],
)
@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "zeroed"])
def test_a_damaged_store_is_rebuilt(album, own_cache, part, damage):
    before = open_data(album)
    (store,) = stores(own_cache)
    data = bytearray((store / part).read_bytes())
    (store / part).unlink()
    if damage == "cut":
        (store / part).write_bytes(data[:-1])
    if damage == "flipped":
        data[-1] ^= 1
        (store / part).write_bytes(data)
    if damage == "zeroed":
        (store / part).write_bytes(bytes(len(data)))
    after = open_data(album)
    assert after.fingerprint == before.fingerprint
    assert after.records.names == before.records.names
    assert len(stores(own_cache)) == 1


def test_nothing_in_the_cache_is_a_pickle(album, own_cache):
    open_data(album)
    for path in stores(own_cache)[0].iterdir():
        assert path.suffix in (".npy", ".json")
        if path.suffix == ".npy":
            np.load(path, allow_pickle=False)


def test_the_least_recently_used_go_first(album, own_cache, monkeypatch):
    made = {}
    for age, color in ((300, "red"), (200, "green"), (100, "blue")):
        open_data(album, DataConfig(background=color))
        (made[color],) = set(stores(own_cache)) - set(made.values())
        os.utime(made[color], (time.time() - age,) * 2)
    each = sum(entry.stat().st_size for entry in os.scandir(made["red"]))
    open_data(album, DataConfig(background="red"))  # used again
    monkeypatch.setenv("AMALGAN_CACHE_GIB", str(3.5 * each / 2**30))
    open_data(album, DataConfig(background="black"))
    assert len(stores(own_cache)) == 3
    assert {color for color, path in made.items() if path.exists()} == {"red", "blue"}


def test_a_store_that_is_removed_stays_readable(album, own_cache, monkeypatch):
    dataset = open_data(album)
    before = dataset.records.pixels(slice(None))
    monkeypatch.setenv("AMALGAN_CACHE_GIB", ROOM_FOR_ONE)
    open_data(album, DataConfig(size="8"))
    assert len(stores(own_cache)) == 1
    assert np.array_equal(dataset.records.pixels(slice(None)), before)


def test_a_failed_build_leaves_nothing(tmp_path, own_cache):
    np.savez(tmp_path / "x.npz", x=np.full((20, 8, 8), 7.0))
    with pytest.raises(DataError):
        open_data(tmp_path / "x.npz")
    assert stores(own_cache) == []


def test_strays_of_dead_builders_are_removed_and_those_of_the_living_are_not(album, own_cache):
    dead, living, mine = (own_cache / f".part-{name}" for name in ("dead", "living", "mine"))
    for part in (dead, living, mine):
        part.mkdir(parents=True)
        (part / "pixels.npy").write_bytes(b"half")
        os.utime(part, (time.time() - 9 * 24 * 3600,) * 2)  # a long decode is no stray
    for part in (dead, living):
        (part / cache.BUILDING).write_text(cache.MARK)
    handle = locks.taken(living / cache.BUILDING)
    open_data(album)
    assert not dead.exists() and living.exists() and mine.exists()
    os.close(handle)


@pytest.mark.parametrize("content", [{"till.bin": b"x" * 5000}, {"facts.json": b"{}", "a.npy": b"x"}, {}])
def test_a_folder_of_the_user_s_is_no_store_whatever_its_name(album, own_cache, monkeypatch, content):
    monkeypatch.setenv("AMALGAN_CACHE_GIB", ROOM_FOR_ONE)
    for name in ("store-001", "store-0123456789abcdef0123456789abcdef"):
        (own_cache / name).mkdir(parents=True)
        for file, data in content.items():
            (own_cache / name / file).write_bytes(data)
    open_data(album)
    for name in ("store-001", "store-0123456789abcdef0123456789abcdef"):
        assert {path.name: path.read_bytes() for path in (own_cache / name).iterdir()} == content


def test_of_a_store_only_its_own_files_are_removed(album, own_cache, monkeypatch):
    open_data(album)
    (store,) = stores(own_cache)
    (store / "mine.txt").write_text("the user's")
    monkeypatch.setenv("AMALGAN_CACHE_GIB", ROOM_FOR_ONE)
    open_data(album, DataConfig(size="8"))
    assert [path.read_text() for path in own_cache.rglob("mine.txt")] == ["the user's"]


def test_a_link_to_a_folder_elsewhere_is_not_followed(album, own_cache, monkeypatch, tmp_path):
    open_data(album)
    (store,) = stores(own_cache)
    elsewhere = tmp_path / "elsewhere"
    store.rename(elsewhere)
    store.with_name("store-link").symlink_to(elsewhere)
    monkeypatch.setenv("AMALGAN_CACHE_GIB", ROOM_FOR_ONE)
    open_data(album, DataConfig(size="8"))
    assert (elsewhere / "facts.json").exists()


def test_a_user_without_a_home_gets_no_folder_called_tilde(album, tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    open_data(album)
    assert not (tmp_path / "~").exists() and (tmp_path / f"amalgan-{os.getuid()}").is_dir()


def test_a_planted_link_among_the_temporary_files_is_refused(album, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"amalgan-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(FileError, match="it is a link"):
        open_data(album)


def test_a_cache_that_cannot_be_written_is_told(album, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FileError, match="--cache"):
        open_data(album, DataConfig(cache=str(tmp_path / "file" / "cache")))


def test_without_a_home_the_cache_is_among_the_temporary_files(album, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert len(open_data(album).records) == 30
    assert (tmp_path / f"amalgan-{os.getuid()}").stat().st_mode & 0o077 == 0


def test_a_full_disk_is_told(album, own_cache, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_writer.ArrayWriter, "append", full)
    with pytest.raises(FileError, match=r"No space left on device.*--cache"):
        open_data(album)
    assert stores(own_cache) == []


def zipped(album):
    with zipfile.ZipFile(album.parent / "album.zip", "w") as archive:
        for path in sorted(album.rglob("*.png")):
            archive.write(path, path.relative_to(album))
    return album.parent / "album.zip"


def saved(album, values):
    np.save(album.parent / "x.npy", values)
    return album.parent / "x.npy"


OF_EACH_KIND = {
    "folder": lambda album: album,
    "zip": zipped,
    "pictures": lambda album: saved(album, np.zeros((30, 16, 16), np.uint8)),
    "vectors": lambda album: saved(album, np.zeros((30, 64))),
}


@pytest.mark.parametrize("kind", OF_EACH_KIND)
@pytest.mark.parametrize("missing", [0, 1])
def test_room_is_checked_on_the_disk_of_the_cache_before_anything_is_decoded(
    album, tmp_path, monkeypatch, kind, missing
):
    from amalgan.data.dataset import room
    from amalgan.data.decoding import images

    data, asked = OF_EACH_KIND[kind](album), []
    needed = 30 * (256 + store_writer.BESIDE_PIXELS)  # a 16x16 picture and 64 floats take 256 bytes each

    def usage(folder):
        asked.append(folder)
        return namedtuple("usage", "free")(needed - missing)

    monkeypatch.setattr(room, "disk_usage", usage)
    cache = tmp_path / "elsewhere"
    if not missing:
        assert not open_data(data, DataConfig(cache=str(cache))).records.store.is_catalog
        return
    monkeypatch.setattr(images, "fitted", lambda *_: pytest.fail("a picture was decoded"))
    monkeypatch.setattr(store_writer.ArrayWriter, "append", lambda *_: pytest.fail("something was written"))
    with pytest.raises(
        DataError, match=r"30 .* take 0\.00 GiB, and the disk of .*elsewhere has .*--cache"
    ) as told:
        open_data(data, DataConfig(cache=str(cache), decode="once"))
    assert ("--size" in str(told.value)) == (kind != "vectors")
    assert {folder.parent for folder in asked} == {cache}
    assert stores(cache) == []


@pytest.mark.parametrize("kind", OF_EACH_KIND)
@pytest.mark.parametrize("missing", [0, 1])
def test_the_cap_holds_for_the_store_that_is_written(album, tmp_path, monkeypatch, kind, missing):
    from amalgan.data.dataset import read_pictures

    data, cache = OF_EACH_KIND[kind](album), tmp_path / "elsewhere"
    needed = 30 * (256 + store_writer.BESIDE_PIXELS)
    monkeypatch.setenv("AMALGAN_CACHE_GIB", repr((needed - missing) / 2**30))
    if not missing:
        assert not open_data(data, DataConfig(cache=str(cache))).records.store.is_catalog
        return
    monkeypatch.setattr(read_pictures, "decode", lambda *_: pytest.fail("a picture was decoded"))
    with pytest.raises(DataError, match=r"30 .* take .*the cache may take .*Set AMALGAN_CACHE_GIB to 1,"):
        open_data(data, DataConfig(cache=str(cache), decode="once"))
    assert stores(cache) == []


@pytest.mark.processes
def test_of_processes_that_want_the_same_store_one_builds_it_and_the_others_wait(album, own_cache):
    code = (
        "import time\nfrom amalgan.data import open_data\nfrom amalgan.data.dataset import read_pictures\n"
        "decode = read_pictures.decode\n"
        "read_pictures.decode = lambda *a: time.sleep(0.1) or print('decoded', flush=True) or decode(*a)\n"
        f"print(open_data({str(album)!r}).fingerprint)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    lines = [line for run in runs for line in run.communicate()[0].split()]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert lines.count("decoded") == 30
    assert len(set(lines)) == 2 and len(stores(own_cache)) == 1


def test_a_lock_that_a_killed_builder_left_stops_nobody_and_goes(album, own_cache):
    own_cache.mkdir(parents=True)
    left = own_cache / f".store-{'0' * 32}.lock"
    left.touch()
    held = own_cache / f".store-{'1' * 32}.lock"
    handle = locks.taken(held)
    open_data(album)
    assert not left.exists() and held.exists()
    os.close(handle)


def test_progress_counts_to_the_end(album):
    told = []
    open_data(album, progress=lambda done, count: told.append((done, count)))
    assert told[-1] == (60, 60)
    assert told == sorted(told)


def test_inspecting_needs_no_torch(album):
    code = (
        "import sys; from amalgan.data import open_data; "
        f"open_data({str(album)!r}).inspection.to_json(); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("share", [0.01, 0.99])
def test_altered_pictures_never_leave_the_cache(tmp_path, own_cache, monkeypatch, small, share):
    """All but those at the places that a spot check looks at may be altered: each row is checked when it is read."""
    if not small:
        monkeypatch.setattr(store, "VERIFIED_AT_ONCE", 0)
    x = np.random.default_rng(0).integers(0, 256, (500, 8, 8), dtype=np.uint8)
    np.save(tmp_path / "x.npy", x)
    open_data(tmp_path / "x.npy")
    spots = np.unique(np.linspace(0, 499, store.SPOT_CHECKS).astype(int))
    others = np.setdiff1d(np.arange(500), spots)
    altered = others[: max(1, round(share * len(others)))]
    pixels = np.load(stores(own_cache)[0] / "pixels.npy", mmap_mode="r+")
    pixels[altered] ^= 1
    pixels.flush()
    after = open_data(tmp_path / "x.npy")
    if small:  # built again, without a word
        assert np.array_equal(after.records.pixels(slice(None)), x[:, None])
        return
    assert np.array_equal(after.records.pixels(spots), x[spots][:, None])
    with pytest.raises(
        FileError,
        match=rf"{len(altered):,} of {500 - len(spots)} examples read are not what was written.*Remove",
    ):
        after.records.pixels(slice(None))
    with pytest.raises(FileError, match="Remove"):
        after.records.take(altered[:1])


def test_a_row_is_held_against_its_hash_once(tmp_path, own_cache, monkeypatch):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype=np.uint8))
    monkeypatch.setattr(store, "VERIFIED_AT_ONCE", 0)
    records = open_data(tmp_path / "x.npy").records
    hashed = []
    whole = store.content_hashes
    monkeypatch.setattr(store, "content_hashes", lambda rows: hashed.append(len(rows)) or whole(rows))
    for _ in range(3):
        records.pixels(slice(None))
    assert sum(hashed) == 50 - store.SPOT_CHECKS
