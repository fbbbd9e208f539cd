"""How well a decoder spells: the reconstruction loss of strings, and how unlikely a string is.

    code + noise ─► [hidden from some rows] ─► Writer, told the letters before (some hidden) ─► -log p(string), nats

Noise on the code keeps what lies between codes decodable, as the prior draws codes there.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.kinds.text.letters import length_of
from amalgan.kinds.text.networks import Writer, hide

NOISE = 0.25
"""Deviation of the noise on codes, whose root mean square is 1."""
HIDDEN = (0.15, 0.1)
"""Shares of letters, and of codes, that are hidden from the decoder."""


def letters_of(spec: DataSpec) -> float:
    """Letters, with the end, of a string in the mean."""
    return float(spec.facts["mean_length"]) + 1


def spelling_loss(
    writer: Writer, code: Float[Tensor, "B K"], x: Float[Tensor, "B 128"], draws: Draws, spec: DataSpec
) -> Float[Tensor, " B"]:
    """-log p of each string, in nats a letter of a mean string."""
    hidden = hide(
        x, writer.steps, draws.uniform("hidden letters", writer.steps), draws.uniform("hidden code"), HIDDEN
    )
    noisy = code + NOISE * draws.normal("code noise", code.shape[1])
    return writer.surprise(noisy, x, hidden).sum(1) / letters_of(spec)


def unit(code: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
    """Codes of root mean square 1, as the encoder gives them."""
    return code * code.square().mean(1, keepdim=True).clamp(min=1e-8).rsqrt()


@torch.no_grad()
def bits_untold(writer: Writer, x: Float[Tensor, "B 128"]) -> Float[Tensor, "B T"]:
    """-log2 p of each letter and the end for a decoder that is not told the code; 0 behind the end."""
    size = writer.begin.in_features
    return writer.surprise(x.new_zeros(len(x), size), x) / torch.log(x.new_tensor(2.0))


@torch.no_grad()
def bits_a_letter(writer: Writer, x: Float[Tensor, "B 128"]) -> Float[Tensor, " B"]:
    """The same, the mean over the letters and the end of each string that the decoder writes."""
    return bits_untold(writer, x).sum(1) / (length_of(x) + 1).clamp(max=writer.steps)


def refuse_settings(config: object) -> None:
    """Refuse settings that are for numbers.

    Raises:
        ConfigError: names all of them.
    """
    network = getattr(config, "network", None)
    wrong = {
        "denoise": bool(getattr(config, "denoise", 0)),
        "reconstruction": getattr(config, "reconstruction", "l2") != "l2",
        "code map": getattr(config, "code", None) == "map",
        "network.dense": bool(getattr(network, "dense", False)),
    }
    if found := [name for name, given in wrong.items() if given]:
        raise ConfigError(
            [f"{name} is for pictures and numbers, and the data is strings; leave it out" for name in found]
        )
