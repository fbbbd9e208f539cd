"""Examples, encoded and decoded again.

records ─► encoder ─► code ─┬─► decoder ───► x'   faithful: as near to the picture as the code allows
                            └─► generator ─► x''  realistic: looks real, draws what the code does not say
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws, key
from amalgan.core.types import DataSpec
from amalgan.data.dataset.records import Chunked
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Realizes
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName, check_decoder


def reconstruct(
    model: Model,
    records: Chunked,
    *,
    decoder: DecoderName = "faithful",
    seed: int = 0,
    first: int = 0,
    tell: Callable[[Tensor, Tensor], None] | None = None,
) -> Iterator[Tensor]:
    """Yield the reconstruction of every record in order, float32, in chunks of at most 256.

    Args:
        first: leave out so many, whole chunks of them, that are there already.
        tell: is given each chunk as it is and as it is reconstructed.

    Raises:
        AbilityError: the model has no code, or no such decoder.
    """
    for x, made in reconstruct_pairs(model, records, decoder=decoder, seed=seed, first=first):
        if tell is not None:
            tell(x, made)
        yield made


@torch.no_grad()
def reconstruct_pairs(
    model: Model, records: Chunked, *, decoder: DecoderName = "faithful", seed: int = 0, first: int = 0
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the examples of each chunk, and their reconstructions. A first chunk may be as short as a last one.

    Raises:
        AbilityError: the model has no code, or no such decoder.
    """
    model.require(Encodes)
    model.require(Realizes if decoder == "realistic" else Decodes)
    for chunk, x in records.chunks(first):
        draws = Draws(
            seed=key(seed, "reconstruct"), round=chunk, total=CHUNK, count=len(x), device=model.device
        )
        yield x, redraw(model, x.to(model.device), draws, decoder).cpu()


def redraw(model: Model, x: Tensor, draws: Draws, decoder: DecoderName) -> Tensor:
    """Encode and decode one chunk."""
    check_decoder(decoder)
    code = model.require(Encodes).encode(x)
    if decoder == "realistic":
        return model.require(Realizes).realize(code, draws)
    return model.require(Decodes).decode(code)


class Alike:
    """How alike examples and their reconstructions are, by the measures of their kind, over those that were made."""

    def __init__(self, spec: DataSpec) -> None:
        self.kind, self.count = kind_of(spec), 0
        self.total = {one.key: 0.0 for one in self.kind.likenesses() if self.kind.refuses("psnr")}

    def __call__(self, x: Tensor, made: Tensor) -> None:
        """Take a chunk into account."""
        self.count += len(x)
        for one in self.kind.likenesses():
            if one.key in self.total:
                self.total[one.key] += float(one.measure(self.kind.delivered(made), x).sum())

    def means(self) -> dict[str, float]:
        """Each measure by its key; nothing before the first chunk."""
        return {key: total / self.count for key, total in self.total.items() if self.count}
