"""The encoder and the decoder of strings.

    x ─► letters (B, T, E) ─► convolutions, half as long and half again ─► code z, of root mean square 1

    z ─┬─► transposed convolutions ─► a feature for each place u_t ─┐
       └─► first state h_0                                          ▼
                                      letter t - 1, u_t ─► GRU ─► h_t ─► logits of letter t ◄── u_t

The features say what is at each place, as a decoder that writes all letters at once would; the recurrent network sees
what was written, so that what it writes next fits. Letters before are hidden from it at random in training (word
dropout, Bowman et al. 2016, arXiv:1511.06349, section 3.1), so that it looks at the code, and in some rows the code is
hidden (all zeros): there it learns what strings look like at all, which compression and detection ask it.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from amalgan.config.parts import Networks
from amalgan.core.types import DataSpec
from amalgan.kinds.text.letters import LONGEST, length_of, steps_of, vocabulary

EMBEDDED = 32
"""Numbers that stand for a letter."""
PLACE = 48
"""Numbers of a feature for each place."""
HALVINGS = 4
"""By which the encoder shortens a string."""
SLOPE = 0.2


def rectify(x: Tensor) -> Tensor:
    """Leaky, of slope 0.2."""
    return functional.leaky_relu(x, SLOPE)


def width_of(config: Networks) -> int:
    """Channels of the convolutions."""
    return 3 * config.width


class Hidden(NamedTuple):
    """What is hidden from the decoder in training."""

    letters: Bool[Tensor, "B T"]
    """Letters before."""
    code: Bool[Tensor, " B"]


class StringEncoder(nn.Module):
    """From strings to numbers; ``unit`` gives them a root mean square of 1."""

    def __init__(self, config: Networks, spec: DataSpec, features: int, *, unit: bool = False) -> None:
        super().__init__()
        wide, self.unit = width_of(config), unit
        self.places = -(-steps_of(spec) // HALVINGS)
        self.unknown = len(vocabulary(spec)) + 1
        self.table = nn.Embedding(self.unknown + 1, EMBEDDED)
        self.see = nn.Conv1d(EMBEDDED, wide, 3, padding=1)
        self.shorten = nn.ModuleList(nn.Conv1d(wide, wide, 4, 2, 1) for _ in range(2))
        self.last = nn.Linear(wide * self.places, features)

    def forward(self, x: Float[Tensor, "B 128"]) -> Float[Tensor, "B F"]:
        ids = x[:, : HALVINGS * self.places].round().long().clamp(0, self.unknown)
        ids = functional.pad(ids, (0, HALVINGS * self.places - ids.shape[1]))
        found = rectify(self.see(self.table(ids).transpose(1, 2)))
        for layer in self.shorten:
            found = rectify(layer(found))
        code = self.last(found.flatten(1)).float()
        return code * code.square().mean(1, keepdim=True).clamp(min=1e-8).rsqrt() if self.unit else code


class Writer(nn.Module):
    """From codes to strings, letter by letter."""

    def __init__(self, config: Networks, spec: DataSpec, code_size: int) -> None:
        super().__init__()
        wide, units = width_of(config), config.hidden // 2
        self.steps, self.unknown = steps_of(spec), len(vocabulary(spec)) + 1
        self.quarter = -(-self.steps // HALVINGS)
        self.table = nn.Embedding(self.unknown + 1, EMBEDDED)
        self.spread = nn.Linear(code_size, wide * self.quarter)
        self.lengthen = nn.ModuleList(
            [nn.ConvTranspose1d(wide, wide, 4, 2, 1), nn.ConvTranspose1d(wide, PLACE, 4, 2, 1)]
        )
        self.begin = nn.Linear(code_size, units)
        self.cell = nn.GRU(EMBEDDED + PLACE, units, batch_first=True)
        self.last = nn.Linear(units + PLACE, self.unknown)

    def place_features(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B T P"]:
        """The feature for each place."""
        found = self.spread(code).reshape(len(code), -1, self.quarter)
        for layer in self.lengthen:
            found = layer(rectify(found))
        return rectify(found).transpose(1, 2)[:, : self.steps]

    def start(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B H"]:
        """The state before the first letter."""
        return self.begin(code).tanh()

    def logits(
        self, code: Float[Tensor, "B K"], x: Float[Tensor, "B 128"], hidden: Hidden | None = None
    ) -> Float[Tensor, "B T V"]:
        """Of each letter of ``x``, given those before it."""
        ids = x[:, : self.steps].round().long().clamp(0, self.unknown)
        before = functional.pad(ids, (1, -1))
        if hidden is not None:
            before = before.masked_fill(hidden.letters, self.unknown)
            code = code * ~hidden.code[:, None]
        place = self.place_features(code)
        written = (length_of(x) + 1).clamp(max=self.steps)
        state = self.states(torch.cat([self.table(before), place], 2), self.start(code), written)
        return self.last(torch.cat([state, place], 2)).float()

    def states(
        self, seen: Float[Tensor, "B T E"], start: Float[Tensor, "B H"], count: Int[Tensor, " B"]
    ) -> Float[Tensor, "B T H"]:
        """The states at the first ``count`` places of each row; zeros behind them, which cost no time."""
        packed = pack_padded_sequence(seen, count.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = self.cell(packed, start[None])
        padded: Tensor = pad_packed_sequence(states, batch_first=True, total_length=self.steps)[0]
        return padded

    def surprise(
        self, code: Float[Tensor, "B K"], x: Float[Tensor, "B 128"], hidden: Hidden | None = None
    ) -> Float[Tensor, "B T"]:
        """-log p of each letter and the end, in nats; 0 behind it. An unknown letter costs as much as the rarest."""
        logits = self.logits(code, x, hidden)
        ids = x[:, : self.steps].round().long()
        unknown = ids >= self.unknown
        each = functional.cross_entropy(
            logits.transpose(1, 2), ids.clamp(0, self.unknown - 1), reduction="none"
        )
        each = torch.where(unknown, logits.logsumexp(2) - logits.min(2).values, each)
        inside = torch.arange(self.steps, device=x.device) <= length_of(x)[:, None]
        return each * inside

    @torch.no_grad()
    def write(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B 128"]:
        """The likeliest letter at each place, given those written; ends where all have ended."""
        place, state = self.place_features(code), self.start(code)[None]
        letter = torch.zeros(len(code), dtype=torch.long, device=code.device)
        written = torch.zeros(len(code), LONGEST, device=code.device)
        going = torch.ones(len(code), dtype=torch.bool, device=code.device)
        for step in range(self.steps if len(code) else 0):
            here = place[:, step : step + 1]
            found, state = self.cell(torch.cat([self.table(letter)[:, None], here], 2), state)
            letter = self.last(torch.cat([found, here], 2))[:, 0].argmax(1)
            going &= letter != 0
            letter = letter * going
            written[:, step] = letter
            if not going.any():
                break
        return written

    def forward(self, code: Float[Tensor, "B K"]) -> Float[Tensor, "B 128"]:
        return self.write(code)


def hide(
    x: Float[Tensor, "B 128"],
    steps: int,
    letters: Float[Tensor, "B T"],
    code: Float[Tensor, " B"],
    share: tuple[float, float],
) -> Hidden:
    """What is hidden: a share of letters by uniform numbers, and of codes; where the code is, no letter is."""
    alone: Int[Tensor, " B"] = code < share[1]
    return Hidden((letters[:, :steps] < share[0]) & ~alone[:, None], alone)
