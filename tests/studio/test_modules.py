"""The modules of the studio without a browser: their types, their size, and what they must not do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from amalgan.studies.page.bundle import IMPORT

WEB = Path(str(files("amalgan.studio") / "web"))
SHARED = Path(str(files("amalgan.studies.page") / "web"))
MODULES = sorted(WEB.glob("*.js"))
MOST_LINES = 2500
OPTIONS = {
    "checkJs": True,
    "allowJs": True,
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
}


def test_they_are_few_and_none_takes_the_name_of_one_that_is_shared() -> None:
    assert sum(len(module.read_text().splitlines()) for module in MODULES) <= MOST_LINES
    assert not {module.name for module in MODULES} & {module.name for module in SHARED.glob("*.js")}


def test_every_import_is_there() -> None:
    for module in MODULES:
        text = module.read_text()
        for name in re.findall(r'from "\./([\w-]+\.js)"|import\("\./([\w-]+\.js)"\)', text):
            found = name[0] or name[1]
            assert (WEB / found).exists() or (SHARED / found).exists(), f"{module.name} imports {found}"
        assert len(IMPORT.findall(text)) == len(
            [line for line in text.splitlines() if line.startswith("import ")]
        )


def test_no_module_writes_text_as_html_or_asks_elsewhere() -> None:
    for module in MODULES:
        text = module.read_text()
        for word in (
            "innerHTML",
            "insertAdjacentHTML",
            "eval(",
            "XMLHttpRequest",
            "WebSocket",
            ".cookie",
            "style:",
        ):
            assert word not in text, f"{module.name} has {word}"
        assert set(re.findall(r"https?://[^\"' ]+", text)) <= {"http://www.w3.org/2000/svg"}, module.name
        assert "fetch(" not in text or module.name == "server.js"


def test_types_are_right(tmp_path: Path) -> None:
    compiler = shutil.which("tsc")
    if compiler is None:
        pytest.skip("no tsc here: npm install --global typescript brings it")
    for module in (*MODULES, *SHARED.glob("*.js")):
        shutil.copy(module, tmp_path)
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.js"]}))
    ran = subprocess.run([compiler, "-p", "."], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout
