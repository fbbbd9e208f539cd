"""Small flaws: tiles without seams, a memory in closed form, flaws that are found where they are, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

import amalgan as ag
from amalgan.config import imagenet_weights as config
from amalgan.config.data import DataConfig
from amalgan.config.systems.autoencoders import AutoencoderConfig
from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.types import DataSpec
from amalgan.data import open_data
from amalgan.data.dataset.full_size import FullSize
from amalgan.features.patches import Cut, grid_of, parts
from amalgan.features.tiles import even_core, mirrored, tiles
from amalgan.metrics.detection import auroc
from amalgan.tasks.detect import patch_networks
from amalgan.tasks.detect.flaw_records import why_uncalibrated
from amalgan.tasks.detect.flaws import FEWEST_KNOWN, Flaws
from amalgan.tasks.detect.patch_memory import RIDGE, PatchMemory, core_of

installed = pytest.mark.skipif(config.imagenet_weights() is None, reason="the imagenet extra is missing")
SIDE, SPOT = 64, 6
GRAY = DataSpec(kind="image", shape=(1, 24, 24))


def stripes(count: int, seed: int, side: int = SIDE) -> np.ndarray:
    """Pictures (N, S, S) of slanted stripes of one width."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[:side, :side]
    waves = np.sin(0.9 * (down + across) + random.uniform(0, 6.3, (count, 1, 1)))
    return (127 + 80 * waves + random.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8)


