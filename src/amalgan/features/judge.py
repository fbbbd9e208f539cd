"""The judge of a data set: its feature network, trained once and cached, and what is known of how well it judges.

    training pictures ─► labels where there are any, damaged views ─► network ─► features (B, 65), class logits
    held-out pictures ─┬─► how well it tells them apart   (``accuracy``)
                       └─► measures that it would fool     (``unfit``)

There are no outside weights, so a distance is comparable only between models judged by the same network; its
``name`` says which by a digest of its weights: ``views65-labels-1a2b3c4d``. Seeded, trained once a data set, cached.
Another machine may round otherwise and so arrive at another network: the name then differs too. What examples are
compared in is for their kind to say: vectors need no network, their features are their standardized entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from amalgan.config.fields import to_json
from amalgan.core import tensor_file
from amalgan.core.errors import DataError, FileError, UsageError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset
from amalgan.data.dataset.cache import cache_root
from amalgan.features import ranking, training
from amalgan.features.network import EMBEDDED, FEATURES, FeatureNetwork
from amalgan.features.ranking import find_fooled_measures
from amalgan.kinds import kind_of
from amalgan.metrics.distribution import Prdc, prdc

RECIPE = 3
"""Raised whenever something here changes what is learned."""
CHUNK = 512
WHAT = "a feature network"


@dataclass(frozen=True)
class Features:
    """A feature network and its name."""

    name: str
    net: nn.Module
    labeled: bool
    """Whether its classes are the data's own."""
    accuracy: Mapping[str, float] = field(default_factory=dict)
    """Shares of ``n`` held-out pictures that it tells apart: ``whole_or_damaged``; ``class``, or ``same_picture``."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """Measures that it fools on this data, and how."""
    measured: bool = False
    """Whether distances are the data's own, so that the mean of a class can stand for it."""
    sides: Callable[[Float[Tensor, "N F"], Float[Tensor, "M F"]], Prdc] = prdc
    """Precision and its kin of generated features among real ones."""
    damage: Callable[[Float[Tensor, "N F"]], Float[Tensor, " N"]] | None = None
    """How damaged examples look by their features; None where the network cannot tell."""
    within: Callable[[Tensor], Tensor] = field(default=lambda x: x)
    """What the network is shown of an example: what lies within its range."""

    @torch.no_grad()
    def __call__(self, x: Float[Tensor, "B ..."]) -> Float[Tensor, "B F"]:
        """Features of examples on any device, float64 on the CPU."""
        parts = [self.net(self.prepare(part)).cpu().double() for part in x.split(CHUNK)]
        return torch.cat(parts).flatten(1)

    @torch.no_grad()
    def classify(self, x: Float[Tensor, "B ..."]) -> Int[Tensor, " B"]:
        """The most likely class of each example, on the CPU.

        Raises:
            UsageError: there are no classes, since the examples are vectors or have no labels.
        """
        return self.classes(self(x))

    @torch.no_grad()
    def classes(self, features: Float[Tensor, "B F"]) -> Int[Tensor, " B"]:
        """The same of examples whose features are known.

        Raises:
            UsageError: as ``classify`` does.
        """
        if not isinstance(self.net, FeatureNetwork) or not self.labeled:
            raise UsageError(f"the features {self.name!r} know no classes; pictures with labels are needed")
        return self.net.classify(features.to(self.net.head.weight)).argmax(1).cpu()

    def on(self, device: str) -> Features:
        """The same network on a device."""
        return replace(self, net=self.net.to(device))

    def prepare(self, x: Tensor) -> Tensor:
        """What the network is shown: where it is, and examples within their range."""
        weight = next(chain(self.net.parameters(), [x]))
        return self.within(x.to(weight.device))


def features_of(data: Dataset, *, cache: str | Path | None = None, device: str = "cpu") -> Features:
    """What the examples of ``data`` are compared in, as their kind has it.

    Args:
        cache: a folder; by default the user's cache folder.

    Raises:
        DataError: there are no training examples to learn from.
    """
    return kind_of(data.spec).features(data, cache, device)


