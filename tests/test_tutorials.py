"""The tutorials run from their first cell to their last, with small budgets, and are stored without outputs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

import amalgan

nbclient = pytest.importorskip("nbclient")

TUTORIALS = sorted((Path(__file__).parents[1] / "docs" / "tutorials").glob("*.ipynb"))
QUICK = {"IMAGES = 20_000": "IMAGES = 640", "STEPS = 200": "STEPS = 3"}


def ran(notebook: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The code cells after they were run in ``folder``."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(amalgan.__file__).parents[1]))
    book = nbformat.read(notebook, as_version=4)
    for cell in book.cells:
        for slow, fast in QUICK.items():
            cell.source = cell.source.replace(slow, fast)
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [cell for cell in book.cells if cell.cell_type == "code"]


def results(cells: list[Any]) -> list[str]:
    """What each cell that returns something shows."""
    shown = [one for cell in cells for one in cell.outputs if one.output_type == "execute_result"]
    return [one.data["text/plain"] for one in shown]


def test_there_are_three() -> None:
    assert [path.stem for path in TUTORIALS] == ["augmentation", "folder_of_images", "own_system"]


@pytest.mark.parametrize("notebook", TUTORIALS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(notebook: Path) -> None:
    book = nbformat.read(notebook, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert code and all(not cell.outputs and cell.execution_count is None for cell in code)
    assert any("IMAGES = 20_000" in cell.source for cell in code)


def test_a_folder_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = ran(TUTORIALS[1], tmp_path, monkeypatch)
    pictures = [one for cell in cells for one in cell.outputs if "image/png" in one.get("data", {})]
    assert len(pictures) >= 3
    assert set(re.findall(r"'(\w+)':", results(cells)[-1])) >= {"psnr", "frechet_distance", "copies"}


def test_a_system_of_your_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = results(ran(TUTORIALS[2], tmp_path, monkeypatch))[-1]
    gains = [float(value) for value in re.findall(r"'psnr': ([\d.]+)", last)]
    assert len(gains) == 2 and all(5 < value < 40 for value in gains)


def test_whether_augmentation_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = results(ran(TUTORIALS[0], tmp_path, monkeypatch))
    assert re.match(r"\('(helps|none|hurts|inconclusive)', \[", shown[0])
    assert "'nothing'" in shown[1] and "178" in shown[-1]


def test_kernels_run_this_python() -> None:
    """A kernel of another Python would test another package."""
    from jupyter_client.kernelspec import KernelSpecManager

    assert KernelSpecManager().get_kernel_spec("python3").argv[0] in (sys.executable, "python")
