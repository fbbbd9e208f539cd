"""Text: short strings of up to 128 letters, as molecules, names, titles and lines of logs.

letters    strings, code points and what networks see     reading    .txt, tables, built-in words
networks   the encoder, and a decoder letter by letter    spelling   its loss, and how unlikely a string is
autoencoder, supervised, fusion: the systems, on codes    judge      what sets of strings are compared in
grams      six letters: the model to beat                 measures   unique, new, valid, perplexity
coding     compression without loss                       drawing    strings as pictures
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.errors import ConfigError, UsageError
from amalgan.core.types import DataSpec
from amalgan.kinds.measures import Likeness, SetMeasure, Sets
from amalgan.kinds.plain import R_SQUARED, Plain, all_but
from amalgan.kinds.registry import register
from amalgan.kinds.text.refused_systems import REASONS

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Generator, Tensor, nn

    from amalgan.codec.base import Coder
    from amalgan.config.code import Layout
    from amalgan.config.data import DataConfig
    from amalgan.config.parts import Networks, Views
    from amalgan.core.randomness import Draws
    from amalgan.core.types import Batch
    from amalgan.data import Dataset
    from amalgan.data.dataset.store import Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures
    from amalgan.features.judge import Features
    from amalgan.systems.base import System

CODE = 64
"""Numbers of a code."""
REFUSED = {
    **all_but("drawing"),
    **R_SQUARED,
    "psnr": "PSNR is of pictures; strings come back exactly or do not",
}


@register("text")
class Text(Plain):
    """Strings."""

    noun, nouns = "string", "strings"
    entries = "letters"
    refused = REFUSED
    options = ("text_column",)
    takes_command = True

    def text(self, spec: DataSpec) -> str:
        letters = len(spec.facts.get("letters", ""))
        return f"up to {spec.facts.get('longest', spec.size)} letters of {letters}" if letters else "strings"

    def reads(self, found: ArrayData | Pictures) -> bool:
        """Text files, and what holds strings alone."""
        from amalgan.data.readers.sources import ArrayData
        from amalgan.data.readers.strings import are_texts

        if isinstance(found, ArrayData):
            return found.strings is not None and not found.shape
        return are_texts(found)

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        from amalgan.kinds.text.reading import read_strings

        return read_strings(self, name, found, request, into)

    def stored_dtype(self) -> str:
        return "<i4"

    def amount(self, shape: tuple[int, ...]) -> str:
        return "strings"

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        """With the vocabulary, and the longest, of the training strings."""
        from amalgan.kinds.text.letters import BLOCK, LONGEST, facts_of

        blocks = (store.rows(train[start : start + BLOCK]) for start in range(0, len(train), BLOCK))
        classes = tuple(store.facts["classes"])
        return DataSpec(kind=self.name, shape=(LONGEST,), classes=classes, facts=facts_of(blocks))

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        """A string, or many."""
        from amalgan.kinds.text.letters import points_of, to_ids

        texts = [x] if isinstance(x, str) else [*x]
        if wrong := next((one for one in texts if not isinstance(one, str)), None):
            raise UsageError(
                f"found {type(wrong).__name__}; this model reads a string, or a list of strings."
            )
        return to_ids(points_of(list(map(str, texts))), spec)

    def typed(self, text: str, spec: DataSpec) -> Tensor | None:
        return self.from_python(text, spec, own_size=False)

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """Numbers of letters, float32 (B, 128)."""
        from amalgan.kinds.text.letters import points_of, to_ids

        strings = isinstance(values, np.ndarray) and values.dtype.kind == "U"
        return to_ids(points_of(values.tolist()) if strings else values, spec)

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """Strings, (N,)."""
        from amalgan.kinds.text.letters import texts_of, to_points

        return texts_of(to_points(x, spec))

    def packed(self, x: Tensor) -> NDArray[Any]:
        return np.asarray(x.round().int().numpy())

    def delivered(self, x: Tensor) -> Tensor:
        from amalgan.kinds.text.letters import until_the_end

        return until_the_end(x)

    def within(self, x: Tensor) -> Tensor:
        return self.delivered(x)

    def entry_names(self, spec: DataSpec) -> list[str]:
        return [f"letter {at + 1}" for at in range(spec.size)]

    def table_columns(self, spec: DataSpec) -> list[str]:
        return ["text"]

    def table_rows(
        self, stored: NDArray[Any], spec: DataSpec, first: int = 0
    ) -> Iterator[tuple[int, Sequence[float | str]]]:
        yield from ((at, (text,)) for at, text in enumerate(stored.tolist()))

    def table(self, stored: NDArray[Any], spec: DataSpec, ending: str) -> bytes | None:
        """A string a line, or a table of one column."""
        from amalgan.data.writing.sheets import sheet

        if ending == ".txt":
            return "".join(f"{text}\n" for text in stored.tolist()).encode()
        return sheet([["text"], *([text] for text in stored.tolist())]).encode() if ending == ".csv" else None

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        from amalgan.kinds.text.drawing import drawn_strings

        return drawn_strings(stored.tolist(), int(spec.facts["longest"]))

    def invented(self, spec: DataSpec, draws: Draws) -> Tensor:
        from amalgan.kinds.text.letters import steps_of, vocabulary

        letters = 1 + draws.integers("x", len(vocabulary(spec)), *spec.shape).float()
        letters[:, steps_of(spec) - 1 :] = 0
        return letters

    def smooth(self, count: int, spec: DataSpec, generator: Generator) -> Tensor:
        """The first letters of the vocabulary in turn, from a random one on, so often as chance has it."""
        import torch

        from amalgan.kinds.text.letters import steps_of, vocabulary

        few, places = min(5, len(vocabulary(spec))), torch.arange(spec.size)
        first = torch.randint(few, (count, 1), generator=generator)
        length = torch.randint(1, steps_of(spec), (count, 1), generator=generator)
        return (1 + (first + places) % few).float() * (places < length)

    def masked(self, x: Tensor, share: float, draws: Draws) -> Tensor:
        """Letters hidden at places that chance chooses; the encoder sees an end there."""
        return x * (draws.uniform("mask", x.shape[1]) >= share)

    def view(self, x: Tensor, config: Views, draws: Draws) -> Tensor:
        return x

    def spliced(self, x: Tensor, draws: Draws) -> Tensor:
        """The rest of a string from a random letter on."""
        import torch

        from amalgan.kinds.text.letters import length_of

        start = (draws.uniform("splice") * length_of(x)).long()
        return torch.arange(x.shape[1], device=x.device) >= start[:, None]

    def code_size(self, spec: DataSpec) -> int:
        return CODE

    def encoder(
        self, config: Networks, spec: DataSpec, features: int, layout: Layout | None
    ) -> nn.Module | None:
        from amalgan.kinds.text.networks import StringEncoder

        return StringEncoder(config, spec, features)

    def system(self, name: str, usual: type[System]) -> type[System]:
        """The system of that name that works on codes of strings.

        Raises:
            ConfigError: there is none; says why, and which to train.
        """
        from amalgan.kinds.text import autoencoder, fusion, supervised

        if name in REASONS:
            raise ConfigError([f"system {name} is not for strings: {REASONS[name]}"])
        own: dict[str, type[System]] = {
            "autoencoder": autoencoder.StringAutoencoder,
            "fusion": fusion.StringFusion,
            "supervised": supervised.StringSupervised,
        }
        return own.get(name, usual)

    def coder(self, system: System, batches: Iterable[Batch], seed: int) -> Coder | None:
        from amalgan.kinds.text.coding import coder_of

        return coder_of(system, batches, seed)

    def strangeness(self, system: System, x: Tensor) -> dict[str, Tensor]:
        """How unlikely the letters of a string are, in bits: the mean, and the unlikeliest."""
        from amalgan.kinds.text.networks import Writer
        from amalgan.kinds.text.spelling import bits_a_letter, bits_untold

        writer = getattr(system, "decoder", None)
        if not isinstance(writer, Writer):
            return {}
        return {"letters": bits_a_letter(writer, x), "letter": bits_untold(writer, x).max(1).values}

    def features(self, data: Dataset, cache: str | Path | None, device: str) -> Features:
        from amalgan.features.judge import Features
        from amalgan.kinds.text.judge import NAME, LetterRuns

        return Features(NAME, LetterRuns(), labeled=False, measured=True, within=self.within)

    def apart(self, made: Tensor, real: Tensor) -> Tensor:
        """Wrong letters, so weighted that the mean of squares is their share of the string and its end."""
        import torch

        from amalgan.kinds.text.letters import length_of

        wrong = (made.round() != real.round()).to(torch.promote_types(made.dtype, torch.float32))
        return wrong * (real.shape[1] / (length_of(real) + 1.0)).sqrt()[:, None].to(wrong)

    def steps(self) -> str:
        return "whole letters"

    def units(self) -> str:
        return "wrong places over letters"

    def likenesses(self) -> tuple[Likeness, ...]:
        name = "share of strings that come back exactly, {of}"
        return (Likeness("exact", "Exact strings", "share", True, name, exact),)

    def doubts(self, system: System, data: Dataset, device: str) -> Iterator[str]:
        from amalgan.kinds.text.doubts import doubts

        return doubts(system, data, device)

    def set_measures(self) -> tuple[SetMeasure, ...]:
        from amalgan.kinds.text.measures import MEASURES

        return MEASURES

    def measured(self, sets: Sets) -> Iterator[tuple[str, float, str]]:
        from amalgan.kinds.text.measures import compute_measures

        made, train, test = (
            [text for x in side for text in self.to_stored(x, sets.spec).tolist()]
            for side in (sets.generated, sets.train, sets.test)
        )
        return compute_measures(made, train, test, spec=sets.spec, valid=sets.valid, seed=sets.seed)


def exact(made: Tensor, real: Tensor) -> Tensor:
    """1 for each string that is just the other one, else 0, (B,)."""
    return (made.round() == real.round()).all(1).double()
