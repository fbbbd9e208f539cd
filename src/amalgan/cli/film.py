"""The flags of ``generate`` that make a film."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from amalgan.cli.inputs import check_out, data_for
from amalgan.config.data import DataConfig
from amalgan.config.flags import Switch
from amalgan.core.errors import UsageError
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.systems.model_file import Model


@dataclass(frozen=True, kw_only=True)
class Film:
    """A walk through what the model can make, as a film."""

    walk: Path | None = None
    """Write an animated x.webp: a closed walk through random codes, or noise. Of strings: x.txt, a string a line."""
    between: tuple[str, str] | None = None
    """Two pictures: walk from the code of one to that of the other and back. Two strings: from one to the other."""
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
            check_out(self.walk, picture)

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
        facts = {"walk": str(self.walk), "frames": self.frames, "between": self.between and [*self.between]}
        if self.walk.suffix.lower() == ".txt":
            return facts | self.list_steps(model, ends, drawn)
        film = walk(model, between=ends, frames=self.frames, **drawn)
        write_film(self.walk, pictured(film, model.spec), text=text, overwrite=self.overwrite)
        return facts

    def list_steps(self, model: Model, ends: Tensor | None, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """Write the steps of a walk as a text; from one string to another, those that are different."""
        from amalgan.core.files import write_bytes
        from amalgan.data import to_pixels
        from amalgan.tasks.walk.interpolate import interpolate
        from amalgan.tasks.walk.walk import walk

        assert self.walk is not None
        if ends is None:
            path = walk(model, frames=self.frames, **drawn)
        else:
            path = interpolate(model, ends, steps=self.frames, seed=drawn["seed"], decoder=drawn["decoder"])
        steps = to_pixels(path, model.spec)
        table = kind_of(model.spec).table(steps, model.spec, ".txt")
        if table is None:
            raise UsageError(
                f"{self.walk} would hold strings and these are {kind_of(model.spec).nouns}; give x.webp."
            )
        write_bytes(self.walk, table)
        return {"strings": list(dict.fromkeys(map(str, steps.tolist())))}

    def ends(self, model: Model, console: Console) -> Tensor:
        """The two pictures, as the model reads them."""
        import torch

        return torch.cat([one(place, model, console) for place in self.between or ()])


def one(place: str, model: Model, console: Console) -> Tensor:
    """The picture at ``place``, (1, C, H, W), or a string itself.

    Raises:
        UsageError: there are several.
    """
    if not Path(place).is_file() and (typed := kind_of(model.spec).typed(place, model.spec)) is not None:
        return typed
    records = data_for(place, DataConfig(), console, like=model.spec).records
    if len(records) != 1:
        raise UsageError(f"--between {place} holds {len(records)} examples; give a file of one picture.")
    return records.take(slice(None))
