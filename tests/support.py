"""Small systems, small data, and rounds without files: what the tests of systems and training share."""

from __future__ import annotations

from amalgan.checking.subject import CODE as CODE
from amalgan.checking.subject import GRAY as GRAY
from amalgan.checking.subject import SMALL as SMALL
from amalgan.checking.subject import SPECS as SPECS
from amalgan.checking.subject import build as build
from amalgan.checking.subject import examples as examples
from amalgan.checking.subject import gradients as gradients
from amalgan.checking.subject import outputs as outputs
from amalgan.checking.subject import settled as settled
from amalgan.checking.subject import shrunk as shrunk
from amalgan.checking.subject import small as small
from amalgan.checking.subject import stretches as stretches
from amalgan.checking.subject import take_round as take_round
from amalgan.checking.subject import tick as tick
from amalgan.checking.subject import warmed as warmed
from amalgan.checking.subject import weights as weights
from amalgan.systems import registry


def built_in() -> list[str]:
    """Names of the systems of the package, without what other tests' plugins may have entered."""
    names = registry.names()
    return [name for name in names if registry.system_class(name).__module__.startswith("amalgan.systems.")]
