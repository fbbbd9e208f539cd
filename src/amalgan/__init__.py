"""Autoencoders and GANs in one model file.

    import amalgan as ag

    model = ag.train("fusion", "digits", minutes=1)
    pictures = model.generate(64)        # uint8 (64, 8, 8)
    codes = model.encode(pictures)       # float32 (64, K)

Nothing here is imported before it is used: ``import amalgan`` does not wait for torch.
"""

from __future__ import annotations

import random
from importlib import import_module
from typing import TYPE_CHECKING, Any

from amalgan.core.platforms import require_posix
from amalgan.core.version import __version__

if TYPE_CHECKING:
    from amalgan.api.functions import compare as compare
    from amalgan.api.functions import train as train
    from amalgan.api.model import Model as Model
    from amalgan.api.model import load as load
    from amalgan.core.errors import AmalganError as AmalganError
    from amalgan.sklearn.resampler import Resampler as Resampler
    from amalgan.systems.catalog import SystemFacts as SystemFacts
    from amalgan.systems.catalog import known_systems as known_systems
    from amalgan.systems.registry import load_plugin as load_plugin
    from amalgan.systems.registry import register as register
    from amalgan.training.events import Event as Event

require_posix()

_HOME_OF = {
    "AmalganError": "core.errors",
    "Event": "training.events",
    "Model": "api.model",
    "Resampler": "sklearn.resampler",
    "SystemFacts": "systems.catalog",
    "compare": "api.functions",
    "known_systems": "systems.catalog",
    "load": "api.model",
    "load_plugin": "systems.registry",
    "register": "systems.registry",
    "train": "api.functions",
}

__all__ = ["__version__", *_HOME_OF]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    before = random.getstate()
    try:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    finally:
        random.setstate(before)  # some library draws from it while it is imported
