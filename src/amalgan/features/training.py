"""How the feature network learns, and how well it does on pictures that it has not seen.

    picture ─┬─► moved ──────────────► network ─► whole, damage 0 ─┬─ with labels: their class
             └─► moved, damaged ─────► network ─► kind, how bad ───┘  without: both are views of one picture

Without labels the pairs are found among all pictures of a batch, as in Chen et al. 2020, arXiv:2002.05709, eq. 1; only
slight damage leaves a picture what it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from amalgan.config.data import AugmentConfig
from amalgan.core.randomness import Draws, key
from amalgan.core.types import UNLABELED
from amalgan.data import Records, augment, batch_at
from amalgan.features.network import FeatureNetwork, fit
from amalgan.features.views import damaged, eight_bits

BATCH = 32
VIEWS, VIEWS_LARGE, VIEWS_A_CLASS = 40_000, 30_000, 300
"""At most so many views are shown, fewer of pictures above 48 pixels, or so many a class if that is more,"""
LARGE = 48 * 48
PASSES = 60
"""and at most so many passes are made over a small data set,"""
LEAST_ROUNDS = 200
"""but never fewer rounds than this."""
RATE, LARGEST_GRADIENT = 2e-3, 1.0
DAMAGE, SEVERITY = 3.0, 8.0
"""Weights of the losses on the kind of damage and on how bad it is, beside the loss on classes or pairs."""
SLIGHT = 0.4
"""Damage up to which a picture is still recognized."""
TEMPERATURE = 0.2
SMOOTHING = 0.05
MIXED = 1024
"""Pictures that mixtures are made of, and that say how much features vary."""
EXAMINED = 512
MOVED = AugmentConfig(flip=False, shift=0.08, rotate=0.0, zoom=0.0, color=0.0)
MOVED_MORE = AugmentConfig(flip=False, shift=0.08, rotate=5.0, zoom=0.15, color=0.15)
"""Where there are no labels, which these changes might turn into others."""


def rounds_for(examples: int, pixels: int, classes: int) -> int:
    """Rounds that a network is taught."""
    views = max(VIEWS_LARGE if pixels > LARGE else VIEWS, VIEWS_A_CLASS * classes)
    return max(LEAST_ROUNDS, min(views, PASSES * examples) // (2 * BATCH))


@torch.enable_grad()
def teach(net: FeatureNetwork, records: Records, *, labeled: bool, device: str) -> None:
    """Train ``net`` the same way every time."""
    among = spaced(net, records, MIXED).to(device)
    net.standardize(among)
    rounds = rounds_for(len(records), among[0, 0].numel(), net.head.out_features if labeled else 0)
    adam = torch.optim.Adam(net.parameters(), lr=RATE, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, RATE, total_steps=rounds, pct_start=0.1)
    for round in range(rounds):
        batch = batch_at(records, seed=0, round=round, batch=BATCH, device=device)
        loss = compute_loss(net, fit(batch.x, net.size), batch.label if labeled else None, among, round)
        adam.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), LARGEST_GRADIENT)
        adam.step()
        schedule.step()
    net.rescale(among)


def spaced(net: FeatureNetwork, records: Records, most: int) -> Float[Tensor, "N C h w"]:
    """Some of all pictures, at the size at which they are looked at."""
    rows = records.spaced(most)
    parts = (rows[start : start + 256] for start in range(0, len(rows), 256))
    return torch.cat([fit(records.take(part), net.size) for part in parts])


def compute_loss(
    net: FeatureNetwork,
    x: Float[Tensor, "B C H W"],
    label: Int[Tensor, " B"] | None,
    among: Float[Tensor, "N C H W"],
    round: int,
) -> Tensor:
    """The loss of one round."""
    how = MOVED if label is not None else MOVED_MORE
    whole, other = (
        eight_bits(augment(x, how, Draws(seed=seed, round=round, total=len(x), device=str(x.device))))
        for seed in (0, 1)
    )
    views, kind, bad = damaged(other, among, torch.Generator().manual_seed(key(0, "views", round)))
    embedding = net.embed(torch.cat([whole, views]))
    kind_loss = cross_entropy(
        net.kind(embedding[: len(x)]), torch.zeros_like(kind), label_smoothing=SMOOTHING
    )
    kind_loss = kind_loss + cross_entropy(net.kind(embedding[len(x) :]), kind, label_smoothing=SMOOTHING)
    error = (net.damage(embedding).squeeze(1) - torch.cat([torch.zeros_like(bad), bad])).square().mean()
    logits, slight = net.head(embedding), bad < SLIGHT
    known = pairs(logits[: len(x)][slight], logits[len(x) :][slight])
    if label is not None:
        kept = torch.cat([label != UNLABELED, (label != UNLABELED) & slight])
        target = torch.where(kept, label.repeat(2), -100)
        total = cross_entropy(logits, target, ignore_index=-100, reduction="sum", label_smoothing=SMOOTHING)
        known = total / kept.sum().clamp(min=1)
    return DAMAGE / 2 * kind_loss + SEVERITY * error + known


def pairs(a: Float[Tensor, "B K"], b: Float[Tensor, "B K"]) -> Tensor:
    """Cross-entropy of finding the other view of each picture among all views."""
    views = normalize(torch.cat([a, b]))
    alike = (views @ views.T / TEMPERATURE).fill_diagonal_(-torch.inf)
    other = torch.arange(len(views), device=views.device).roll(len(a))
    return cross_entropy(alike, other) if len(a) else views.sum()


@torch.no_grad()
def measure_accuracy(
    net: FeatureNetwork, records: Records, *, labeled: bool, device: str
) -> dict[str, float]:
    """Shares of held-out pictures that are told apart: whole from damaged ones; and classes, or other views of one
    picture among those of all. Empty where there are none."""
    return dict(answers(net, records, labeled=labeled, device=device)) if len(records) > 1 else {}


def answers(
    net: FeatureNetwork, records: Records, *, labeled: bool, device: str
) -> Iterator[tuple[str, float]]:
    """Each share with its name."""
    x = spaced(net, records, EXAMINED).to(device)
    views, _, _ = damaged(x, x, torch.Generator().manual_seed(key(0, "examined")))
    right = [(net.kind(net.embed(some)).argmax(1) > 0) == said for some, said in ((x, False), (views, True))]
    yield "n", float(len(x))
    yield "whole_or_damaged", float(torch.cat(right).double().mean())
    label = torch.from_numpy(records.labels[records.spaced(EXAMINED)]).to(device)
    if labeled and (label != UNLABELED).any():
        said = net.head(net.embed(x)).argmax(1)
        yield "class", float((said == label)[label != UNLABELED].double().mean())
    elif not labeled:
        sides = (
            net(augment(x, MOVED_MORE, Draws(seed=seed, round=0, total=len(x), device=device)))
            for seed in (2, 3)
        )
        nearest = torch.cdist(*sides).argmin(1)
        yield "same_picture", float((nearest == torch.arange(len(x), device=device)).double().mean())
