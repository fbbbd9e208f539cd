"""The ``check-system`` command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.output import Answer, say
from amalgan.config.flags import Switch
from amalgan.core.errors import SystemFault
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.checking import Finding


@dataclass(frozen=True, kw_only=True)
class CheckSystem:
    """Check a system of your own: that it follows the rules, and that every command works with it.

    Each system that FILE registers is built small, trained for some rounds on small examples, and asked for everything
    that the built-in ones are tested for. It takes about half a minute. What is wrong is said in words, with the line
    of FILE where an error arose (exit code 1).
    """

    file: Positional[Path]
    """Python file that registers the system, as --plugin takes it."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Check.

        Raises:
            SystemFault: something is wrong; says all of it.
        """
        names = registry.load_plugin(self.file)
        from amalgan.checking import findings

        found = {}
        for name in names:
            with console.status("") as status:
                found[name] = list(findings(name, lambda what: status.update(f"{what} ...")))
        for name, each in found.items():
            for finding in each:
                say(console, format_finding(name, finding))
        faults = [f"{name}: {fault}" for name, each in found.items() for one in each for fault in one.faults]
        if faults := list(dict.fromkeys(faults)):  # one cause may break many checks
            raise SystemFault(
                f"{self.file} breaks its contract:\n" + "\n".join(f"  {fault}" for fault in faults)
            )
        facts = {name: [asdict(one) | {"state": one.state} for one in each] for name, each in found.items()}
        return Answer(facts={"systems": facts}, text=summarize(found))


def format_finding(name: str, finding: Finding) -> str:
    """One line on stderr."""
    return f"{name}: {finding.state}: {finding.check}" + (
        f" ({finding.left_out})" if finding.left_out else ""
    )


def summarize(found: Mapping[str, Sequence[Finding]]) -> str:
    """What all of it came to."""
    return "\n".join(
        f"{name} keeps its contract: {sum(one.state == 'passed' for one in each)} checks passed, "
        f"{sum(one.state == 'left out' for one in each)} do not apply"
        for name, each in found.items()
    )
