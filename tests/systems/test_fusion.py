"""What makes the fused system right: who hears which loss, and what x'' is before and after the GAN begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import pytest
import torch
from torch import Tensor

from amalgan.config.code import Layout
from amalgan.config.imagenet_weights import imagenet_weights
from amalgan.core.types import Batch, DataSpec
from amalgan.systems.base import System, only_trainable
from amalgan.systems.fusion import Fusion
from amalgan.training.state import TrainState
from support import GRAY, SPECS, build, examples, settled, small, take_round, tick, warmed, weights

Stage = Literal["autoencoder", "gan", "joint"]
NETWORKS = ("encoder", "decoder", "generator", "critic")


def fusion(spec: DataSpec = GRAY, **changes: Any) -> Fusion:
    system = build("fusion", spec, **{"every": 1, "listen_every": 1} | changes)
    assert isinstance(system, Fusion)
    return system


def progress_in(system: Fusion, stage: Stage) -> float:
    """A progress within the stage, past the first fit of the prior."""
    gan, joint = small("fusion").stages
    return {"autoencoder": gan / 2, "gan": (gan + joint) / 2, "joint": (max(joint, 0.75) + 1) / 2}[stage]


def terms(system: Fusion, batch: Batch, progress: float) -> dict[str, Tensor]:
    """Every term of a round by ``phase/name``, with gradients to whatever its phase may move."""
    found: dict[str, Tensor] = {}
    for phase in system.phases():
        if phase.active(8, progress):
            with only_trainable(system, phase):
                step = phase.loss(batch, tick(8, progress, len(batch.x)))
            found |= {f"{phase.name}/{name}": term for name, term in step.terms.items()}
    return found


def listeners(system: Fusion, stage: Stage, term: str) -> set[str]:
    """The networks that hear a term, in whatever phase."""
    batch, heard = examples(), set[str]()
    warmed(system, batch, progress_in(system, stage))
    for name, value in terms(system, batch, progress_in(system, stage)).items():
        if name.endswith(f"/{term}"):
            system.zero_grad(set_to_none=True)
            value.backward()
            heard |= {network for network in NETWORKS if hears(system.get_submodule(network))}
    return heard


def hears(network: torch.nn.Module) -> bool:
    return any(p.grad is not None and bool(p.grad.abs().max() > 0) for p in network.parameters())


@pytest.mark.parametrize("start", ["decoder", "faithful"])
@pytest.mark.parametrize("join", ["concatenate", "modulate"])
def test_the_realistic_decode_starts_as_the_faithful_one(join: str, start: str) -> None:
    system, batch = fusion(join=join, start=start), examples()
    state = TrainState.fresh(system)
    for number in range(20):  # the autoencoder's own time
        take_round(state, batch, tick(number, 0.1, len(batch.x)))
    settled(system, batch)
    with torch.no_grad():
        code = system.encode(batch.x)
        realistic = system.realize(code, tick(0, 0.0, len(code)).draws)
        assert torch.allclose(realistic, system.decode(code), atol=1e-5)


def test_the_realistic_decode_starts_from_nothing_when_asked() -> None:
    system, batch = settled(fusion(start="nothing"), examples()), examples()
    assert isinstance(system, Fusion)
    with torch.no_grad():
        code = system.encode(batch.x)
        faithful, realistic = system.decode(code), system.realize(code, tick(0, 0.0, len(code)).draws)
    assert (faithful - realistic).abs().mean() > 1e-3


def test_realistic_decodes_of_one_code_differ_by_their_noise_and_stay_equal_with_it() -> None:
    for join in ("concatenate", "modulate"):
        system = fusion(join=join)
        warmed(system, examples(), progress_in(system, "joint"))
        code = torch.zeros(6, system.code_size)
        with torch.no_grad():
            first, again, other = (system.realize(code, tick(r, 0.0, 6).draws) for r in (0, 0, 1))
        assert torch.equal(first, again) and not torch.equal(first, other)
        assert (first[0] - first[1]).abs().max() > 0


@pytest.mark.parametrize("start", ["decoder", "faithful", "nothing"])
@pytest.mark.parametrize("encoder", ["reconstructions", "all", "frozen"])
def test_the_decoder_hears_the_faithful_term_alone(encoder: str, start: str) -> None:
    stages: tuple[Stage, ...] = ("autoencoder", "gan", "joint")
    for stage in stages:
        for term in ("realistic", "adversarial"):
            assert "decoder" not in listeners(fusion(encoder=encoder, start=start), stage, term)
    assert "decoder" in listeners(fusion(encoder=encoder, start=start), "autoencoder", "faithful")
    if encoder != "frozen":
        assert "decoder" in listeners(fusion(encoder=encoder, start=start), "joint", "faithful")


@pytest.mark.parametrize(
    ("encoder", "stage", "realistic", "adversarial", "faithful"),
    [
        ("reconstructions", "autoencoder", False, False, True),
        ("reconstructions", "joint", True, False, True),
        ("all", "joint", True, True, True),
        ("frozen", "autoencoder", False, False, True),
        ("frozen", "gan", False, False, False),
        ("frozen", "joint", False, False, False),
    ],
)
def test_the_encoder_hears_what_it_should(
    encoder: str, stage: Stage, realistic: bool, adversarial: bool, faithful: bool
) -> None:
    assert ("encoder" in listeners(fusion(encoder=encoder), stage, "realistic")) == realistic
    assert ("encoder" in listeners(fusion(encoder=encoder), stage, "adversarial")) == adversarial
    assert ("encoder" in listeners(fusion(encoder=encoder), stage, "faithful")) == faithful


@pytest.mark.parametrize("encoder", ["reconstructions", "all"])
def test_before_the_joint_stage_the_encoder_hears_the_faithful_term_alone(encoder: str) -> None:
    assert "encoder" in listeners(fusion(encoder=encoder), "gan", "faithful")
    assert "encoder" not in listeners(fusion(encoder=encoder), "gan", "realistic")
    assert "encoder" not in listeners(fusion(encoder=encoder), "gan", "adversarial")


def test_the_generator_hears_both_terms_of_the_realistic_decode_and_no_other() -> None:
    for stage in ("gan", "joint"):
        assert "generator" in listeners(fusion(), stage, "realistic")
        assert "generator" in listeners(fusion(), stage, "adversarial")
        assert "generator" not in listeners(fusion(), stage, "faithful")


def test_a_frozen_encoder_does_not_move_after_the_first_stage() -> None:
    system, batch = fusion(encoder="frozen"), examples()
    state = warmed(system, batch, progress_in(system, "gan"))
    before = weights(system)
    for number, stage in enumerate(("gan", "joint")):
        take_round(state, batch, tick(6 + number, progress_in(system, stage), len(batch.x)))
    after = system.state_dict()
    moved = {name.split(".")[0] for name, value in before.items() if not torch.equal(value, after[name])}
    assert "encoder" not in moved and {"generator", "critic"} <= moved


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_share_of_codes_from_the_prior_is_as_asked(share: float) -> None:
    system, batch = fusion(from_prior=share), examples(count=64)
    settled(system, batch)
    for progress, expected in ((0.1, 0.0), (system.gan_from + 0.01, share), (0.99, share)):
        with torch.no_grad():
            own = system.generator_codes(batch, tick(3, progress, 64)) == system.encode(batch.x)
        assert 1 - own.all(1).float().mean().item() == expected


def test_a_micro_batch_takes_its_own_rows_of_that_share() -> None:
    system = fusion(from_prior=0.3)
    now = tick(3, 0.9, 20)
    whole = system.from_prior(now)
    parts = [system.from_prior(now._replace(draws=now.draws.narrow(start, 4))) for start in range(0, 20, 4)]
    assert torch.equal(whole, torch.cat(parts)) and whole.sum() == 6


def test_each_stage_has_its_terms() -> None:
    everything = {"faithful", "realistic", "adversarial"}
    for schedule, names in (("staged", [{"faithful"}, everything]), ("joint", [everything, everything])):
        system, batch = fusion(schedule=schedule), examples()
        settled(system, batch)
        found = [{name.split("/")[1] for name in terms(system, batch, p)} for p in (0.1, 0.9)]
        assert [names_found & everything for names_found in found] == names


def test_weights_scale_their_terms() -> None:
    batch, config = examples(), small("fusion")
    found = []
    for system in (fusion(), fusion(closeness=6.0, adversarial=0.5)):
        settled(system, batch)
        found.append(terms(system, batch, 0.9))
    ratios = {"realistic": 6.0 / config.closeness, "adversarial": 0.5 / config.adversarial}
    for name, term in found[0].items():
        ratio = ratios.get(name.split("/")[1], 1.0) if not name.startswith("critic/") else 1.0
        assert found[1][name].item() == pytest.approx(ratio * term.item(), rel=1e-5), name


def test_a_code_from_the_prior_is_not_held_to_any_picture() -> None:
    """With every code from the prior and a deaf encoder, nothing is left to be near to."""
    system, batch = fusion(from_prior=1.0, encoder="frozen"), examples()
    settled(system, batch)
    near = [term.item() for name, term in terms(system, batch, 0.9).items() if name.endswith("/realistic")]
    assert near == [0.0]


def test_closeness_is_the_mean_over_the_pictures_that_were_encoded() -> None:
    batch = examples()
    found = []
    for share in (0.0, 0.5):
        system = fusion(from_prior=share, encoder="frozen", start="nothing")
        settled(system, batch)
        with torch.no_grad():
            x = system.realize(system.encode(batch.x), tick(8, 0.9, len(batch.x)).draws)
            encoded = ~system.from_prior(tick(8, 0.9, len(batch.x)))
        expected = (x - batch.x).square().flatten(1).mean(1)[encoded].mean().item() * small(
            "fusion"
        ).closeness
        term = next(value for name, value in terms(system, batch, 0.9).items() if name.endswith("/realistic"))
        found.append((term.item(), expected))
    for term_value, expected in found:
        assert term_value == pytest.approx(expected, rel=1e-4)


def test_faithful_and_realistic_share_one_code() -> None:
    system: System = fusion()
    assert isinstance(system, Fusion)
    warmed(system, batch := examples(), 0.9)
    moved: Tensor = replace(batch, x=batch.x.flip(0)).x
    with torch.no_grad():
        assert torch.allclose(system.encode(moved), system.encode(batch.x).flip(0), atol=1e-6)


def test_the_generator_goes_on_to_mean_the_same_when_the_prior_is_fitted_again() -> None:
    system, batch = fusion(start="faithful"), examples()
    warmed(system, batch, progress_in(system, "joint"))
    with torch.no_grad():
        code, draws = torch.randn(6, system.code_size), tick(0, 0.0, 6).draws
        before = system.realize(code, draws)
        for parameter in system.encoder.parameters():
            parameter.mul_(1.5)  # the codes have moved on
        settled(system, batch)
        assert torch.equal(system.realize(code, draws), before)


def test_the_generator_follows_the_decoder_by_what_it_has_learned_itself() -> None:
    """Its weights are the decoder's plus a difference, so that a move of one moves the other as far."""
    system, batch = fusion(), examples()
    warmed(system, batch, progress_in(system, "joint"))
    with torch.no_grad():
        code, draws = system.encode(batch.x), tick(0, 0.0, len(batch.x)).draws
        faithful, realistic = system.decode(code), system.realize(code, draws)
        last = [weight for name, weight in system.decoder.named_parameters() if name.endswith("bias")][-1]
        last.add_(0.25)
        assert torch.allclose(system.decode(code) - faithful, torch.tensor(0.25), atol=1e-5)
        assert torch.allclose(system.realize(code, draws) - realistic, torch.tensor(0.25), atol=1e-5)


