"""Walks: their frames are decodes of the codes they pass, every generating system walks, and they repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from amalgan.core.errors import AbilityError, UsageError
from amalgan.core.randomness import Draws
from amalgan.data import Dataset
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.walk import walk as walks
from amalgan.tasks.walk.walk import walk

Trained = Callable[[str, str], Model]


@pytest.mark.parametrize("system", ["autoencoder", "fusion"])
def test_between_two_pictures_the_ends_are_their_decodes(
    trained: Trained, digits: Dataset, system: str
) -> None:
    model = trained(system, "digits")
    ends = digits.test.take([0, 50])
    film = walk(model, between=ends, frames=20, decoder="faithful")
    own: Any = model.system
    decodes = own.decode(own.encode(ends))
    assert film.shape == (20, 1, 8, 8)
    assert torch.allclose(film[[0, 10]], decodes, atol=1e-4)
    assert torch.allclose(film[1:], film[1:].flip(0), atol=1e-4)  # there and back


def test_between_a_picture_and_itself_nothing_moves(trained: Trained, digits: Dataset) -> None:
    film = walk(trained("fusion", "digits"), between=digits.test.take([4, 4]), frames=6)
    assert torch.allclose(film, film[:1].expand(6, 1, 8, 8), atol=1e-5)


def test_the_noise_of_the_realistic_decoder_stands_still(trained: Trained, digits: Dataset) -> None:
    model = trained("fusion", "digits")
    own: Any = model.system
    noises: list[Tensor] = []

    class Listening(type(own)):  # type: ignore[misc]
        def realize(self, code: Tensor, draws: Draws) -> Tensor:
            noises.append(draws.normal("noise", 3))
            return super().realize(code, draws)

    system = Listening(own.config, own.spec)
    system.load_state_dict(own.state_dict())
    walk(replace(model, system=system), frames=300)
    noise = torch.cat(noises)
    assert len(noise) == 300 and torch.equal(noise, noise[:1].expand(300, 3))
    assert noise[0].std() > 0


@pytest.mark.parametrize("system", ["autoencoder", "fusion", "gan"])
def test_a_random_walk_is_closed_smooth_and_repeats(trained: Trained, system: str) -> None:
    model = trained(system, "digits")
    film = walk(model, frames=60, label="3", seed=5)
    assert film.shape == (60, 1, 8, 8) and film.isfinite().all()
    steps = (film.roll(-1, 0) - film).flatten(1).norm(dim=1)
    farthest = torch.cdist(film.flatten(1), film.flatten(1)).max()
    assert steps.max() < 0.35 * farthest and steps[-1] < steps.max() / 4  # at rest where it closes
    assert torch.equal(film, walk(model, frames=60, label="3", seed=5))
    assert not torch.equal(film, walk(model, frames=60, label="3", seed=6))


def test_stations_of_a_gan_s_walk_are_what_it_generates(trained: Trained) -> None:
    model = trained("gan", "digits")
    own: Any = model.system
    film = walk(model, frames=60, label="7", seed=2)
    draws = Draws(seed=walks.key(2, "walk"), round=0, total=4)
    assert torch.allclose(film[::15], own.generate(torch.full((4,), 7), draws), atol=1e-4)


def test_long_films_are_made_in_parts(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    for system in ("gan", "fusion"):
        model = trained(system, "digits")
        whole = walk(model, frames=50)
        monkeypatch.setattr(walks, "CHUNK", 7)
        assert torch.allclose(walk(model, frames=50), whole, atol=1e-5)
        monkeypatch.undo()


def test_what_cannot_walk_says_so(trained: Trained, digits: Dataset) -> None:
    gan, fusion = trained("gan", "digits"), trained("fusion", "digits")
    with pytest.raises(AbilityError, match=r"'gan' cannot encode; these can: .*autoencoder, .*fusion"):
        walk(gan, between=digits.test.take([0, 1]))
    with pytest.raises(UsageError, match="a film of pictures; this model makes 13 numbers"):
        walk(trained("fusion", "wine"))
    with pytest.raises(UsageError, match="frames is 1; a walk has at least 2"):
        walk(fusion, frames=1)
    with pytest.raises(UsageError, match="label '3' and two pictures are both given"):
        walk(fusion, between=digits.test.take([0, 1]), label="3")
    with pytest.raises(UsageError, match="this model knows 0, 1"):
        walk(gan, label="cat")


def test_a_system_without_noise_has_nothing_to_walk_through(trained: Trained) -> None:
    class Deaf(System):
        def __init__(self) -> None:
            super().__init__(None, gan.spec)
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def generate(self, label: Tensor, draws: Draws) -> Tensor:
            return self.weight * draws.uniform("u")[:, None, None, None].expand(-1, 1, 8, 8)

    gan = trained("gan", "digits")
    with pytest.raises(UsageError, match="makes the same of any noise, so it has nothing to walk through"):
        walk(replace(gan, system=Deaf()))
