"""Windows without seams, channels that are not the model's, and what a restorer refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from amalgan.config.parts import Networks
from amalgan.config.systems import RestorerConfig
from amalgan.core.errors import AbilityError, BadPicture, UsageError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import DataSpec
from amalgan.data.transforms.damage import larger
from amalgan.systems.model_file import Model
from amalgan.systems.restorer import Restorer
from amalgan.tasks.restore import windows as mending
from amalgan.tasks.restore.windows import Repair, in_windows, mend, windows

DENOISE = Repair(task="denoise")


def model(channels: int = 1, **changes: object) -> Model:
    """A restorer that changes things."""
    config = replace(RestorerConfig(network=Networks(width=8)), **changes)
    system = build_seeded(lambda: Restorer(config, DataSpec(kind="image", shape=(channels, 16, 16))), 0)
    with torch.no_grad():
        for weight in system.parameters():
            weight.add_(torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)) * 0.1)
    return Model(
        system.eval(),
        {"system": "restorer", "spec": {"kind": "image", "shape": [channels, 16, 16]}},
        "0",
        None,
    )


def picture(channels: int, height: int, width: int) -> torch.Tensor:
    return torch.rand(channels, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (9, 13), (64, 64), (65, 130), (1, 97)])
def test_windows_give_what_the_whole_picture_at_once_gives(
    height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    restorer, x = model(3), picture(3, height, width)
    whole = mend(restorer, x, DENOISE)
    assert whole.shape == x.shape
    monkeypatch.setattr(mending, "WINDOW", 32)
    assert torch.allclose(mend(restorer, x, DENOISE), whole, atol=1e-5)


def test_without_the_reach_there_would_be_seams() -> None:
    restorer, x = model(1), picture(1, 40, 40)
    system, known = restorer.system, torch.ones(1, 40, 40)

    def apply(part: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
        from amalgan.data.transforms.damage import UNTOLD, Damaged

        with torch.no_grad():
            return system.restore(Damaged(part, torch.zeros(1).long(), torch.full((1,), UNTOLD), shown))  # type: ignore[operator]

    whole, *others = (in_windows(apply, x[None], known, reach=reach, window=16) for reach in (40, 14, 0))
    assert torch.allclose(whole, others[0], atol=1e-5) and not torch.allclose(whole, others[1], atol=1e-2)


def test_windows_cover_a_side_once() -> None:
    for side in (1, 31, 32, 33, 100):
        covered = [at for part, _ in windows(side, 32, 6) for at in range(part.start, part.stop)]
        assert covered == list(range(side))
        assert all(seen.start % 2 == 0 for _, seen in windows(side, 32, 6))


def test_channels_that_are_not_the_models() -> None:
    color = picture(3, 12, 10)
    gray_model = model(1)
    each = torch.cat([mend(gray_model, channel[None], DENOISE) for channel in color])
    assert torch.allclose(mend(gray_model, color, DENOISE), each, atol=1e-6)
    gray = mend(model(3), color[:1], DENOISE)
    assert gray.shape == (1, 12, 10)


def test_enlarging_starts_from_bicubic() -> None:
    untrained = model(1)
    with torch.no_grad():
        for weight in untrained.system.parameters():
            weight.zero_()
    x = picture(1, 7, 5)
    assert torch.equal(mend(untrained, x, Repair(task="upscale", factor=3)), larger(x[None], (21, 15))[0])
    with pytest.raises(BadPicture, match="would have 20000x16000 pixels"):
        mend(untrained, torch.zeros(1, 1, 1).expand(1, 4000, 5000), Repair(task="upscale", factor=4))


def test_the_level_that_a_user_says_is_heard() -> None:
    restorer, x = model(1), picture(1, 16, 16)
    found = [mend(restorer, x, Repair(task="denoise", sigma=sigma)) for sigma in (None, 0.0, 25.0)]
    assert not torch.equal(found[0], found[1]) and not torch.equal(found[1], found[2])


def test_what_it_was_not_trained_for_is_refused_in_words() -> None:
    only = model(1, tasks=("denoise",))
    with pytest.raises(AbilityError, match="was trained to denoise, not to upscale"):
        mend(only, picture(1, 8, 8), Repair(task="upscale"))
    with pytest.raises(UsageError, match="trained for noise up to 55"):
        mend(only, picture(1, 8, 8), Repair(task="denoise", sigma=80.0))
    with pytest.raises(UsageError, match="sigma is the noise's deviation"):
        Repair(task="dejpeg", sigma=3.0)
    with pytest.raises(UsageError, match="factor is 5; there are 2, 3, 4"):
        Repair(task="upscale", factor=5)
