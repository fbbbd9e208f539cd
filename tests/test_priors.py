"""Priors: what was fitted is what is drawn, for any amount of codes and labels."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from amalgan.config.parts import Prior as Config
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.metrics.distribution import kernel_distance
from amalgan.networks import priors
from amalgan.networks.priors import FlowPrior, Groups, MixturePrior, Prior, pick, spread_picks

FEW_STEPS = 20


def draws(total: int = 1, round: int = 0) -> Draws:
    return Draws(seed=3, round=round, total=total)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def unlabeled(count: int) -> Tensor:
    return torch.full((count,), UNLABELED)


def fitted(
    kind: str, code: Tensor, label: Tensor, classes: int, parts: int = 8, steps: int = FEW_STEPS
) -> Prior:
    config = Config(kind=kind, parts=parts, steps=steps)  # type: ignore[arg-type]
    prior = priors.build(config, code.shape[1], classes)
    prior.fit(code, label, draws())
    return prior.requires_grad_(False)


def sampled(prior: Prior, count: int, label: int = UNLABELED) -> Tensor:
    return prior.sample(torch.full((count,), label), draws(count, round=1))


def two_moons(count: int, seed: int) -> Tensor:
    """Two half rings, one in the other's mouth, (N, 2)."""
    generator = torch.Generator().manual_seed(seed)
    angle = torch.rand(count, generator=generator) * torch.pi
    side = (torch.rand(count, generator=generator) < 0.5).float()
    across = angle.cos() * (1 - 2 * side) + side
    down = (angle.sin() - 0.25) * (1 - 2 * side)
    return torch.stack([across, down], 1) + 0.05 * torch.randn(count, 2, generator=generator)


FACTOR = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-3.0, 1.0, 0.2]])
CENTER = torch.tensor([5.0, -1.0, 100.0])


def test_a_gaussian_gives_back_the_moments_of_its_codes() -> None:
    code = normal(8000, 3) @ FACTOR.T + CENTER
    found = sampled(fitted("gaussian", code, unlabeled(8000), 0), 20_000)
    deviation = code.std(0)
    assert ((found.mean(0) - code.mean(0)).abs() < 5 * deviation / 20_000**0.5).all()
    error = (torch.cov(found.T) - torch.cov(code.T)) / torch.outer(deviation, deviation)
    assert error.abs().max() < 0.05


def test_codes_of_a_class_are_drawn_around_its_mean() -> None:
    label = torch.arange(3000) % 3
    center = 4 * normal(3, 5, seed=1)
    prior = fitted("gaussian", center[label] + 0.5 * normal(3000, 5), label, 3)
    for number in range(3):
        found = sampled(prior, 4000, number)
        assert torch.allclose(found.mean(0), center[number], atol=0.1)
        assert torch.allclose(found.std(0), torch.full((5,), 0.5), atol=0.05)


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors", "learned"])
def test_unlabeled_asks_for_any_group_as_often_as_it_occurs(kind: str) -> None:
    label = torch.cat([torch.full((600,), 0), torch.full((300,), 1), unlabeled(100)])
    code = 20.0 * label[:, None] + 0.1 * normal(1000, 2)
    found = sampled(fitted(kind, code, label, 2, steps=150), 3000)
    shares = [float((abs(found[:, 0] - at) < 10).double().mean()) for at in (0, 20, -20)]
    assert shares == pytest.approx([0.6, 0.3, 0.1], abs=0.03)


def test_a_mixture_finds_the_two_parts_that_codes_were_made_of() -> None:
    first = torch.rand(6000, generator=torch.Generator().manual_seed(5)) < 0.3
    apart = torch.where(first[:, None], torch.tensor([-3.0, 0.0]), torch.tensor([2.0, 1.0]))
    narrow = torch.where(first[:, None], torch.tensor([0.3, 1.0]), torch.tensor([1.0, 0.3]))
    prior = fitted("mixture", apart + narrow * normal(6000, 2), unlabeled(6000), 0, parts=2)
    assert isinstance(prior, MixturePrior)
    order = prior.center[0, :, 0].argsort()
    center = prior.center[0, order] * prior.scale.deviation + prior.scale.mean
    spread = (prior.factor[0, order] @ prior.factor[0, order].mT).diagonal(
        dim1=1, dim2=2
    ).sqrt() * prior.scale.deviation
    assert prior.weight[0, order].tolist() == pytest.approx([0.3, 0.7], abs=0.02)
    assert torch.allclose(center, torch.tensor([[-3.0, 0.0], [2.0, 1.0]]), atol=0.1)
    assert torch.allclose(spread, torch.tensor([[0.3, 1.0], [1.0, 0.3]]), atol=0.05)


