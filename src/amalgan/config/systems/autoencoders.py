"""Systems that encode and decode, and play no game."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from amalgan.config.code import Layout, resolved_code
from amalgan.config.fields import check
from amalgan.config.parts import Adam, Networks, Prior, Reconstruction, Views
from amalgan.config.sizes import BASE_NETWORKS, Preset, widen

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig:
    """Encoder and decoder; new pictures come from a prior fitted to the codes."""

    trains_prior: ClassVar[bool] = True
    """It has a phase for a prior that is trained."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
    variational: bool = False
    """Make the code a distribution and add its divergence from N(0, 1) (Kingma & Welling 2013)."""
    beta: float = 1.0
    """Weight of that divergence (Higgins et al. 2017)."""
    denoise: float = 0.0
    """Give the encoder pictures with noise of this deviation (of the [-1, 1] range); ask for the clean ones."""
    mask: float = 0.0
    """Hide this share of the encoder's input, in squares; ask for the whole picture."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture. Variational: a Gaussian likelihood with a learned deviation."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)
    prior: Prior = field(default_factory=Prior)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (self.beta >= 0, f"beta is {self.beta}; it cannot be negative"),
            (self.denoise >= 0, f"denoise is {self.denoise}; it cannot be negative"),
            (0 <= self.mask < 1, f"mask is {self.mask}; it is a share, in [0, 1)"),
        )

    def resolved(self, spec: DataSpec) -> AutoencoderConfig:
        """The same with every default that depends on the data filled in."""
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        return replace(self, code_size=size, code=layout, prior=self.prior.resolved(layout, trains=True))

    def preset(self, name: Preset) -> AutoencoderConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else widen(self, network=BASE_NETWORKS)


@dataclass(frozen=True, kw_only=True)
class SupervisedConfig:
    """An autoencoder that also tells classes, from all labels, from some (--labeled), or none."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
    trust: float = 0.95
    """The probability from which on what the model says of an unlabeled example counts as its label."""
    consistency: float = 1.0
    """Weight of the classification loss, relative to the reconstruction loss."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    views: Views = field(default_factory=Views)
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)
    prior: Prior = field(default_factory=Prior)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (0 <= self.trust <= 1, f"trust is {self.trust}; it is a probability, in [0, 1]"),
            (self.consistency >= 0, f"consistency is {self.consistency}; it cannot be negative"),
        )

    def resolved(self, spec: DataSpec) -> SupervisedConfig:
        """The same with every default that depends on the data filled in."""
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        return replace(self, code_size=size, code=layout, prior=self.prior.resolved(layout, trains=False))

    def preset(self, name: Preset) -> SupervisedConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else widen(self, network=BASE_NETWORKS)


@dataclass(frozen=True, kw_only=True)
class QuantizedConfig:
    """Autoencoder whose code has finitely many values; new ones come from a prior fitted to the codes."""

    code_size: int | None = None
    """Entries of the code; by default about one for 24 numbers of a picture, between 16 and some 256."""
    code: Layout | None = None
    """map: the code lies on a grid over the picture, a few numbers in every cell; flat: every number speaks of the
    whole picture. By default a map where each cell gets two numbers or more."""
    levels: int = 8
    """Values that an entry of the code can have, evenly over [-1, 1]: log2 of it is its bits."""
    reconstruction: Reconstruction = "l2"
    """How far a reconstruction is from its picture."""
    parts: int = 256
    """Gaussians of the mixture that the prior rounds, shared out among the classes."""
    codes: int = 60_000
    """At most so many training codes are used for its fit."""
    network: Networks = field(default_factory=Networks)
    optimizer: Adam = field(default_factory=Adam)

    def __post_init__(self) -> None:
        check(
            (self.code_size is None or self.code_size >= 1, f"code_size is {self.code_size}; the least is 1"),
            (2 <= self.levels <= 256, f"levels is {self.levels}; it lies within 2 to 256"),
            (self.parts >= 1, f"parts is {self.parts}; at least 1 is needed"),
            (self.codes >= 16, f"codes is {self.codes}; at least 16 are needed"),
        )

    def resolved(self, spec: DataSpec) -> QuantizedConfig:
        """The same with every default that depends on the data filled in."""
        size, layout = resolved_code(spec, self.code_size, self.code, dense=self.network.dense)
        return replace(self, code_size=size, code=layout)

    def preset(self, name: Preset) -> QuantizedConfig:
        """The same at the size of the preset."""
        return self if name == "quick" else widen(self, network=BASE_NETWORKS)