@pytest.mark.skipif(imagenet_weights() is None, reason="the imagenet extra is missing")
@pytest.mark.parametrize("augment", ["none", "translation"])
def test_a_critic_with_a_backbone_adds_a_distance_that_the_generator_alone_hears(augment: str) -> None:
    """Twice the weight, twice the term; each picture is looked at once a round where nothing changes it at random."""
    spec, terms_of = SPECS["color"], []
    batch = examples(spec)
    for weight in (1.0, 2.0):
        critic = replace(small("fusion").critic, backbone="imagenet", augment=augment)
        system = fusion(spec, critic=critic, perceptual=weight, start="nothing")
        settled(system, batch)
        terms_of.append(terms(system, batch, progress_in(system, "gan")))
    one, two = (found["generator/perceptual"] for found in terms_of)
    assert two.item() == pytest.approx(2 * one.item(), rel=1e-4) and one.item() > 0.05
    system.zero_grad(set_to_none=True)
    two.backward()
    assert [name for name in NETWORKS if hears(system.get_submodule(name))] == ["generator"]


@pytest.mark.parametrize("layout", ["map", "flat"])
def test_a_pattern_on_every_realistic_decode_is_penalized_where_the_code_is_a_map(layout: Layout) -> None:
    system, batch = fusion(code=layout, code_size=128), examples()
    warmed(system, batch, progress_in(system, "gan"))
    terms = (
        {phase.name: phase for phase in system.phases()}["generator"]
        .loss(batch, tick(2, 0.8, len(batch.x)))
        .terms
    )
    assert ("lattice" in terms) == (layout == "map")
