"""Classes from few labels."""

from __future__ import annotations

from statistics import fmean

from tables.markdown import stored, table

LEARNERS = {
    "supervised": "`supervised`, all images",
    "alone": "`supervised`, labeled images only",
    "classifier": "classifier, labeled images only",
}


def labels() -> str:
    """A row a kind and number of labels."""
    cells = list(stored("labels").values())
    rows = []
    for count, kind in sorted({(cell["labels"], cell["kind"]) for cell in cells}):
        own = [cell for cell in cells if (cell["labels"], cell["kind"]) == (count, kind)]
        wrong = [f"{100 * cell['error']:.2f}" for cell in sorted(own, key=lambda cell: int(cell["seed"]))]
        mean = f"{100 * fmean(cell['error'] for cell in own):.2f}"
        seconds = f"{fmean(cell['cpu_seconds'] for cell in own):.0f}"
        rows.append([f"{count:,}", LEARNERS[kind], mean, ", ".join(wrong), f"{own[0]['n']:,}", seconds])
    return table(["labels", "learner", "test error, %", "by seed", "n", "CPU-seconds"], rows)


def label_errors() -> str:
    """A row a number of labels: the test error of each learner, in the mean of its seeds."""
    cells = list(stored("labels").values())
    rows = []
    for count in sorted({cell["labels"] for cell in cells}):
        by_kind = {
            kind: fmean(cell["error"] for cell in cells if (cell["labels"], cell["kind"]) == (count, kind))
            for kind in LEARNERS
        }
        rows.append([f"{count:,}", *(f"{100 * error:.2f}" for error in by_kind.values())])
    return table(["labels", *LEARNERS.values()], rows)


TABLES = {"labels": labels, "label_errors": label_errors}
