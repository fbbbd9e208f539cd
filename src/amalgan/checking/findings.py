"""All checks of one system, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from amalgan.checking import contract, uses
from amalgan.checking.contract import Check, LeftOut
from amalgan.checking.places import place_of
from amalgan.core.errors import AmalganError

CHECKS: tuple[Check, ...] = (*contract.CHECKS, *uses.CHECKS)


@dataclass(frozen=True)
class Finding:
    """What one check came to."""

    check: str
    """What must hold, in a sentence."""
    faults: tuple[str, ...] = ()
    """What is wrong; nothing for a check that is passed."""
    left_out: str = ""
    """Why the check does not apply."""

    @property
    def state(self) -> str:
        """``passed``, ``failed`` or ``left out``."""
        return "failed" if self.faults else "left out" if self.left_out else "passed"


def findings(name: str, tell: Callable[[str], None] = lambda _: None) -> Iterator[Finding]:
    """Yield what each check of the system called ``name`` comes to.

    Args:
        tell: is told what is being checked.
    """
    for check in CHECKS:
        tell(check.says)
        yield find(check, name)


def find(check: Check, name: str) -> Finding:
    """Return what ``check`` comes to; an error that it did not expect is a fault, with its place."""
    try:
        return Finding(check.says, tuple(check.act(name)))
    except LeftOut as why:
        return Finding(check.says, left_out=str(why))
    except AmalganError as error:
        return Finding(check.says, (f"{error} ({place_of(error)})",))
    except Exception as bug:
        return Finding(check.says, (f"{type(bug).__name__}: {bug} ({place_of(bug)})",))
