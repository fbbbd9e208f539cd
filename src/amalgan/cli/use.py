"""What a model is used for: ``generate``, ``reconstruct``, ``embed`` and ``evaluate``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console
from tyro.conf import Positional

from amalgan import __version__
from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import data_for, model_at, say_warnings
from amalgan.cli.output import Answer, counted, table
from amalgan.cli.shared import DecoderName, Loading, Reading

if TYPE_CHECKING:
    from amalgan.modelfile import Model


@dataclass(frozen=True, kw_only=True)
class Generate:
    """Make new pictures (or vectors) with a model.

    MODEL is a model file or a run's folder. The same seed makes the same pictures.
    """

    model: Positional[Path]
    """The model."""
    out: Path
    """Where to: a folder (one PNG each), x.png (one grid) or x.npz (array x)."""
    count: int = 64
    """How many."""
    label: str | None = None
    """Of this class only; by default of all, as often as they occur in the training data."""
    seed: int = 0
    """Of the random numbers."""
    decoder: DecoderName | None = None
    """For models with two decoders; by default the realistic one where there is one."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Generate and write."""
        from amalgan.api import Model as Door
        from amalgan.data import write_output

        model = model_at(self.model, self.loading)
        made = Door(model).generate(self.count, label=self.label, seed=self.seed, decoder=self.decoder)
        files = write_output(self.out, made, text=provenance(model, seed=self.seed))
        facts = {
            "out": str(self.out),
            "n": len(made),
            "files": len(files),
            "label": self.label,
            "seed": self.seed,
            "decoder": self.decoder,
            "system": model.name,
            "digest": model.digest,
        }
        return Answer(facts=facts, text=f"{counted(len(made), model.noun)} in {self.out}")
