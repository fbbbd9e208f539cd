"""``systems``: what can be trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from amalgan.cli.output import Answer, harmless
from amalgan.config.flags import Switch
from amalgan.systems import registry

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, kw_only=True)
class Systems:
    """List the systems that can be trained, and what each can do."""

    plugin: Path | None = None
    """Python file that registers systems of your own, listed too."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """List."""
        if self.plugin is not None:
            registry.load_plugin(self.plugin)
        from amalgan.systems import catalog

        found = catalog.known_systems()
        listed = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("name", "what it is", "can", "from", "file", "lines"):
            listed.add_column(title, justify="right" if title == "lines" else "left")
        for facts in found:
            can = ", ".join(facts.abilities).replace("_", " ")
            listed.add_row(
                *map(harmless, (facts.name, facts.summary, can, facts.paper, facts.file, str(facts.lines)))
            )
        return Answer(facts={"systems": [asdict(facts) for facts in found]}, text=listed)
