"""One configuration a system. The first lines of ``--help`` for ``train --system NAME``.

autoencoders  adversarial  fusion  restoration  codec   what each system can be told
"""

from __future__ import annotations

from amalgan.config.sizes import SLIM_NETWORKS, Preset
from amalgan.config.systems.adversarial import AugmentedConfig, GanConfig, RegularizedConfig
from amalgan.config.systems.autoencoders import AutoencoderConfig, QuantizedConfig, SupervisedConfig
from amalgan.config.systems.codec import CodecConfig
from amalgan.config.systems.fusion import FusionConfig
from amalgan.config.systems.restoration import RestorerConfig

__all__ = [
    "SLIM_NETWORKS",
    "AugmentedConfig",
    "AutoencoderConfig",
    "CodecConfig",
    "FusionConfig",
    "GanConfig",
    "Preset",
    "QuantizedConfig",
    "RegularizedConfig",
    "RestorerConfig",
    "SupervisedConfig",
]
