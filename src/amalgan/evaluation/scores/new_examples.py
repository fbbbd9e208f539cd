"""New examples of one model, which several scores look at: each is drawn once.

    seed ─► codes, drawn once ─┬─► realistic decoder ─► x'' ─┬─► the score that asked
                               └─► faithful decoder ──► x' ──┘
                                        the first 2,000 of each, as files hold them ─► scores that need no more

Drawing a code takes longer than decoding it where the prior is a flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.kinds import kind_of
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName, generate

KEPT = 2_048
"""So many examples of each decoder stay in memory, in whole chunks."""


@dataclass(frozen=True, eq=False)
class NewExamples:
    """New examples of a model for one seed."""

    model: Model
    seed: int
    codes: dict[int, Tensor] = field(default_factory=dict)
    """By number of their chunk."""
    kept: dict[DecoderName | None, list[NDArray[Any]]] = field(default_factory=dict)

    def chunks(self, count: int, decoder: DecoderName | None = None) -> Iterator[Tensor]:
        """Yield the first ``count`` examples as users get them, float32 (b, *shape), in chunks of at most 256.

        Raises:
            AbilityError: the model cannot generate, or has no such decoder.
        """
        known = self.kept.setdefault(decoder, [])
        kind = kind_of(self.model.spec)
        if count <= sum(map(len, known)):
            for start, values in zip(range(0, count, CHUNK), known, strict=False):
                yield kind.unpacked(values[: count - start])
            return
        known.clear()
        for x in generate(self.model, count, seed=self.seed, decoder=decoder, codes=self.codes):
            shown = kind.delivered(x)
            if len(known) < KEPT // CHUNK:
                known.append(kind.packed(shown))
            yield shown
