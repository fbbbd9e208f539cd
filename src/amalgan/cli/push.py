"""``push``: a model to the Hugging Face hub."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.info import keeps
from amalgan.cli.inputs import model_at
from amalgan.cli.output import Answer, say, table
from amalgan.cli.shared import Loading
from amalgan.config.flags import Inline, Switch


@dataclass(frozen=True, kw_only=True)
class Push:
    """Write a model and its card into a repository of the Hugging Face hub.

    The repository gets model.safetensors, and where it has no README.md one written as amalgan card does. Others then
    give hf://user/name as MODEL. Needs the hub extra (amalgan[hub]) and a login: hf auth login, or HF_TOKEN.
    """

    model: Positional[Path]
    """A model file or a run's folder."""
    repository: Positional[str]
    """Where to: user/name."""
    private: Switch = False
    """Make a new repository private; one that everybody can read is refused."""
    revision: str | None = None
    """The branch to write to, which is made where there is none; by default the main one."""
    license: str | None = None
    """The license that you give the model, as apache-2.0, for a card that is written now."""
    card: Path | None = None
    """A folder with README.md and samples.png, as amalgan card --out writes, that replace those of the repository."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Write card and model, and upload."""
        from amalgan.studies.card.push import push

        model = model_at(self.model, self.loading)
        for what in keeps(model.header).values():
            say(console, f"note: the model keeps {what}")
        with console.status("uploading ..."):
            commit = push(
                model,
                self.repository,
                private=self.private,
                revision=self.revision,
                license=self.license,
                card_folder=self.card,
            )
        address = (
            f"hf://{self.repository.removeprefix('hf://')}{f'@{self.revision}' if self.revision else ''}"
        )
        facts = {"address": address, "commit": commit, "system": model.name, "digest": model.digest}
        return Answer(facts=facts, text=table({"pushed to": address, "commit": commit}))
