"""On a system without POSIX modules amalgan refuses in one sentence, however it is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amalgan.core import platforms

PACKAGE = Path(platforms.__file__).parents[2]
WITHOUT = {
    "Windows": "import sys; sys.platform = 'win32'",
    "no fcntl": "import importlib.util as u; found = u.find_spec; "
    "u.find_spec = lambda name, *rest: None if name == 'fcntl' else found(name, *rest)",
}


def refused(code: str, argv: str) -> subprocess.CompletedProcess[str]:
    start = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); sys.argv = [{argv!r}]; {code}; import amalgan"
    return subprocess.run([sys.executable, "-c", start], capture_output=True, text=True)


@pytest.mark.parametrize("code", WITHOUT.values(), ids=WITHOUT)
def test_import_fails_in_a_sentence(code: str) -> None:
    done = refused(code, "notebook")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == f"ImportError: {platforms.REFUSAL}"


@pytest.mark.parametrize("code", WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize("argv", ["C:/env/Scripts/amalgan.exe", "-m"])
def test_the_program_prints_the_sentence_alone(code: str, argv: str) -> None:
    done = refused(code, argv)
    assert done.returncode == 1 and done.stderr == f"amalgan: {platforms.REFUSAL}\n"


def test_here_it_is_imported() -> None:
    assert refused("pass", "notebook").returncode == 0
