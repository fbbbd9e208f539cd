"""Whether verdicts are right, and what a model's pictures do for a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tables.markdown import stored, table

SETS = {
    "made with": "used to develop the rule, 95 % intervals",
    "held": "held out, judged once, 95 % intervals",
    "again": "of the first, judged again with the corrected level",
}
CELLS = {
    "mnist-10": "MNIST, 10 per class",
    "mnist-30": "MNIST, 30",
    "mnist-100": "MNIST, 100",
    "mnist-300": "MNIST, 300",
    "cifar-100": "CIFAR-10, 100",
}
"""By the names of their cells."""
ARMS = {"moved": "crops", "smote": "SMOTE in pixels"}


def verdicts() -> str:
    """A row a set of cases."""
    rows = []
    for name, said in SETS.items():
        cases = list(stored("verdicts")[name].values())
        right = sum(case["verdict"] == case["truth"] for case in cases)
        unsure = sum(case["verdict"] == "inconclusive" for case in cases)
        rows.append([said, f"{right} of {len(cases)}", str(unsure), str(len(cases) - right - unsure)])
    return table(["", "right", "inconclusive", "confidently wrong"], rows)


def gains(name: str) -> str:
    """A row an arm: points of accuracy, beside nothing and beside crops."""
    found = stored("augment")[name]
    base = found["base"]
    rows = [[said, gain(base[key]["gained"]), ""] for key, said in ARMS.items()]
    for policy, one in found["policies"].items():
        rows.append([f"`{policy}`", gain(one["added"]["gained"]), gain(one["beside"])])
    beside = [
        f"compared with {said} ({base[key]['accuracy']:.1f} %)"
        for key, said in (("nothing", "nothing"), ("moved", "crops"))
    ]
    told = (
        f"{found['real']:,} real images, {found['added']:,} added, {found['test']:,} test images; "
        f"{found['seeds']} seeds, {found['steps']} steps; {found['metric']}."
    )
    return table(["added", *beside], rows) + f"\n{told}\n"


def gain(found: Mapping[str, Any]) -> str:
    """A 95 % interval in points, and the verdict."""
    low, high = (f"{value:+.1f}".replace("-", "−") for value in found["interval"])
    return f"{low} to {high}, {found['verdict']}"


def few_pictures() -> str:
    """A row a data set: points of accuracy beside nothing, then beside flips and crops."""
    found = {said: stored("augment")[name] for name, said in CELLS.items()}
    policies = [f"`{name}`" for name in next(iter(found.values()))["policies"]]
    alone = table(
        ["compared with no additions", "accuracy without", "flips, crops", "SMOTE in pixels", *policies],
        ([said, *beside_nothing(cell)] for said, cell in found.items()),
    )
    on_top = table(
        ["compared with flips and crops", "accuracy with these", *policies],
        ([said, *beside_moved(cell)] for said, cell in found.items()),
    )
    return f"{alone}\n{on_top}"


def beside_nothing(cell: Mapping[str, Any]) -> list[str]:
    """What each arm gains over the real pictures alone."""
    base = cell["base"]
    added = (one["added"]["gained"] for one in cell["policies"].values())
    gained = [gain(base[key]["gained"]) for key in ARMS]
    return [f"{base['nothing']['accuracy']:.1f} %", *gained, *map(gain, added)]


def beside_moved(cell: Mapping[str, Any]) -> list[str]:
    """What each policy gains on top of flips and crops."""
    base = cell["base"]["moved"]
    return [f"{base['accuracy']:.1f} %", *(gain(one["beside"]) for one in cell["policies"].values())]


def rare_classes() -> str:
    """MNIST, of which half of the classes are rare."""
    return gains("mnist-unbalanced")


TABLES = {
    "verdicts": verdicts,
    "few_pictures": few_pictures,
    "rare_classes": rare_classes,
}