def spotted(pictures: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The same with a gray spot in each, and the middles of the spots (N, 2)."""
    random, found = np.random.default_rng(seed), pictures.copy()
    corners = random.integers(SPOT, pictures.shape[1] - 2 * SPOT, (len(pictures), 2))
    for picture, (top, left) in zip(found, corners, strict=True):
        picture[top : top + SPOT, left : left + SPOT] = 127
    return found, corners + SPOT // 2


@pytest.fixture(scope="module")
def model() -> ag.Model:
    """A model of small stripes that has hardly begun."""
    settings = AutoencoderConfig(code_size=4)
    return ag.train("autoencoder", stripes(200, 0, 24), images=256, settings=settings, quiet=True)


class Means:
    """A network whose patches are the means of squares of two pixels, cut as a test wants it."""

    name, step, least = "means", 2, (1, 1)

    def __init__(self, core: int, margin: int) -> None:
        self.how = Cut((core, core), margin, (core + 2 * margin, core + 2 * margin))

    def cut(self, height: int, width: int) -> Cut:
        return self.how

    def __call__(self, x: Tensor) -> Tensor:
        return avg_pool2d(x, 2)


def whole(network: Means, picture: np.ndarray) -> Tensor:
    """The features of a picture, put together from its tiles."""
    found = torch.full((1, *grid_of(network, picture)), torch.nan)
    for part in parts(network, picture, GRAY):
        assert found[0, part.rows, part.columns].isnan().all(), "no patch is judged twice"
        found[:, part.rows, part.columns] = part.features
    return found


@pytest.mark.parametrize(("core", "margin"), [(64, 0), (8, 4), (6, 2), (32, 32)])
def test_tiles_say_what_the_whole_picture_at_once_says(core: int, margin: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, 37, 50), np.uint8)
    padded = np.pad(picture, ((0, 0), (0, 1), (0, 0)), mode="reflect")
    expected = avg_pool2d(torch.from_numpy(padded).float() / 127.5 - 1, 2)
    torch.testing.assert_close(whole(Means(core, margin), picture), expected)


def test_places_beyond_the_border_are_mirrored() -> None:
    line = np.arange(5)
    assert mirrored(-3, 12, 5).tolist() == np.pad(line, (3, 4), mode="reflect").tolist()
    assert mirrored(-9, 30, 3).tolist() == np.pad(np.arange(3), (9, 18), mode="reflect").tolist()
    assert mirrored(-1, 3, 1).tolist() == [0, 0, 0]


def test_cores_are_few_even_and_whole_steps() -> None:
    assert [even_core(side, 384, 16) for side in (16, 130, 384, 385, 2000)] == [16, 144, 384, 208, 336]


def test_a_tile_is_bounded_whatever_the_picture() -> None:
    cut = patch_networks.ImageNetPatches().cut(9_000, 60)
    sizes = {
        tile.pixels.shape for tile in tiles(np.zeros((1, 900, 60), np.uint8), cut.core, cut.margin, cut.size)
    }
    assert sizes == {(1, *cut.size)} and max(cut.size) <= patch_networks.MOST_CORE + 2 * patch_networks.MARGIN


def test_the_distance_is_mahalanobis_s_from_the_nearest_that_is_kept() -> None:
    generator = torch.Generator().manual_seed(0)
    mix = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 9.0]])
    known, other = (torch.randn(count, 3, generator=generator) @ mix for count in (400, 50))
    memory = PatchMemory.fit(known, most=400)
    assert memory.distance(known).max() < 1e-2, "each is its own neighbor"
    spread = known.std(0, correction=0)
    correlation = np.corrcoef(known.T.numpy())
    inverse = torch.from_numpy(np.linalg.inv(correlation + RIDGE * np.eye(3))).float()
    away = (other[:, None] - known) / spread
    squared = torch.einsum("nmd,de,nme->nm", away, inverse, away).min(1).values
    torch.testing.assert_close(memory.distance(other), (squared / 3).sqrt(), rtol=1e-3, atol=1e-3)


def test_the_core_takes_what_is_farthest_and_no_more_than_asked() -> None:
    x = torch.tensor([[0.0], [0.1], [10.0], [0.2], [5.0]])
    assert core_of(x, 3).tolist() == [0, 2, 4]
    assert len(PatchMemory.fit(torch.randn(50, 40), most=7).kept) == 7


@pytest.mark.parametrize(
    ("name", "least", "missed"), [("own", 0.95, 2), pytest.param("imagenet", 0.99, 0, marks=installed)]
)
def test_a_flaw_is_found_where_it_is_and_normal_pictures_stay_normal(
    model: ag.Model, name: str, least: float, missed: int
) -> None:
    flawed, middle = spotted(stripes(12, 1), 1)
    new = np.concatenate([flawed, stripes(40, 2)])
    known = stripes(20, 0)
    found = model.detect(new, normals=stripes(39, 3), known=known, patches=name)  # type: ignore[arg-type]
    score = found.score["patches"]
    assert float(auroc(score[12:], score[:12]).mean) > least
    assert int((found.p_value["patches"][:12] > found.smallest).sum()) <= missed
    alarms = int((found.p_value["patches"][12:] <= 0.1).sum())
    assert alarms <= 13  # of 40, 4 are expected; with 39 normals more than 13 are less than once in 1,000
    flaws = Flaws.learned(model.model, name, list(known[:, None]), len(known))  # type: ignore[arg-type]
    for picture, place in zip(flawed[:4, None], middle, strict=False):
        heat = flaws.map(picture)
        at = np.array(np.unravel_index(int(heat.argmax()), heat.shape)) + 0.5
        assert np.abs(at * SIDE / np.array(heat.shape) - place).max() <= 8
    assert torch.equal(score[:1], flaws.column([flawed[0][None]]))


def test_other_signals_stay_as_they_are(model: ag.Model) -> None:
    x, normals, known = stripes(5, 1), stripes(19, 3), stripes(120, 0)
    found = model.detect(x, normals=normals, known=known, patches="own")
    without = model.detect(x, normals=normals, known=known)
    assert set(found.score) == {*without.score, "patches"}
    for name, score in without.score.items():
        assert torch.equal(score, found.score[name])


def test_pictures_of_records_are_as_large_as_their_files(tmp_path: Path) -> None:
    reading = DataConfig(cache=str(tmp_path / "cache"))
    pictures = [np.random.default_rng(n).integers(0, 256, (30 + n, 40, 3), np.uint8) for n in range(5)]
    (tmp_path / "files").mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / "files" / f"{number}.png")
    np.save(tmp_path / "rows.npy", np.stack([picture[:30] for picture in pictures]))
    color = DataSpec(kind="image", shape=(3, 8, 8))
    for place, rows in (("files", pictures), ("rows.npy", [picture[:30] for picture in pictures])):
        data = open_data(tmp_path / place, reading, like=color, at_least=1)
        chosen = data.records.select([3, 1])
        found = list(FullSize(tmp_path / place, reading, color).of(chosen))
        expected = [rows[int(name.split(".")[0])] for name in chosen.names]
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other.transpose(2, 0, 1))
    larger = open_data(tmp_path / "files", reading, like=color, at_least=1).records
    assert "3 of 5 pictures are larger" in why_uncalibrated(larger, larger.select([0, 1]))
    assert not why_uncalibrated(larger, larger)


def test_what_it_cannot_do_is_refused_in_a_sentence(model: ag.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    x = stripes(8, 1)
    with pytest.raises(UsageError, match=rf"at least {FEWEST_KNOWN} known normal pictures, and there are 0"):
        model.detect(x, normals=x, patches="own")
    with pytest.raises(UsageError, match="expected"):
        model.detect(x, normals=x, known=x, patches="best")  # type: ignore[arg-type]
    flat = ag.train("autoencoder", np.random.default_rng(0).normal(size=(60, 3)), images=64, quiet=True)
    row = np.zeros((2, 3))
    with pytest.raises(UsageError, match=r"a size of their own is what pictures have.*Leave patches out"):
        flat.detect(row, normals=row, known=row, patches="auto")
    monkeypatch.setattr(patch_networks, "imagenet_weights", lambda: None)
    with pytest.raises(UsageError, match=r"not installed .*or say own"):
        model.detect(x, normals=x, known=x, patches="imagenet")
    assert patch_networks.patch_network(model.model, "auto").name == "own"
    monkeypatch.setattr(patch_networks, "HALVINGS", (7,))
    with pytest.raises(AbilityError, match="no convolutions in whose maps"):
        model.detect(x, normals=x, known=x, patches="own")