def load_or_train(data: Dataset, *, cache: str | Path | None = None, device: str = "cpu") -> Features:
    """The feature network of pictures: from the cache, or trained now (about 20 CPU-seconds at 32x32).

    Args:
        cache: a folder; by default the user's cache folder.

    Raises:
        DataError: there are no training examples to learn from.
    """
    if not len(data.whole):
        raise DataError(
            f"{data.name} has no training examples to learn features from; give the whole data set."
        )
    own, target = labeled(data), kept_at(data, cache)
    net = build_untrained(data)
    if not recalled(net, target):
        training.teach(net.to(device), data.whole, labeled=own, device=device)
        found = known(net, data, own, device)
        if not recalled(
            net, target
        ):  # another process may have been quicker: then all look through its network
            tensor_file.write(target, dict(net.state_dict()), {"what": WHAT, "known": found})
    weights = {name: tensor.cpu() for name, tensor in net.state_dict().items()}
    digest = tensor_file.hash_tensors(weights, hashlib.blake2b(digest_size=8))
    net.to(device).eval().requires_grad_(False)
    facts = tensor_file.read_header(target, expected=WHAT).get("known") or known(net, data, own, device)
    return looking(f"{kind(data)}-{digest[:8]}", net, own, data, **facts)


def looking(name: str, net: FeatureNetwork, own: bool, data: Dataset, **facts: Any) -> Features:
    """Features of pictures by a network; ``own``: it knows the data's classes."""
    within = kind_of(data.spec).within
    return Features(
        name,
        net,
        own,
        **facts,
        sides=ranking.neighborhoods,
        damage=ranking.damage,
        within=within,
    )


def build_untrained(data: Dataset) -> FeatureNetwork:
    """The network of ``data`` before it has learned anything."""
    return build_seeded(
        lambda: FeatureNetwork(data.spec, len(data.spec.classes) if labeled(data) else EMBEDDED), 0
    )


def known(net: FeatureNetwork, data: Dataset, own: bool, device: str) -> dict[str, Any]:
    """How well the network tells held-out pictures apart, and which measures it fools."""
    look = looking("", net, own, data)
    held_out = data.test if len(data.test) > 1 else data.validation
    return {
        "accuracy": training.measure_accuracy(net, held_out, labeled=own, device=device),
        "unfit": find_fooled_measures(look, data),
    }


def labeled(data: Dataset) -> bool:
    """Whether most training examples have labels that tell classes apart."""
    return bool((data.whole.labels != UNLABELED).mean() > 0.5) and len(data.spec.classes) > 1


def kind(data: Dataset) -> str:
    """The first part of the network's name."""
    return f"views{FEATURES}-{'labels' if labeled(data) else 'unlabeled'}"


def kept_at(data: Dataset, cache: str | Path | None = None) -> Path:
    """The file that the network of ``data`` is kept in once it is trained."""
    return (
        cache_root(None if cache is None else str(cache))
        / f"features-{kind(data)}-{recipe(data)}.safetensors"
    )


def recalled(net: FeatureNetwork, source: Path) -> bool:
    """Whether the weights of ``net`` could be read from ``source``; a missing or damaged file is no loss."""
    try:
        net.load_state_dict(tensor_file.read(source, expected=WHAT)[0])
    except (FileError, RuntimeError, OSError):
        return False
    return True


def recipe(data: Dataset) -> str:
    """16 hexadecimal characters over the data and how the network is trained."""
    how = [RECIPE, to_json(training.MOVED), to_json(training.MOVED_MORE), FEATURES, training.BATCH]
    how += [ranking.BENT, ranking.BLUR, ranking.BLUR_PIXELS, ranking.MARGIN, ranking.FARTHER, ranking.BOTTOM]
    how += [ranking.SOUND, ranking.LEAST, ranking.MOST]
    how += [training.VIEWS, training.VIEWS_LARGE, training.VIEWS_A_CLASS, training.PASSES]
    text = json.dumps([*how, data.fingerprint, data.spec.shape, data.spec.classes])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
