"""``amalgan demo``: the main job on data that ships inside dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.console import Console

from amalgan.cli.output import Answer, shown_number, table
from amalgan.config.flags import Switch


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Train two small models on built-in data, in about two minutes.

    Writes model.safetensors (a fusion of handwritten digits), demo.png (what it generates and reconstructs, and a
    photograph rebuilt by an autoencoder) and demo.html (the digits, to try in a browser), and prints their numbers.
    Needs the demo extra, and for the page the export extra: pip install amalgan[demo,export].
    """

    claims_itself: ClassVar[bool] = True
    """Its folder is locked and looked at where the work is done, for Python too."""

    out: Path = Path("runs/demo")
    """Folder to write to; an earlier demo in it is replaced."""
    seed: int = 0
    """Seed of all random numbers."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Train, draw, measure."""
        from amalgan.studies.demo import demo

        made = demo.run(self.out, console, self.seed)
        facts = {
            "model": str(made.model),
            "picture": str(made.picture),
            "page": None if made.page is None else str(made.page),
            "numbers": dict(made.numbers),
        }
        rows = {
            "model": made.model,
            "picture": f"{made.picture}  (look at it)",
            "page": "not written: pip install amalgan[export]"
            if made.page is None
            else f"open {made.page.resolve().as_uri()} in a browser: try the digits, no network needed",
            **{name.replace("_", " "): shown_number(value) for name, value in made.numbers.items()},
            "try": f"amalgan generate {self.out} --label 3 --out threes.png",
        }
        return Answer(facts=facts, text=table(rows))
