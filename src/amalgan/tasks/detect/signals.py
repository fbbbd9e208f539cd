"""What can make an example strange to a model: a score a network, higher is stranger, and what is usual together.

            ┌─► code z ─► decoder ─► x' ─┬─► mean squared error             reconstruction
    example ┤    │                       └─► encoder ─► z'   |z - z'|^2     drift
            │    └──► prior ─► -log p(z), of discrete codes bits            density
            └─► critic ─► logit, the sign turned                            critic

    picture ─► a network taught on ImageNet ─► distance from normal ones     outside (where it is asked for)
    picture at its own size ─► patches ─► the largest distance from a normal one   patches (where they are asked for)
    [z, log error, log drift] ─► mixture of Gaussians on known normal examples ─► -log p        joint

A signal is there when the system has what it needs: an ability, or a mixture of Gaussians among its parts (a learned
prior draws codes and has no density). No score looks at an example's label: a critic that wants one is told
the one that makes the example look most real.

How well a picture is decoded depends on what it shows: a thin stroke is easy, and an error that would be usual for
a loop is none for a stroke. A density of code and errors together knows that, and it needs no weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import AbilityError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import Records
from amalgan.kinds import kind_of
from amalgan.networks.priors import GaussianFlowPrior, MixturePrior
from amalgan.systems.abilities import Decodes, Encodes, Rates
from amalgan.systems.model_file import Model
from amalgan.tasks.detect.outside import Outside
from amalgan.tasks.judging import judge_of, why_silent

SAID = {
    "reconstruction": "mean squared error of the faithful decode",
    "drift": "how far the code moves when its decode is encoded again",
    "letters": "bits that a letter of the string takes in the mean, for a decoder that is not told the code",
    "letter": "bits of the unlikeliest letter",
    "density": "how unlikely the code is under the prior",
    "critic": "how far the critic is from taking it for real",
    "joint": "how unlikely code, error and drift are together",
    "outside": "how far it lies from normal pictures in the outside network's features",
    "patches": "how far the strangest of its patches lies from those of normal pictures",
}
JOINT, CRITIC, OUTSIDE, PATCHES = "joint", "critic", "outside", "patches"
FINEST = 5e-6
"""Squared errors below that of rounding to eight bits, in [-1, 1], do not differ."""
PARTS, MOST_KNOWN, FEWEST_KNOWN = 64, 20_000, 100
"""Gaussians of the mixture, and how many examples it is fitted to."""


class Looked(NamedTuple):
    """What a model finds in one chunk."""

    score: dict[str, Float[Tensor, " B"]]
    together: Float[Tensor, "B F"]
    """Code, log error and log drift; no columns where the model does not encode and decode."""


@dataclass(frozen=True, eq=False)
class Joint:
    """How code and errors of normal examples occur together."""

    mixture: MixturePrior

    @classmethod
    def fit(cls, model: Model, chunks: Iterable[Float[Tensor, "B ..."]]) -> Joint | None:
        """Learn it from normal examples, which the model may have been trained on; None where there are too few.

        Those that p-values compare with must not be among them.
        """
        if not (isinstance(model.system, Encodes) and isinstance(model.system, Decodes)):
            return None
        parts = [looked(model, x).together for x in chunks]
        found = torch.cat(parts) if parts else torch.zeros(0, 1)
        found = found[found.isfinite().all(1)]
        if len(found) < FEWEST_KNOWN:
            return None
        mixture = MixturePrior(found.shape[1], 0, parts=PARTS, codes=MOST_KNOWN)
        mixture.fit(found, torch.full((len(found),), UNLABELED), Draws(seed=0, round=0, total=len(found)))
        return cls(mixture)

    @classmethod
    def of(cls, model: Model, known: Records | None) -> Joint | None:
        """The same from at most 20,000 of ``known``, spread evenly."""
        if known is None:
            return None
        chosen = known.select(known.spaced(MOST_KNOWN))
        return cls.fit(model, (batch.x for batch in chosen.batches(CHUNK)))

    def surprise(self, together: Float[Tensor, "B F"]) -> Float[Tensor, " B"]:
        """-log p of each row, in nats."""
        return -self.mixture.log_density(together)


@torch.no_grad()
def signals(
    model: Model,
    x: Float[Tensor, "B ..."],
    joint: Joint | None = None,
    outside: Outside | None = None,
) -> dict[str, Float[Tensor, " B"]]:
    """The scores of one chunk; what is no number is infinitely strange.

    Raises:
        AbilityError: the model has nothing to judge by.
    """
    score, together = looked(model, x)
    if not score:
        raise AbilityError(
            f"a model of system {model.name!r} has no code, no prior and no critic to judge by. "
            + (why_silent(model) or "Any of the built-in systems has one; amalgan systems lists them.")
        )
    if joint is not None:
        score[JOINT] = joint.surprise(together)
    if outside is not None:
        score[OUTSIDE] = outside.distance(x.to(model.device))
    return {name: one.double().nan_to_num(torch.inf).cpu() for name, one in score.items()}


@torch.no_grad()
def looked(model: Model, x: Float[Tensor, "B ..."]) -> Looked:
    """Every score that the model has, and what is judged together."""
    system, together = model.system, torch.zeros(len(x), 0)
    x = x.to(model.device)
    score: dict[str, Tensor] = {}
    if isinstance(system, Encodes):
        code = system.encode(x)
        if isinstance(system, Decodes):
            decoded = system.decode(code)
            error = kind_of(system.spec).apart(decoded, x).square().flatten(1).mean(1)
            drift = (system.encode(kind_of(system.spec).within(decoded)) - code).square().mean(1)
            score |= {"reconstruction": error, "drift": drift}
            own = kind_of(system.spec).strangeness(system, x)
            score |= own
            logs = [(one + FINEST).log()[:, None] for one in (error, drift, *own.values())]
            together = torch.cat([code, *logs], 1).float().cpu()
        if (surprise := surprise_of(model, code)) is not None:
            score["density"] = surprise
    if (critic := judge_of(model)) is not None:
        score[CRITIC] = -critic.judge(x, None)
    return Looked(score, together)


def surprise_of(model: Model, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"] | None:
    """-log p of each code, in nats or, of discrete codes, in bits; None where the prior has no density."""
    if isinstance(model.system, Rates):
        return model.system.bits(code)
    prior = model.part(MixturePrior) or model.part(GaussianFlowPrior)
    return -prior.log_density(code) if prior is not None and prior.fitted else None


def scored(
    model: Model,
    chunks: Iterable[Float[Tensor, "B ..."]],
    joint: Joint | None = None,
    outside: Outside | None = None,
) -> dict[str, Float[Tensor, " N"]]:
    """The scores of all examples; nothing for none."""
    parts = [signals(model, x, joint, outside) for x in chunks]
    return {name: torch.cat([part[name] for part in parts]) for name in (parts[0] if parts else ())}