def waves(x: Tensor) -> Tensor:
    """Points as waves of 32 random frequencies: in them the kernel distance sees any difference of shape."""
    angle = 2 * x @ normal(2, 32, seed=9)
    return torch.cat([angle.cos(), angle.sin()], dim=1)


def test_a_learned_prior_and_a_mixture_follow_shapes_that_a_gaussian_cannot() -> None:
    code, new = two_moons(2000, 0), waves(two_moons(2000, 1))

    def apart(kind: str, **options: int) -> float:
        return kernel_distance(waves(sampled(fitted(kind, code, unlabeled(2000), 0, **options), 1000)), new)

    plain = apart("gaussian")
    assert plain > 0.05
    assert apart("learned", steps=400) < plain / 3
    assert apart("mixture", parts=16) < plain / 5
    assert apart("neighbors") < plain / 5


def test_few_codes_are_followed_by_their_neighbors_further_than_by_gaussians() -> None:
    """A circle in 24 dimensions: 300 codes are enough for one Gaussian only."""
    angle = torch.rand(300, generator=torch.Generator().manual_seed(0)) * 2 * torch.pi
    plane = normal(2, 24, seed=4)
    ring = torch.stack([angle.cos(), angle.sin()], 1) @ plane + 0.01 * normal(300, 24)

    def off(kind: str) -> float:
        found = sampled(fitted(kind, ring, unlabeled(300), 0), 1000) @ torch.linalg.pinv(plane)
        return float((found.norm(dim=1) - 1).abs().median())

    assert off("neighbors") < off("mixture") / 10


def test_codes_drawn_between_neighbors_are_as_new_as_other_codes() -> None:
    code = normal(1000, 6)
    prior = fitted("neighbors", code, unlabeled(1000), 0)
    apart = torch.cdist(code, code).fill_diagonal_(torch.inf).amin(1).median()
    drawn = torch.cdist(sampled(prior, 1000), code).amin(1).median()
    assert 1 < float(drawn / apart) < 1.2


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors"])
def test_at_half_the_temperature_a_code_is_half_as_far_from_where_it_is_drawn_about(kind: str) -> None:
    prior = fitted(kind, normal(1000, 6), unlabeled(1000), 0)
    still, half, usual = (
        prior.sample(unlabeled(200), Draws(seed=3, round=0, total=200, temperature=t))
        for t in (0.0, 0.5, 1.0)
    )
    assert torch.allclose(half - still, (usual - still) / 2, atol=1e-5)
    assert (usual - still).norm(dim=1).min() > 0


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors", "learned"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_codes_than_entries_are_enough(kind: str, count: int) -> None:
    code = normal(count, 16) + 7
    found = sampled(fitted(kind, code, torch.arange(count) % 2, 2), 4000)
    assert found.isfinite().all()
    if kind != "learned":
        assert torch.allclose(found.mean(0), code.mean(0), atol=0.5) and found.std(0).max() < 5


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors", "learned"])
def test_a_state_dict_carries_all_of_it(kind: str) -> None:
    prior = fitted(kind, two_moons(400, 0), torch.arange(400) % 2, 2)
    other = priors.build(Config(kind=kind, parts=8, steps=FEW_STEPS), 2, 2)  # type: ignore[arg-type]
    assert not other.fitted
    other.load_state_dict(prior.state_dict())
    assert other.fitted and torch.equal(sampled(other.requires_grad_(False), 64), sampled(prior, 64))


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors", "learned"])
def test_equal_draws_give_equal_codes_and_a_part_of_a_batch_its_part_of_them(kind: str) -> None:
    code, label = two_moons(400, 0), torch.arange(400) % 2
    prior = fitted(kind, code, label, 2)
    torch.manual_seed(1)
    again = fitted(kind, code, label, 2)
    asked, whole = torch.arange(12) % 3 - 1, draws(12)
    assert torch.equal(prior.sample(asked, whole), again.sample(asked, whole))
    assert not torch.equal(prior.sample(asked, whole), prior.sample(asked, whole, "other"))
    assert torch.allclose(
        prior.sample(asked[4:9], whole.narrow(4, 5)), prior.sample(asked, whole)[4:9], atol=1e-5
    )


@pytest.mark.parametrize("kind", ["gaussian", "neighbors", "learned"])
def test_before_a_fit_codes_are_standard_normal(kind: str) -> None:
    prior = priors.build(Config(kind=kind), 4, 3).requires_grad_(False)  # type: ignore[arg-type]
    found = sampled(prior, 1500)
    assert found.mean(0).abs().max() < 0.12 and (found.std(0) - 1).abs().max() < 0.08


@pytest.mark.parametrize("kind", ["gaussian", "mixture", "neighbors", "learned"])
def test_a_class_without_codes_gets_those_of_any(kind: str) -> None:
    prior = fitted(kind, 50 + normal(200, 2), torch.zeros(200, dtype=torch.int64), 3)
    assert (abs(sampled(prior, 300, 2).mean(0) - 50) < 1).all()


