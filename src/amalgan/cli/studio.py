"""``studio``: the runs, models and pictures of a folder in a browser."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.output import Answer, say
from amalgan.config.flags import Switch
from amalgan.core.errors import UsageError

PACKAGES = ("starlette", "uvicorn")


@dataclass(frozen=True, kw_only=True)
class Studio:
    """Work in a browser: look over pictures, train and watch, open models, map, restore, compare.

    It shows the runs, models and reports of a folder, and does there what needs a machine. It answers this machine
    alone, at the address that it prints. Training and jobs are processes of their own, which go on when it ends. Needs
    the studio extra: pip install amalgan[studio].
    """

    claims_itself: ClassVar[bool] = True
    """It holds its own folder; what it starts holds the rest."""

    runs: Positional[Path] = Path("runs")
    """The folder of runs; by default runs."""
    root: Path = Path(".")
    """What may be read: data and runs lie below it. Commands run there."""
    port: int = 8420
    """The port; 0 takes a free one."""
    host: str = "127.0.0.1"
    """Where to listen; by default this machine alone can reach it."""
    name: str | None = None
    """With --host: a name of this machine that browsers on others use."""
    open: Switch = False
    """Open it in the browser."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Serve until Ctrl-C."""
        missing = [name for name in PACKAGES if find_spec(name) is None]
        if missing:
            raise UsageError(f"the studio needs {' and '.join(missing)}. Run: pip install 'amalgan[studio]'")
        if not self.root.is_dir():
            raise UsageError(f"--root {self.root} is no folder; give the one that holds data and runs.")
        from amalgan.studio.routes.serving import serve

        addresses: list[str] = []

        def ready(address: str) -> None:
            addresses.append(address)
            say(console, f"open {address}\nEnd it with Ctrl-C; training and jobs go on.")
            if self.open:
                webbrowser.open(address)

        with suppress(KeyboardInterrupt):
            serve(self.root, self.runs, host=self.host, port=self.port, name=self.name, ready=ready)
        return Answer(facts={"address": addresses[0]}, text="The studio has ended; what it started goes on.")
