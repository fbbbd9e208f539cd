"""The promises of docs/reliability.md, in a small part of the cases that make stress tries."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stress.__main__ import PROMISES
from stress.mutants import MUTANTS, SOURCE, Mutant

ROOT = Path(__file__).parents[1]
SHARE = 0.01
TRIED = [name for name in PROMISES if name != "resume"]
"""Resume has tests of its own, of every system: tests/training/test_resume.py."""


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each promise came to, in a process that has not trained before it forks."""
    answer = tmp_path_factory.mktemp("stress") / "stress.json"
    paths = os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    variables = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    command = [sys.executable, "-m", "stress", "--share", str(SHARE), "--jobs", "1", "--json", str(answer)]
    command += ["--only", *TRIED]
    subprocess.run(command, cwd=ROOT, env=variables, check=False, capture_output=True, timeout=900)
    found: dict[str, Any] = json.loads(answer.read_text())["rows"]
    return found


@pytest.mark.processes
@pytest.mark.parametrize("name", TRIED)
def test_the_promise_is_kept(name: str, rows: dict[str, Any]) -> None:
    assert rows[name]["broken"] == [], rows[name]["reached"]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_safeguard_that_is_taken_away_is_there(mutant: Mutant) -> None:
    assert (SOURCE / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.promise in PROMISES
