"""The page of a comparison.

report (report.json as a dict), folder (where shown.npz files lie) ─► sections ─► page
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from amalgan.studies.compare.page import tables
from amalgan.studies.compare.page.runs import TROUBLES, abreast, by_seed
from amalgan.studies.html import figures
from amalgan.studies.html.page import entries, render
from amalgan.studies.html.palette import Face, faces_of

Facts = Mapping[str, Any]


def comparison_page(report: Facts, folder: Path) -> str:
    """``report.json`` of a comparison as one self-contained HTML page.

    Args:
        folder: where the paths of ``shown`` start. Files that are missing or damaged are left out.
    """
    faces = faces_of([system["name"] for system in report["systems"]])
    headline = [measure for measure in report["measures"] if measure["headline"]]
    seeds = by_seed(report, faces, folder)
    return render(
        "comparison.html.j2",
        report=report,
        faces=faces,
        headline=tables.columns(report, headline),
        groups=tables.groups(report),
        pairs=tables.pairs(report, faces),
        curves=figures.curves(report, faces),
        curved=having(report, faces, lambda cell: cell["curve"]),
        standing=having(report, faces, figures.stands),
        losses=list(figures.losses(report, faces)),
        plane=figures.plane(report, faces),
        seeds=seeds,
        first=seeds[0] if seeds else [],
        vectors=any(run.drawn for runs in seeds for run in runs),
        abreast=abreast(len(faces)),
        troubles=list(troubles(report, faces)),
        times=dict(entries(report["times"])),
        states=states(report),
        said=tables.SAID,
        marks=tables.MARKS,
    )


def having(report: Facts, faces: Mapping[str, Face], what: Callable[[Facts], Any]) -> list[Face]:
    """The systems of which any run has something."""
    found = {cell["system"] for cell in report["cells"] if what(cell)}
    return [face for name, face in faces.items() if name in found]


def troubles(report: Facts, faces: Mapping[str, Face]) -> Iterator[tuple[Face, Facts]]:
    """The runs that failed or collapsed."""
    for cell in report["cells"]:
        if cell["state"] in TROUBLES:
            yield faces[cell["system"]], cell


def states(report: Facts) -> dict[str, str]:
    """What to say beside a system's name: ``1 of 3 failed``."""
    said = {}
    for system in report["systems"]:
        found = [cell["state"] for cell in report["cells"] if cell["system"] == system["name"]]
        notes = [f"{found.count(state)} of {len(found)} {state}" for state in TROUBLES if state in found]
        said[system["name"]] = ", ".join(notes)
    return said
