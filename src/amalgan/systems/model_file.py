"""A model is one file: averaged weights and coding tables as tensors, the rest as JSON in the header.

    system, DataSpec, training summary ─► publish ─► model.safetensors ─► load ─► Model

The header: ``format``, ``system``, ``config``, ``spec``, ``abilities``, ``data`` (name and fingerprint),
``training``, ``metrics``, ``doubts``, ``versions``. No pickle, no code, no paths.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from amalgan.codec.base import Coder
from amalgan.codec.coders import coder_of
from amalgan.config import fields
from amalgan.core import tensor_file
from amalgan.core.errors import ConfigError, FileError, ModelFileError
from amalgan.core.types import DataSpec
from amalgan.core.version import __version__
from amalgan.data.dataset.contents import MOST, Contents
from amalgan.networks.priors import Prior
from amalgan.systems import registry
from amalgan.systems.abilities import abilities, require
from amalgan.systems.base import System
from amalgan.systems.hub import locate
from amalgan.systems.model_header import FORMAT, check_format, check_kind

MOST_SLOTS = 2**28
"""Numbers that a prior may be built back to which its file does not hold."""
SECRET = "weights"
"""What a header says of its watermark: that it is keyed by a secret made of the weights."""
SEEN = "seen.contents"
"""The tensor that says which contents were trained on; it is no part of the digest."""
CODING = "coding."
"""Names of tensors that begin so are the coder's."""
CANNOT_BUILD = (
    *(ConfigError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError),
    *(IndexError, AssertionError, MemoryError, RecursionError),
)
"""What a header that makes no sense leads to."""

A = TypeVar("A")
P = TypeVar("P", bound=nn.Module)


@dataclass(frozen=True)
class Model:
    """A trained system and what its file says of it."""

    system: System
    header: dict[str, Any]
    digest: str
    """Names this model in provenance and bitstreams: 16 hexadecimal characters over its weights and tables."""
    coder: Coder | None = None
    """What it compresses with; None in files of an earlier version, and where there is no code."""
    secret: str | None = None
    """What its watermark is keyed by: it follows from every weight, and no picture says it; None in earlier files."""
    contents: Contents | None = None
    """Hashes of what it was trained on; None in files of an earlier version."""

    @property
    def name(self) -> str:
        """The system's name."""
        return str(self.header["system"])

    @cached_property
    def spec(self) -> DataSpec:
        """What the model reads and makes."""
        return DataSpec.from_json(self.header["spec"])

    @property
    def mark_key(self) -> str:
        """What pictures are marked by: the secret; in files of an earlier version the digest, which pictures say."""
        return self.secret or self.digest

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to use it that training found."""
        found = self.header.get("doubts", [])
        return tuple(map(str, found)) if isinstance(found, list) else ()

    @property
    def device(self) -> str:
        """Where the system is."""
        return str(next(self.system.parameters()).device)

    def require(self, ability: type[A]) -> A:
        """The system, known to have ``ability``; else AbilityError names the systems that have it."""
        return require(self.system, ability, self.name)

    def part(self, kind: type[P]) -> P | None:
        """The first network of that kind in the system, which need not have one."""
        return next((part for part in self.system.modules() if isinstance(part, kind)), None)


def publish(
    target: Path,
    system: System,
    *,
    name: str,
    facts: dict[str, Any],
    coder: Coder | None = None,
    contents: Contents | None = None,
) -> None:
    """Write ``system`` as a model file.

    Args:
        facts: further header entries: ``training``, ``data``, ``metrics``, ``doubts``.
        contents: hashes of what it was trained on.
    """
    header = {
        "format": FORMAT,
        "system": name,
        "config": fields.to_json(system.config),
        "spec": system.spec.to_json(),
        "abilities": abilities(system),
        "mark": SECRET,
        "versions": {"amalgan": __version__, "torch": torch.__version__, "python": platform.python_version()},
        **facts,
    }
    coding = {f"{CODING}{key}": tensor for key, tensor in (coder.tensors() if coder else {}).items()}
    seen = {} if contents is None else {SEEN: torch.from_numpy(contents.view(np.int64))}
    tensor_file.write(target, stored(system) | coding | seen, header)


def stored(system: System) -> dict[str, torch.Tensor]:
    """What a file keeps of ``system``: its tensors, without slots of priors that nothing was fitted to."""
    tensors = system.state_dict()
    for path, prior in priors_of(system):
        if sum(tensor.numel() for tensor in prior.state_dict().values()) <= MOST_SLOTS:
            tensors |= {f"{path}{name}": tensor for name, tensor in prior.stored().items()}
    return tensors


def restored(system: System, kept: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The tensors of ``system``, whose sizes are known, of which a file holds ``kept``."""
    tensors = dict(kept)
    for path, prior in priors_of(system):
        own = {name: kept[f"{path}{name}"] for name in prior.state_dict() if f"{path}{name}" in kept}
        whole = all(
            tensor.shape == own[name].shape for name, tensor in prior.state_dict().items() if name in own
        )
        few = sum(tensor.numel() for tensor in prior.state_dict().values()) <= MOST_SLOTS
        if len(own) == len(prior.state_dict()) and not whole and few:
            tensors |= {f"{path}{name}": tensor for name, tensor in prior.restored(own).items()}
    return tensors


