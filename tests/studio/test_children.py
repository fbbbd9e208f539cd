"""What the processes of the studio find out and write: without a server, on a small folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import UsageError
from amalgan.core.files import write_json
from amalgan.studio.answering import run_and_answer
from amalgan.studio.copying import copy, placed
from amalgan.studio.looking import part_seen, write_overview
from amalgan.studio.mapping import far
from studio_support import pictures


@pytest.fixture
def shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures, with a cache of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return pictures(tmp_path / "shots")


def seen_of(data: Path, minutes: str = "") -> Any:
    """What looking over writes."""
    target = data.parent / "look.json"
    assert write_overview([str(data), minutes, "fusion", str(target)])["read"] >= 0
    return json.loads(target.read_text())


def test_looking_over_shows_what_is_bad_twice_and_cut(shots: Path) -> None:
    Image.fromarray(np.full((12, 24), 90, np.uint8)).save(shots / "cat" / "wide.png")
    found = seen_of(shots)
    assert found["read"] == 42 and [one["name"] for one in found["skipped"]] == ["dog/bad.png"]
    assert [[one["name"] for one in group["pictures"]] for group in found["copies"]] == [
        ["cat/001.png", "cat/copy.png"]
    ]
    assert found["copies"][0]["equal"] and found["copies"][0]["count"] == 2
    assert [group["name"] for group in found["examples"]] == ["cat", "dog"]
    assert found["cuts"][0]["name"] == "cat/wide.png"
    left, top, across, down = found["cuts"][0]["seen"]
    assert (left, top, across, down) == pytest.approx((1 / 3, 0, 1 / 3, 1), abs=0.01)
    assert all(one["picture"].startswith("data:image/png;base64,") for one in found["cuts"])


def test_looking_over_numbers_and_nothing(shots: Path) -> None:
    np.savez(shots.parent / "x.npz", x=np.random.default_rng(0).normal(size=(30, 4)))
    assert seen_of(shots.parent / "x.npz")["kind"] == "vector"
    (shots.parent / "empty").mkdir()
    (shots.parent / "empty" / "note.bin").write_text("none")
    assert seen_of(shots.parent / "empty")["read"] == 0


def test_the_part_that_is_seen_has_the_proportions_of_training() -> None:
    assert part_seen((200, 100), (32, 32)) == [0.25, 0.0, 0.5, 1.0]
    assert part_seen((100, 100), (32, 64)) == [0.0, 0.25, 1.0, 0.5]


def test_a_code_far_from_all_others_is_the_oddest() -> None:
    code = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
    code[7] = 20
    found = far(code)
    assert int(found.argmax()) == 7 and np.median(found) == pytest.approx(1) and found[7] > 3


@pytest.mark.parametrize(
    ("name", "label", "place"),
    [
        ("cat/1.png", None, "cat/1.png"),
        ("cat/1.png", "good", "good/1.png"),
        ("../../etc/1.png", None, "etc/1.png"),
        ("cat/1.png", "../up", "-up/1.png"),
        ("cat/1.png", "..", "label/1.png"),
        ("cat/1.png", "a/b", "a-b/1.png"),
    ],
)
def test_where_a_copy_goes(name: str, label: str | None, place: str) -> None:
    assert placed(name, label) == place


def test_copies_are_the_files_themselves_and_inputs_stay(shots: Path) -> None:
    before = {place: place.read_bytes() for place in shots.rglob("*.png")}
    choice, out = shots.parent / "choice.json", shots.parent / "out"
    names = ["cat/001.png", "dog/000.png", "cat/copy.png", "none.png"]
    write_json(
        choice, {"amalgan": "x", "names": names, "labels": {"cat/001.png": "best", "cat/copy.png": "best"}}
    )
    found = copy([str(shots), str(choice), str(out)])
    assert found["copied"] == 3 and [one["name"] for one in found["skipped"]] == ["none.png"]
    written = {place.relative_to(out).as_posix(): place.read_bytes() for place in out.rglob("*.png")}
    assert written == {
        "best/001.png": before[shots / "cat" / "001.png"],
        "best/copy.png": before[shots / "cat" / "copy.png"],
        "dog/000.png": before[shots / "dog" / "000.png"],
    }
    assert {place: place.read_bytes() for place in shots.rglob("*.png")} == before
    with pytest.raises(UsageError, match="never changed"):
        copy([str(shots), str(choice), str(shots / "new")])
    np.savez(shots.parent / "x.npz", x=np.zeros((30, 4)))
    with pytest.raises(UsageError, match="arrays, not files"):
        copy([str(shots.parent / "x.npz"), str(choice), str(out)])


def test_a_process_ends_with_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(arguments: list[str]) -> dict[str, Any]:
        raise UsageError(f"{arguments[0]} is wrong; give another.")

    monkeypatch.setattr("sys.argv", ["x", "this"])
    assert run_and_answer(fails) == 2
    assert json.loads(capsys.readouterr().out) == {"error": "this is wrong; give another."}
    assert run_and_answer(lambda arguments: {"n": 1}) == 0
