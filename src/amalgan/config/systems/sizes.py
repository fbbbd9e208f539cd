"""The two sizes that networks come in, and the slimmer ones beside them."""

from __future__ import annotations

from typing import Literal

from amalgan.config.parts import Networks

Preset = Literal["quick", "base"]
SLIM_NETWORKS = Networks(width=16, widest=64)
BASE_SLIM = Networks(width=32, widest=128, blocks=2, hidden=512, layers=3)
BASE_NETWORKS = Networks(width=64, widest=256, blocks=2, hidden=512, layers=3)