def priors_of(system: System) -> list[tuple[str, Prior]]:
    """The priors in ``system``, each with what the names of its tensors begin with."""
    return [(f"{path}.", part) for path, part in system.named_modules() if isinstance(part, Prior)]


def republish(target: Path, model: Model) -> None:
    """Write ``model`` as a file again."""
    kept: dict[str, Any] = {
        name: model.header[name] for name in ("training", "data", "metrics", "doubts") if name in model.header
    }
    kept["mark"] = model.header.get("mark")  # pictures that bear the old mark are still found
    publish(target, model.system, name=model.name, facts=kept, coder=model.coder, contents=model.contents)


def load(source: str | Path, device: str = "cpu") -> Model:
    """Read a model file, or the model at an address of the hub.

    Raises:
        ModelFileError: missing, foreign, damaged, of a newer format, or of a system that is not known here.
    """
    path = locate(source)
    try:
        tensors, header = tensor_file.read(path, expected="a model file")
    except FileError as error:
        raise ModelFileError(str(error)) from None
    check_format(path, header)
    coding = {name.removeprefix(CODING): tensors[name] for name in tensors if name.startswith(CODING)}
    weights = {name: tensor for name, tensor in tensors.items() if not name.startswith((CODING, SEEN))}
    system, weights = rebuild(path, header, weights)
    try:
        system.load_state_dict(weights)
        coder = coder_of(coding) if coding else None
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: its weights do not fit its system: {error}") from None
    return Model(
        system.to(device).eval().requires_grad_(False),
        header,
        digest(tensors),
        coder,
        secret_of(weights) if header.get("mark") == SECRET else None,
        contents_in(path, tensors),
    )


def contents_in(path: Path, tensors: dict[str, torch.Tensor]) -> Contents | None:
    """Return the hashes of what a model was trained on; None where its file holds none.

    Raises:
        ModelFileError: they are something else than hashes.
    """
    if SEEN not in tensors:
        return None
    found = tensors[SEEN]
    if found.dtype != torch.int64 or found.shape != found.shape[:1] or len(found) > MOST:
        raise ModelFileError(
            f"{path}: {SEEN} is {kind_of(found)} of shape {tuple(found.shape)}, expected at most {MOST:,} of int64. "
            "Take the file that amalgan wrote, or train again."
        )
    return found.numpy().view(np.uint64)


def info(source: Path) -> dict[str, Any]:
    """What a model file says of itself, without loading its weights."""
    path = locate(source)
    try:
        header = tensor_file.read_header(path, expected="a model file")
    except FileError as error:
        raise ModelFileError(str(error)) from None
    check_format(path, header)
    return header


def rebuild(
    path: Path, header: dict[str, Any], weights: dict[str, torch.Tensor]
) -> tuple[System, dict[str, torch.Tensor]]:
    """The system that ``header`` describes, with fresh weights, and ``weights`` with the slots that were left out."""
    if header["system"] not in registry.names():
        raise ModelFileError(
            f"{path} holds a system {header['system']!r}, which is not known here; there are "
            f"{', '.join(registry.names())}. If it is your own, pass --plugin FILE.py."
        )
    check_kind(path, header)
    try:
        config = fields.from_json(registry.config_class(header["system"]), header["config"])
        spec = DataSpec.from_json(header["spec"])
        cls = registry.system_for(header["system"], spec)
        with torch.device("meta"):  # sizes without memory: the header may say any
            empty = cls(config, spec)
        weights = restored(empty, weights)
        check_sizes(path, empty.state_dict(), weights)
        return cls(config, spec), weights
    except CANNOT_BUILD as error:
        raise ModelFileError(
            f"{path} describes a {header['system']} that this version cannot build: {error}. Upgrade amalgan."
        ) from None


def check_sizes(path: Path, expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    """Refuse weights that are not those of the system."""
    for name in sorted(expected.keys() | found.keys()):
        if name not in expected or name not in found or expected[name].shape != found[name].shape:
            raise ModelFileError(
                f"{path}: its weights do not fit its system: {name} is not what it should be."
            )
        if expected[name].dtype != found[name].dtype:
            raise ModelFileError(
                f"{path}: its weights do not fit its system: {name} is of {kind_of(found[name])}, expected "
                f"{kind_of(expected[name])}. Take the file that amalgan wrote, or train again."
            )


def kind_of(tensor: torch.Tensor) -> str:
    """Return what kind of numbers a tensor holds, as ``float32``."""
    return str(tensor.dtype).removeprefix("torch.")


def digest(tensors: dict[str, torch.Tensor]) -> str:
    """16 hexadecimal characters over names and values of the weights and tables."""
    tensors = {name: tensor for name, tensor in tensors.items() if name != SEEN}
    return tensor_file.hash_tensors(tensors, hashlib.blake2b(digest_size=8))


def secret_of(weights: dict[str, torch.Tensor]) -> str:
    """64 hexadecimal characters over names and values of the weights, which ``digest`` says nothing of."""
    return tensor_file.hash_tensors(weights, hashlib.blake2b(digest_size=32, person=b"amalgan mark"))
