"""What can make an example strange to a model: one score a network, higher is stranger.

            ┌─► code ─► decoder ─► x' ─► mean squared error            reconstruction
    example ┤      └──► prior ─► -log p(code), of discrete codes bits   density
            └─► critic ─► logit, the sign turned                        critic

A signal is there when the system has what it needs: an ability, a critic, or a mixture of Gaussians among its parts (a
learned prior draws codes and has no density). No score looks at an example's label: a critic that wants one is told
the one that makes the example look most real.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.errors import AbilityError
from amalgan.modelfile import Model
from amalgan.networks import Critic
from amalgan.priors import MixturePrior
from amalgan.systems.abilities import Decodes, Encodes, Rates

SAID = {
    "reconstruction": "mean squared error of the faithful decode",
    "density": "how unlikely the code is under the prior",
    "critic": "how far the critic is from taking it for real",
}


@torch.no_grad()
def signals(model: Model, x: Float[Tensor, "B ..."]) -> dict[str, Float[Tensor, " B"]]:
    """The scores of one chunk; what is no number is infinitely strange.

    Raises:
        AbilityError: the model has nothing to judge by.
    """
    system, found = model.system, {}
    if isinstance(system, Encodes):
        code = system.encode(x)
        if isinstance(system, Decodes):
            found["reconstruction"] = (system.decode(code) - x).square().flatten(1).mean(1)
        if (surprise := surprise_of(model, code)) is not None:
            found["density"] = surprise
    if critic := model.part(Critic):
        found["critic"] = -critic.likeliest(x)
    if not found:
        raise AbilityError(
            f"a model of system {model.name!r} has no code, no prior and no critic to judge by. Any of the built-in "
            "systems has one; amalgan systems lists them."
        )
    return {name: score.double().nan_to_num(torch.inf).cpu() for name, score in found.items()}


def surprise_of(model: Model, code: Float[Tensor, "B K"]) -> Float[Tensor, " B"] | None:
    """-log p of each code, in nats or, of discrete codes, in bits; None where the prior has no density."""
    if isinstance(model.system, Rates):
        return model.system.bits(code)
    prior = model.part(MixturePrior)
    return -prior.log_density(code) if prior is not None and prior.fitted else None


def scored(model: Model, chunks: Iterable[Float[Tensor, "B ..."]]) -> dict[str, Float[Tensor, " N"]]:
    """The scores of all examples; nothing for none."""
    device = next(model.system.parameters()).device
    parts = [signals(model, x.to(device)) for x in chunks]
    return {name: torch.cat([part[name] for part in parts]) for name in (parts[0] if parts else ())}
