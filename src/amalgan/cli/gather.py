"""``gather``: the parts that commands wrote with --shard, as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.output import Answer
from amalgan.config.flags import Switch
from amalgan.core.words import counted


@dataclass(frozen=True, kw_only=True)
class Gather:
    """Join what the parts of a job have written with --shard into what one run over all would have written.

    Each part says which it is, of which model, data and options; parts that are missing, there twice, or of different
    jobs are refused. Parts stay as they are.
    """

    parts: Positional[tuple[Path, ...]]
    """All that the parts have written, in any order: files or folders."""
    out: Path
    """Where to: what the command writes without --shard (codes: x.npz or x.parquet; tables: x.csv)."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Look at all parts, and join them."""
        from amalgan.data.readers.inputs import refuse_inputs
        from amalgan.tasks.gather.gather import gather

        for part in self.parts:
            refuse_inputs([self.out], str(part))
        with console.status(f"joining {counted(len(self.parts), 'part')} ..."):
            whole, written = gather(self.parts, self.out)
        facts: dict[str, Any] = {
            "out": str(self.out),
            "command": whole.command,
            "parts": len(self.parts),
            "n": whole.count,
            "written": written,
            "digest": whole.model,
        }
        text = f"{counted(whole.count, 'example')} of {counted(len(self.parts), 'part')} in {self.out}"
        return Answer(facts=facts, text=text if written else f"{text}: there already")