def test_a_rare_class_keeps_its_codes_when_there_are_too_many() -> None:
    label = torch.zeros(5000, dtype=torch.int64)
    label[:4] = 1
    prior = priors.build(Config(kind="gaussian", codes=16), 2, 2)
    prior.fit(100.0 * label[:, None] + normal(5000, 2), label, draws())
    assert (abs(sampled(prior, 300, 1).mean(0) - 100) < 3).all()
    assert (sampled(prior, 3000)[:, 0] > 50).double().mean() < 0.01


def test_picks_are_even_over_groups_and_without_repetition() -> None:
    group = torch.tensor([0] * 50 + [1] * 5 + [2] * 45)
    found = spread_picks(group, 30, torch.Generator().manual_seed(0))
    assert len(set(found.tolist())) == 30
    assert torch.bincount(group[found]).sort().values.tolist() == [5, 12, 13]


def test_entries_that_never_vary_stay_what_they_are() -> None:
    code = torch.cat([normal(300, 3), torch.full((300, 2), 4.0)], dim=1)
    prior = fitted("gaussian", code, unlabeled(300), 0)
    assert (sampled(prior, 200)[:, 3:] - 4).abs().max() < 1e-3
    assert prior.scale(code + 1e-6).abs().max() < 6


@given(st.lists(st.sampled_from([0.0, 1e-8, 0.25, 1.0]), min_size=1, max_size=6).filter(any), st.floats(0, 1))
def test_nothing_of_weight_zero_is_ever_picked(weights: list[float], uniform: float) -> None:
    chance = torch.tensor([min(uniform, 1 - 2**-24), 0.0, 1 - 2**-24])
    assert (torch.tensor(weights)[pick(torch.tensor(weights), chance)] > 0).all()


def test_picks_occur_as_often_as_their_weights_say() -> None:
    found = pick(
        torch.tensor([1.0, 0.0, 3.0]), torch.rand(20_000, generator=torch.Generator().manual_seed(0))
    )
    assert (torch.bincount(found) / 20_000).tolist() == pytest.approx([0.25, 0, 0.75], abs=0.015)


def test_groups_count_labels_and_keep_to_those_that_occur() -> None:
    groups = Groups(3)
    groups.fit(torch.tensor([0, 0, 2, UNLABELED]))
    assert groups.share.tolist() == [0.5, 0, 0.25, 0.25]
    assert set(groups.choose(torch.full((500,), 1), draws(500), "x").tolist()) == {0, 2, 3}
    assert groups.choose(torch.tensor([0, 2]), draws(2), "x").tolist() == [0, 2]


def test_fitting_and_drawing_leave_the_global_generator_alone() -> None:
    prior = FlowPrior(2, 0, steps=FEW_STEPS, codes=50).requires_grad_(False)
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    prior.fit(normal(50, 2), unlabeled(50), draws())
    sampled(prior, 9)
    assert torch.equal(torch.rand(3), expected)


def test_the_density_is_the_closed_form() -> None:
    """Two classes of a Gaussian each, three to one, in the units of the codes."""
    label = torch.tensor([0, 0, 0, 1]).repeat(500)
    code = 3 * normal(2000, 3) @ FACTOR.T + CENTER + 40.0 * label[:, None]
    prior = fitted("gaussian", code, label, 2)
    assert isinstance(prior, MixturePrior)
    deviation, at = prior.scale.deviation.double(), code[:50].double()
    each = []
    for group, share in ((0, 0.75), (1, 0.25)):
        center = prior.scale.mean + prior.scale.deviation * prior.center[group, 0]
        factor = deviation[:, None] * prior.factor[group, 0].double()
        apart = at - center.double()
        distance = (apart @ torch.linalg.inv(factor @ factor.T) * apart).sum(1)
        scale = 3 * torch.tensor(2 * torch.pi).double().log() + 2 * factor.diagonal().log().sum()
        each.append(torch.tensor(share).double().log() - (distance + scale) / 2)
    torch.testing.assert_close(prior.log_density(at.float()), torch.logaddexp(*each), rtol=0, atol=1e-4)


def test_the_density_is_one_in_all() -> None:
    code = two_moons(600, 0)
    prior = fitted("mixture", code, unlabeled(600), 0)
    assert isinstance(prior, MixturePrior)
    side = torch.linspace(-3, 4, 281)
    places = torch.cartesian_prod(side, side)
    assert float(prior.log_density(places).exp().sum()) * 0.025**2 == pytest.approx(1, abs=1e-3)
    assert prior.log_density(torch.tensor([[9.0, 9.0]])) < prior.log_density(code).min()
