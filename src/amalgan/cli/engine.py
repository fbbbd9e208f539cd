"""Where a command runs: here, or its parts on the workers of Ray, from one machine to a cluster.

    command ─► part 1/n ... n/n, as --shard has them ─► tasks of Ray ─► .OUT.parts/ ─► gather ─► OUT

A task whose worker or machine was lost is started again elsewhere, and goes on by the journal of its part; parts that
are there are not computed again. All machines must see DATA, MODEL and OUT at the same paths.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console

from amalgan.cli.claims import claim_outputs
from amalgan.cli.output import Answer
from amalgan.cli.shared import Sharing
from amalgan.core.errors import AmalganError, DataError, UsageError
from amalgan.core.words import counted

PARTS_A_CORE = 4
"""So that a slow part does not leave the other cores idle for long."""
RETRIES = 8


def carried_out(command: Any, console: Console) -> Answer:
    """What ``command`` found, on the engine that it asks for.

    Raises:
        AmalganError: whatever the command raises.
    """
    sharing = getattr(command, "sharing", None)
    if sharing is None or sharing.engine == "local":
        if sharing is not None and sharing.parts is not None:
            raise UsageError("--parts is for --engine ray; here, --shard takes one part.")
        answer: Answer = command.run(console)
        return answer
    return on_ray(command, sharing, console)


def on_ray(command: Any, sharing: Sharing, console: Console) -> Answer:
    """The same on Ray.

    Raises:
        UsageError: Ray is not installed, or there is no --out to gather into.
    """
    from amalgan.data.readers.extras import needed
    from amalgan.tasks.gather.gather import forget, gather

    ray = needed("ray", "ray", "--engine ray")
    if sharing.shard is not None or getattr(command, "out", None) is None:
        raise UsageError("--engine ray makes parts of a whole --out. Give --out, and leave --shard out.")
    ray.init(ignore_reinit_error=True, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    of = sharing.parts or PARTS_A_CORE * max(1, int(ray.cluster_resources().get("CPU", 1)))
    parts = [part_of(command, number, of) for number in range(1, of + 1)]
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(computed)
    with console.status(f"computing {counted(of, 'part')} on Ray ..."):
        found = ray.get([task.remote(part) for part in parts])
    for error, code in (one for one in found if isinstance(one, tuple)):
        raise UsageError(error) if code == UsageError.exit_code else DataError(error)
    whole, written = gather([part.out for part in parts], command.out)
    forget(folder_of(command.out))
    skipped = [bad for facts in found for bad in facts.get("skipped", ())]
    facts = {"out": str(command.out), "n": whole.count, "parts": of, "engine": "ray", "written": written}
    text = f"{counted(whole.count, 'example')} in {command.out}, computed in {counted(of, 'part')}"
    return Answer(facts=facts | {"digest": whole.model, "skipped": skipped}, text=text, skipped=skipped)


def part_of(command: Any, number: int, of: int) -> Any:
    """The command that computes one part."""
    tables = import_module("amalgan.tasks.gather.gather").TABLES
    ending = command.out.suffix.lower()
    ending = ".npz" if type(command).__name__.lower() in ("embed", *tables) else ending
    out = folder_of(command.out) / f"{number:06d}-of-{of:06d}{ending}"
    sharing = replace(command.sharing, shard=f"{number}/{of}", engine="local", parts=None)
    return replace(command, out=out, sharing=sharing)


def folder_of(out: Path) -> Path:
    """Where parts lie until they are joined."""
    return out.with_name(f".{out.name}.parts")


def computed(part: Any) -> dict[str, Any] | tuple[str, int]:
    """What the command of one part found; of an error what it says, and its exit code."""
    console = Console(stderr=True, quiet=True)
    try:
        with claim_outputs(part):
            return dict(part.run(console).facts)
    except AmalganError as error:
        return str(error), error.exit_code
