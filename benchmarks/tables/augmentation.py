"""Whether verdicts are right, and what a model's pictures do for a classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tables.markdown import stored, table

SETS = {"made with": "with which the rule was made", "held": "set aside, judged once"}
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
        f"beside {said} ({base[key]['accuracy']:.1f} %)"
        for key, said in (("nothing", "nothing"), ("moved", "crops"))
    ]
    told = (
        f"{found['real']:,} real pictures, {found['added']:,} added, {found['test']:,} of the test split; "
        f"{found['seeds']} seeds, {found['steps']} steps; {found['metric']}."
    )
    return table(["added", *beside], rows) + f"\n{told}\n"


def gain(found: Mapping[str, Any]) -> str:
    """A 95 % interval in points, and the verdict."""
    low, high = (f"{value:+.1f}".replace("-", "−") for value in found["interval"])
    return f"{low} to {high}, {found['verdict']}"


def few_pictures() -> str:
    """MNIST, 30 pictures a class."""
    return gains("mnist-30")


def rare_classes() -> str:
    """MNIST, of which half of the classes are rare."""
    return gains("mnist-unbalanced")


TABLES = {
    "verdicts": verdicts,
    "few_pictures": few_pictures,
    "rare_classes": rare_classes,
}
