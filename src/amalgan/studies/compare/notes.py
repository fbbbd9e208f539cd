"""What the reader of a comparison must know besides its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from amalgan.evaluation.evaluate import SUSPICIOUS
from amalgan.metrics.distribution import LEAST
from amalgan.studies.compare.cell_file import Cell


def notes(cells: list[Cell], *, seeds: int, tries: int, corrected_for: int, n: int) -> Iterator[str]:
    """One sentence a thing."""
    yield tuned(tries)
    if seeds == 1:
        yield "One seed: nothing can be said of chance. Use --seeds 3 or more."
    elif corrected_for:
        yield (
            f"Comparisons are paired by seed and corrected for {corrected_for} (Holm): "
            "every pair of rows by every headline measure of quality. They are drawn at 3, 5, 10, 20, 40 or 80 seeds, "
            "each time with half of the chance of error that is left, so seeds may be added until there is an answer."
        )
    if n < LEAST["frechet_distance"]:
        yield (
            f"{n} test examples are few: a Fréchet distance needs {LEAST['frechet_distance']}. Below that it is "
            "biased; compare it only with numbers of the same n, and with that of real examples."
        )
    yield from taught(cells)
    yield from lost(cells)
    yield from repeating(cells)


def tuned(tries: int) -> str:
    """How much each system was tuned."""
    if tries == 1:
        return "Untuned: every system ran with its own default settings."
    return (
        f"Tuned equally: every system was tried with {tries} learning rates on a quarter of the images, judged on the "
        "validation split; the best was used for all seeds."
    )


def taught(cells: list[Cell]) -> Iterator[str]:
    """Rows whose codes were learned from the labels that a probe of codes asks for, beside rows whose were not."""
    probed = {cell.system: cell.numbers for cell in cells if "linear_probe" in cell.numbers}
    supervised = [system for system, found in probed.items() if "classifier_accuracy" in found]
    if supervised and len(supervised) < len(probed):
        yield (
            f"{' and '.join(supervised)} learned codes from labels: a probe of codes says less of them than of rows "
            "whose codes were learned from examples alone."
        )


def lost(cells: list[Cell]) -> Iterator[str]:
    """Cells that failed or collapsed, alike ones together."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for cell in cells:
        if cell.state != "done":
            known = (cell.system, cell.state, str(cell.reason))
            alike.setdefault(known, []).append(str(cell.seed))
    for (system, state, reason), seeds in alike.items():
        yield f"{system} {state} with seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}: {reason.rstrip('.')}."
    for system in dict.fromkeys(cell.system for cell in cells):
        rows = [cell for cell in cells if cell.system == system]
        failed = sum(cell.state == "failed" for cell in rows)
        if 0 < failed < len(rows):
            yield f"{system} failed with {failed} of {len(rows)} seeds: its means are over the rest, which flatters it."


def repeating(cells: list[Cell]) -> Iterator[str]:
    """Cells whose generated examples repeat training examples."""
    for cell in cells:
        found = cell.numbers
        if found.get("copies_p_value", 1.0) < SUSPICIOUS:
            yield (
                f"{cell.system}, seed {cell.seed}, repeats training examples: {found['copies']:.1%} of the "
                f"generated lie as near to one as {found['copies_baseline']:.1%} of new examples do "
                f"(p = {found['copies_p_value']:.1g})."
            )
