"""The flags of ``generate`` that make a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from amalgan.cli.flags import Switch
from amalgan.cli.inputs import check_out, data_for
from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.systems.model_file import Model


@dataclass(frozen=True, kw_only=True)
class Film:
    """A walk through what the model can make, as a film."""

    walk: Path | None = None
    """Write an animated x.webp: a closed walk through random codes, or noise, of a model of pictures."""
    between: tuple[Path, Path] | None = None
    """Two pictures: walk from the code of one to that of the other and back."""
    frames: int = 60
    """Frames of the walk; it rests about every 15."""
    overwrite: Switch = False
    """Replace the file of --walk."""

    def check(self, out: Path | None) -> None:
        """Refuse what cannot be written, or asks for nothing, before a model is loaded."""
        from amalgan.data import check_film

        if self.walk is None:
            if out is None:
                raise UsageError("neither --out nor --walk is given; say where to write, as --out new.png.")
            if self.between is not None:
                raise UsageError("--between needs --walk x.webp, the film to write.")
            return
        check_film(self.walk, overwrite=self.overwrite)
        for picture in self.between or ():
            check_out(self.walk, str(picture))

    def make(
        self,
        model: Model,
        console: Console,
        *,
        drawn: Mapping[str, Any],
        text: Mapping[str, str],
    ) -> dict[str, Any]:
        """Walk, by codes and noise ``drawn`` as ``generate`` draws them, and write."""
        from amalgan.data import drawn as pictured
        from amalgan.data import write_film
        from amalgan.tasks.walk.walk import walk

        assert self.walk is not None
        ends = None if self.between is None else self.ends(model, console)
        film = walk(model, between=ends, frames=self.frames, **drawn)
        write_film(self.walk, pictured(film, model.spec), text=text, overwrite=self.overwrite)
        between = self.between and [str(picture) for picture in self.between]
        return {"walk": str(self.walk), "frames": self.frames, "between": between}

    def ends(self, model: Model, console: Console) -> Tensor:
        """The two pictures, as the model reads them."""
        import torch

        return torch.cat([one(str(place), model, console) for place in self.between or ()])


def one(place: str, model: Model, console: Console) -> Tensor:
    """The picture at ``place``, (1, C, H, W).

    Raises:
        UsageError: there are several.
    """
    records = data_for(place, DataConfig(), console, like=model.spec).records
    if len(records) != 1:
        raise UsageError(f"--between {place} holds {len(records)} examples; give a file of one picture.")
    return records.take(slice(None))
