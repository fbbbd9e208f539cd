"""Sounds: clips of at most four seconds, all of one rate and length; networks see maps of their loudness.

    file ─► recordings ─► clips ─► stored: int16 (T,) ─► spectra ─► x (1, bands, frames) in [-1, 1]
                                        ▲                                    │ pictures' networks
                  wav, drawing ◄────────┴───────── Griffin-Lim ◄─────────────┘

geometry   rate, frames, window, bands          choosing   rate and length where nobody asks for one
recordings bytes to samples                     clips      one channel, silence cut off, resampled, one length
spectra    waves and maps                       wav        files that say where they come from
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from amalgan.core.types import DataSpec
from amalgan.kinds.image.maps import Maps
from amalgan.kinds.measures import Likeness, Playable
from amalgan.kinds.refusals import R_SQUARED, all_but
from amalgan.kinds.registry import register

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from amalgan.config.data import DataConfig
    from amalgan.data.dataset.store import Store
    from amalgan.data.dataset.store_writer import Into
    from amalgan.data.decoding.layout import Request
    from amalgan.data.readers.sources import ArrayData, Pictures

REASONS = {
    "watermark": "sounds bear no watermark; files say in their metadata which model made them",
    "psnr": "PSNR is of pictures: the phases of a sound that is made are guessed, so samples do not fit one another; "
    "sounds have a log-spectral distance",
    "restoring": "a restorer mends pictures; sounds are cleaned of noise by any model that encodes and decodes them",
    "film": "a film shows pictures; a walk of sounds is a folder or an .npz",
}
"""Where a sound's reason differs from that of plain numbers."""


@register("sound")
class Sound(Maps):
    """Short clips of sound, of one channel."""

    noun, nouns = "sound", "sounds"
    entries = "cells of the map"
    options = ("rate", "seconds")
    refused: Mapping[str, str] = {
        **all_but("cleaning", "code_map", "drawing", "files", "half_precision"),
        **R_SQUARED,
        **REASONS,
    }

    def text(self, spec: DataSpec) -> str:
        if not spec.facts:
            return f"{spec.size:,} samples"
        return f"{spec.facts['seconds']:.2f} s of sound at {spec.facts['rate']:,} Hz"

    def asked(self, config: DataConfig, like: DataSpec | None) -> dict[str, Any]:
        """Rate and length; a model reads those of its training."""
        if like is None:
            return super().asked(config, like)
        return {name: like.facts[name] for name in self.options if name in like.facts}

    def reads(self, found: ArrayData | Pictures) -> bool:
        """Files of which most are called as sounds are."""
        from amalgan.kinds.sound.reading import are_sounds

        return are_sounds(found)

    def read(self, name: str, found: ArrayData | Pictures, request: Request, into: Into) -> Iterator[None]:
        from amalgan.kinds.sound.reading import read_sounds

        return read_sounds(self, name, found, request, into)

    def stored_dtype(self) -> str:
        return "<i2"

    def amount(self, shape: tuple[int, ...]) -> str:
        return f"sounds of {shape[0]:,} samples"

    def spec_of(self, store: Store, train: NDArray[np.int64], config: DataConfig) -> DataSpec:
        from amalgan.kinds.sound.geometry import Geometry

        geometry = Geometry.of(store.facts)
        classes = tuple(store.facts["classes"])
        return DataSpec(kind=self.name, shape=geometry.shape, classes=classes, facts=geometry.facts)

    def fits(self, stored: tuple[int, ...], like: DataSpec) -> bool:
        """As many samples as the model's clips have."""
        from amalgan.kinds.sound.geometry import Geometry

        return stored == (Geometry.of(like.facts).samples,)

    def from_python(self, x: Any, spec: DataSpec, *, own_size: bool) -> Tensor:
        """Paths, bytes of files, or waves at the model's rate: (T,) or (N, T), floats within [-1, 1] or integers."""
        from amalgan.kinds.sound.geometry import Geometry
        from amalgan.kinds.sound.reading import held_clips

        return self.from_stored(held_clips(x, Geometry.of(spec.facts)), spec)

    def from_stored(self, values: NDArray[Any] | Tensor, spec: DataSpec) -> Tensor:
        """Maps of waves, in [-1, 1]."""
        import torch

        from amalgan.kinds.sound.geometry import Geometry
        from amalgan.kinds.sound.spectra import log_mel

        return log_mel(torch.as_tensor(values).float() / 32767, Geometry.of(spec.facts))

    def to_stored(self, x: Tensor, spec: DataSpec) -> NDArray[Any]:
        """Waves of maps, int16 (N, T): phases are guessed by Griffin-Lim."""
        from amalgan.kinds.sound.geometry import Geometry
        from amalgan.kinds.sound.spectra import waves_of

        wave = waves_of(x.detach().cpu().float().nan_to_num(-1), Geometry.of(spec.facts))
        return np.rint(wave.numpy() * 32767).astype(np.int16)

    def delivered(self, x: Tensor) -> Tensor:
        return x.clamp(-1, 1)

    def file_ending(self) -> str:
        return ".wav"

    def file_bytes(self, stored: NDArray[Any], text: Mapping[str, str] | None, spec: DataSpec) -> bytes:
        """A WAV file of 16 bits."""
        from amalgan.kinds.sound.wav import wav_bytes

        return wav_bytes(stored, spec.facts["rate"], text)

    def cleaned(
        self, data: bytes, spec: DataSpec, through: Callable[[Tensor], Tensor], text: Mapping[str, str]
    ) -> bytes:
        """A WAV file, filtered by what the model makes of its map."""
        from amalgan.kinds.sound.cleaning import cleaned
        from amalgan.kinds.sound.geometry import Geometry

        wave = cleaned(data, Geometry.of(spec.facts), through)
        return self.file_bytes(wave, text, spec)

    def known_endings(self) -> frozenset[str]:
        from amalgan.kinds.sound.recordings import ENDINGS

        return frozenset(ENDINGS)

    def file_facts(self, data: bytes) -> dict[str, Any]:
        """Rate, channels, seconds, and what XMP in a WAV file says."""
        from amalgan.kinds.sound.wav import file_facts

        return file_facts(data)

    def drawn(self, stored: NDArray[Any], spec: DataSpec) -> NDArray[np.uint8]:
        """Spectrograms, uint8 (N, bands, frames, 3)."""
        return self.drawn_directly(self.from_stored(stored, spec), spec)

    def drawn_directly(self, x: Tensor, spec: DataSpec) -> NDArray[np.uint8]:
        """The maps themselves; no phases are guessed for a picture."""
        from amalgan.kinds.sound.drawing import spectrograms

        return spectrograms(x.detach().cpu().float().nan_to_num(-1)[:, 0].numpy())

    def playable(self, stored: NDArray[Any], spec: DataSpec) -> Playable | None:
        from amalgan.kinds.sound.wav import mu_law

        return Playable(mu_law(stored), spec.facts["rate"])

    def said_of_size(self, bytes_each: float, spec: DataSpec) -> str:
        """Bits a second; what is heard again is made anew."""
        bits = 8 * bytes_each / spec.facts["seconds"]
        return f"{bits:,.0f} bits a second, parametric: a wave is made anew from its map, so there is no PSNR"

    def units(self) -> str:
        from amalgan.kinds.sound.geometry import FLOOR

        return f"units of {FLOOR / 2:g} dB"

    def likenesses(self) -> tuple[Likeness, ...]:
        from amalgan.kinds.sound.judging import DISTANCE

        return (DISTANCE,)
