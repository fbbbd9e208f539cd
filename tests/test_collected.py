"""What the commands do with a collection, in Python: the same codes, map and groups; and what a notebook shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris

import amalgan as ag
from amalgan.api import functions, live
from amalgan.api.live import Live, notebook
from amalgan.cli import main
from amalgan.core.errors import AbilityError, UsageError
from amalgan.training.events import Event
from support import small

DIGITS = (load_digits().images * 15.9).astype(np.uint8)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ag.Model:
    return ag.train("fusion", "digits", images=640, settings=small("fusion"), device="cpu", quiet=True)


def test_codes_groups_and_map_are_those_of_the_command(model: ag.Model, tmp_path: Path) -> None:
    x = DIGITS[:120].copy()
    x[7] = x[5]
    np.save(tmp_path / "x.npy", x)
    model.save(tmp_path / "model.safetensors")
    places = [str(tmp_path / name) for name in ("a.npz", "a.html", "twice.csv")]
    line = ["embed", str(tmp_path / "model.safetensors"), str(tmp_path / "x.npy"), "--out", places[0]]
    assert main([*line, "--plot", places[1], "--duplicates", places[2]]) == 0
    codes = model.embed(x)
    with np.load(places[0]) as found:
        assert np.array_equal(found["code"], codes.code) and codes.code.shape == (120, 4)
    assert np.allclose(model.encode(x), codes.code, atol=1e-6)
    assert model.map(x, tmp_path / "b.html") == tmp_path / "b.html"
    assert (tmp_path / "b.html").read_bytes() == (tmp_path / "a.html").read_bytes()
    model.map(x, tmp_path / "b.png")
    assert (tmp_path / "b.png").stat().st_size > 1000
    found = model.duplicates(x)
    assert found.exact.nonzero()[0].tolist() == [5, 7] and found.group[5] == found.group[7] >= 0
    rows = (tmp_path / "twice.csv").read_text().splitlines()[1:]
    assert len(rows) == int((found.group >= 0).sum())


def test_a_way_leads_from_one_decode_to_the_other(model: ag.Model) -> None:
    way = model.interpolate(DIGITS[:2], steps=5, decoder="faithful")
    ends = model.reconstruct(DIGITS[:2])
    assert way.shape == (5, 8, 8) and np.array_equal(way[[0, -1]], ends)
    apart = np.abs(way[1:].astype(float) - way[:-1]).mean((1, 2))
    assert apart.max() < 3 * apart.min() and apart.min() > 0
    middle = model.walk(between=DIGITS[:2], frames=8, decoder="faithful")[2]
    assert np.abs(way[2].astype(int) - middle).max() <= 1, "half-way of the way is half-way of the walk"
    realistic = model.interpolate(DIGITS[:2], steps=3)
    assert np.array_equal(realistic, model.interpolate(DIGITS[:2], steps=3))
    assert not np.array_equal(realistic, model.interpolate(DIGITS[:2], steps=3, seed=1))


def test_vectors_have_a_way_too() -> None:
    told = ag.train(
        "autoencoder", "iris", images=640, settings=small("autoencoder"), device="cpu", quiet=True
    )
    x = load_iris().data[[0, 100]].astype(np.float32)
    way = told.interpolate(x, steps=4)
    assert np.allclose(way[[0, -1]], told.reconstruct(x), atol=1e-5) and way.shape == (4, 4)


def test_what_cannot_be_is_refused(model: ag.Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="steps is 1; a way has at least 2"):
        model.interpolate(DIGITS[:2], steps=1)
    with pytest.raises(UsageError, match="between holds 3 pictures"):
        model.interpolate(DIGITS[:3])
    with pytest.raises(UsageError, match=r"ends in \.jpg; a map goes to \.png or \.html"):
        model.map("digits", tmp_path / "map.jpg")
    gan = ag.train("gan", "digits", images=64, settings=small("gan"), device="cpu", quiet=True)
    for door in (gan.embed, gan.duplicates):
        with pytest.raises(AbilityError, match="cannot encode"):
            door(DIGITS[:50])


class Shown:
    """Stands where IPython.display does; keeps what was shown."""

    def __init__(self) -> None:
        self.pages: list[str] = []

    HTML = staticmethod(str)

    def display(self, page: str, *, display_id: bool) -> Shown:
        assert display_id
        self.pages.append(page)
        return self

    def update(self, page: str) -> None:
        self.pages.append(page)


def test_a_notebook_shows_how_far_training_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    display = Shown()
    monkeypatch.setattr(live, "APART_SECONDS", 0.0)
    monkeypatch.setattr(functions, "notebook", lambda: display)
    seen: list[Event] = []
    settings = small("fusion")
    ag.train("fusion", "digits", images=1280, settings=settings, device="cpu", callbacks=seen.append)
    assert len(display.pages) == len(seen)
    assert '<progress value="0" max="1280"' in display.pages[0]
    last = display.pages[-1]
    assert '<progress value="1280" max="1280"' in last and "1,280 of 1,280 images, ended" in last
    assert re.search(r"validation: psnr [\d.]+", last) and last.count("data:image/png;base64,") == 2
    ag.train("gan", "digits", images=64, settings=small("gan"), device="cpu", quiet=True)
    assert display.pages[-1] == last, "quiet shows nothing"


def test_a_display_that_fails_does_not_stop_training() -> None:
    class Broken(Shown):
        def display(self, page: str, *, display_id: bool) -> Any:
            raise OSError("gone")

    Live(Broken())(Event(name="started", round=0, images=0, values={"planned_images": 10}))


def test_only_a_kernel_is_a_notebook() -> None:
    assert notebook() is None
    shells = pytest.importorskip("IPython.core.interactiveshell")
    shell = shells.InteractiveShell.instance()
    try:
        assert notebook() is None, "a shell on a terminal shows no HTML"
        shell.kernel = object()
        from IPython import display

        assert notebook() is display
        Live(display)(Event(name="started", round=0, images=0, values={"planned_images": 10}))
    finally:
        shells.InteractiveShell.clear_instance()
