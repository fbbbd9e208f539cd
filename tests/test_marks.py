"""What amalgan writes is known by its content; what looks like it by name, or nearly by content, is the user's."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from amalgan.codec import amg_file
from amalgan.core import files, tensor_file
from amalgan.core.errors import ForeignFile
from amalgan.core.ownership import is_ours
from amalgan.data.writing.films import write_film
from amalgan.data.writing.grids import png_bytes
from amalgan.data.writing.npz import UNNAMED, Column, write_npz
from amalgan.data.writing.provenance import provenance

GRAY = np.zeros((4, 4), np.uint8)


def png(place: Path) -> None:
    files.write_bytes(place, png_bytes(GRAY))


def told_png(place: Path) -> None:
    files.write_bytes(place, png_bytes(GRAY, provenance("abcd", seed=1)))


def film(place: Path) -> None:
    write_film(place, np.zeros((2, 8, 8, 3), np.uint8), text=provenance("abcd", seed=1))


def tensors(place: Path) -> None:
    tensor_file.write(place, {"x": torch.zeros(3)}, {"what": "a training state"})


def arrays(place: Path) -> None:
    write_npz(place, {"x": Column.of(np.zeros(3))}, UNNAMED)


def notes(place: Path) -> None:
    files.write_json(place, {"amalgan": "run", "images": 1})


def log(place: Path) -> None:
    files.append_line(place, json.dumps({"round": 1, "images": 2, "seconds": 0.1}))


OURS: dict[str, Callable[[Path], None]] = {
    "a.png": png,
    "b.png": told_png,
    "a.webp": film,
    "a.safetensors": tensors,
    "a.npz": arrays,
    "a.json": notes,
    "a.jsonl": log,
}


def foreign(name: str) -> bytes:
    """What a user may have under such a name."""
    file = io.BytesIO()
    match Path(name).suffix:
        case ".png" | ".webp":
            Image.fromarray(GRAY).save(file, Path(name).suffix[1:].upper())
        case ".npz":
            np.savez(file, x=np.zeros(3))
        case ".safetensors":
            header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
            file.write(len(header).to_bytes(8, "little") + header)
        case _:
            file.write(b'{"loss": 1}\n')
    return file.getvalue()


@pytest.mark.parametrize("name", OURS)
def test_what_we_write_is_ours_and_is_replaced_by_another_process(name: str, tmp_path: Path) -> None:
    OURS[name](tmp_path / name)
    assert is_ours(tmp_path / name)
    files.WRITTEN.clear()
    OURS[name](tmp_path / name) if name != "a.webp" else files.write_bytes(tmp_path / name, b"new")


@pytest.mark.parametrize("name", OURS)
def test_what_the_user_wrote_under_such_a_name_is_left_alone_and_named(name: str, tmp_path: Path) -> None:
    place = tmp_path / name
    place.write_bytes(foreign(name))
    assert not is_ours(place)
    for change in (
        lambda: files.write_bytes(place, b"new"),
        lambda: files.write_changed(place, b"new"),
        lambda: files.append_line(place, "new"),
        lambda: files.cut_off(place, 0),
        lambda: (
            files.write_bytes(tmp_path / "other", b"new")
            or files.write_bytes(tmp_path / "other", b"newer", previous=place)
        ),
    ):
        with pytest.raises(
            ForeignFile, match=f"{name} is there already, and amalgan did not write it"
        ) as said:
            change()
        assert said.value.exit_code == 2
    assert not files.remove(place)
    assert place.read_bytes() == foreign(name)
    files.write_changed(place, foreign(name))  # nothing would be lost, so nothing is said


def test_what_this_process_wrote_is_the_user_s_once_the_user_has_changed_it(tmp_path: Path) -> None:
    files.write_text(tmp_path / "x", "old")
    files.write_text(tmp_path / "x", "new")
    (tmp_path / "x").write_text("mine!")
    with pytest.raises(ForeignFile):
        files.write_text(tmp_path / "x", "newer")
    assert (tmp_path / "x").read_text() == "mine!"


def test_compressed_pictures_are_known_by_their_checksum(tmp_path: Path) -> None:
    head = amg_file.Head(b"\1\2\3\4", 3)
    for name, data in (
        ("a.amg", amg_file.pack(head, b"x" * 9)),
        ("b.amg", amg_file.pack_archive(head, [])),
    ):
        (tmp_path / name).write_bytes(data)
        assert amg_file.is_packed(tmp_path / name)
        (tmp_path / name).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert not amg_file.is_packed(tmp_path / name)
    (tmp_path / "c.amg").write_bytes(b"the user's")
    assert not amg_file.is_packed(tmp_path / "c.amg")


def test_links_are_no_files_of_ours(tmp_path: Path) -> None:
    png(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "folder").symlink_to(tmp_path)
    with pytest.raises(ForeignFile, match=r"link\.png is a link"):
        files.write_bytes(tmp_path / "link.png", b"new")
    with pytest.raises(ForeignFile, match="folder is a link"):
        files.below(tmp_path, "folder/x/a.png")
    with pytest.raises(ForeignFile):
        files.append_line(tmp_path / "link.png", "new")
    assert (
        files.below(tmp_path / "folder", "x/a.png") == tmp_path / "folder" / "x" / "a.png"
    )  # as the user gave it


def test_of_a_folder_only_what_is_ours_is_removed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "samples", tmp_path / "elsewhere"
    (folder / "deep").mkdir(parents=True)
    elsewhere.mkdir()
    png(folder / "a.png")
    png(folder / "deep" / "b.png")
    png(elsewhere / "c.png")
    (folder / "mine.png").write_bytes(foreign("mine.png"))
    (folder / "link").symlink_to(elsewhere)
    assert files.remove_within(folder) == [folder / "link", folder / "mine.png"]
    assert sorted(path.name for path in folder.iterdir()) == ["link", "mine.png"]
    assert (elsewhere / "c.png").exists()
    (folder / "mine.png").unlink(), (folder / "link").unlink()
    assert files.remove_within(folder) == [] and not folder.exists()
