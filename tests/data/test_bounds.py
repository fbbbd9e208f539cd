"""What a small file can make us do is bounded before it is done: time, memory, disk."""

from __future__ import annotations

import gzip
import io
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import BadPicture, DataError
from amalgan.data import open_data
from amalgan.data.decoding import jpeg_scans as scans
from amalgan.data.decoding.images import measure
from amalgan.data.decoding.jpeg_scans import jpeg_scans

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def jpeg(**options: object) -> bytes:
    kept = io.BytesIO()
    Image.fromarray(NOISE).save(kept, "JPEG", **options)
    return kept.getvalue()


def scanned(times: int) -> bytes:
    """A JPEG whose last scan stands there so many times."""
    whole = jpeg(progressive=True)
    start, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    return whole[:start] + whole[start:end] * times + whole[end:]


def test_scans_are_counted_by_their_markers() -> None:
    assert jpeg_scans(jpeg()) == 1
    own = jpeg_scans(jpeg(progressive=True))
    assert 2 < own < 20
    for times in (2, 50):
        assert jpeg_scans(scanned(times)) == own + times - 1
    thumbnail = jpeg(exif=b"Exif\0\0" + scanned(20)[:60_000])
    assert thumbnail.count(b"\xff\xda") > 20 and jpeg_scans(thumbnail) == 1
    for cut in range(0, 400, 7):
        assert jpeg_scans(jpeg()[:cut]) <= 1


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded() -> None:
    data = scanned(1000)
    started_at = time.process_time()
    with pytest.raises(BadPicture, match=r"has 1,0\d\d scans over 4,096 pixels; the most here is 100"):
        measure(data)
    assert time.process_time() - started_at < 1
    measure(scanned(40))


def test_fewer_scans_are_allowed_over_more_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "MOST_SCANNED", 64 * 64 * 3)
    measure(jpeg())
    with pytest.raises(BadPicture, match="the most here is 3"):
        measure(scanned(10))


def test_many_scans_of_a_thumbnail_are_no_scans_of_the_picture() -> None:
    measure(jpeg(exif=b"Exif\0\0" + b"\xff\xda" * 5000))


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1, 4096, 4096), (60_000, 28, 28), (2**32 - 1, 1, 1)])
def test_an_idx_file_asks_for_no_more_than_it_can_hold(
    tmp_path: Path, shape: tuple[int, ...], zipped: bool
) -> None:
    data = struct.pack(">4B3I", 0, 0, 8, 3, *shape) + b"\0" * 1000
    place = tmp_path / f"train-images-idx3-ubyte{'.gz' if zipped else ''}"
    place.write_bytes(gzip.compress(data) if zipped else data)
    with pytest.raises(DataError, match=r"declares [\d,]+ bytes and can hold at most|no room|free"):
        open_data(tmp_path)


def test_a_table_may_have_twenty_thousand_columns(tmp_path: Path) -> None:
    columns = 20_000
    head = ",".join(f"column{number:05d}" for number in range(columns))
    rows = [",".join(map(str, np.arange(columns) * 0.5 + row)) for row in range(20)]
    (tmp_path / "wide.csv").write_text("\n".join([head, *rows]) + "\n")
    assert len(head) > 131_072
    started_at = time.process_time()
    found = open_data(tmp_path / "wide.csv")
    assert found.spec.shape == (columns,) and len(found.records) == 20 and not found.inspection.skipped
    assert found.spec.names[-1] == "column19999"
    assert time.process_time() - started_at < 20


def test_a_first_line_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from amalgan.data.readers import tables

    monkeypatch.setattr(tables, "LONGEST_LINE", 1000)
    (tmp_path / "endless.csv").write_text("1," * 5000)
    with pytest.raises(DataError, match="more than 1,000 characters"):
        open_data(tmp_path / "endless.csv")


@pytest.mark.parametrize("kind", ["U", "S"])
def test_wide_labels_take_the_memory_of_numbers(tmp_path: Path, kind: str) -> None:
    count, width = 20_000, 5_000 if kind == "U" else 20_000
    y = np.array(["cat", "dog"] * (count // 2)).astype(f"{kind}{width}" if kind == "U" else f"S{width}")
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((count, 2), np.float32), y=y)
    size = y.nbytes
    del y
    tracemalloc.start()
    found = open_data(tmp_path / "x.npz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.spec.classes == ("cat", "dog") and (found.records.labels[:4] == [0, 1, 0, 1]).all()
    assert size > 390_000_000 and peak < 150_000_000


def test_labels_that_are_no_classes_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "long.npz", x=np.zeros((20, 2), np.float32), y=np.array(["a" * 300] * 20))
    with pytest.raises(DataError, match="a label of 300 characters"):
        open_data(tmp_path / "long.npz")
