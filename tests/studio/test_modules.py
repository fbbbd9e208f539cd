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
BOTH = [*MODULES, *sorted(SHARED.glob("*.js"))]
MOST_LINES = 2500
"""Of code, without comments and empty lines, in all scripts of ours: both pages and the map."""
WIDE, MOST_WIDE = 120, 195
"""Characters of a line that is wide, and how many lines of code are: new ones are not, and old ones get fewer."""
OPTIONS = {
    "checkJs": True,
    "allowJs": True,
    "strict": True,
    "noEmit": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    "lib": ["es2023", "dom", "dom.iterable"],
    "noUnusedLocals": True,
    "noUnusedParameters": True,
    "noImplicitReturns": True,
}
RULES = {
    **dict.fromkeys(("eqeqeq", "no-var", "no-shadow", "prefer-const", "object-shorthand"), "error"),
    **dict.fromkeys(("no-param-reassign", "no-eval", "no-implied-eval", "no-unused-vars"), "error"),
    **dict.fromkeys(("no-unreachable", "no-self-compare", "no-fallthrough", "no-dupe-keys"), "error"),
    **dict.fromkeys(("no-empty", "no-cond-assign", "no-loss-of-precision", "use-isnan"), "error"),
    "max-depth": ["error", 3],
    "max-lines": ["error", 170],
}


def test_they_are_few_and_none_takes_the_name_of_one_that_is_shared() -> None:
    lines = [line for module in BOTH for line in module.read_text().splitlines()]
    code = [line for line in lines if line.strip() and not line.strip().startswith(("//", "/*", "*"))]
    assert len(code) <= MOST_LINES
    assert sum(len(line) > WIDE for line in code) <= MOST_WIDE
    assert len({module.name for module in BOTH}) == len(BOTH)


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
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.js"]}))
    checked(tmp_path, "tsc", "-p", ".")


def test_a_linter_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "eslint.config.mjs").write_text(f"export default [{{ rules: {json.dumps(RULES)} }}];")
    checked(tmp_path, "eslint", *(module.name for module in BOTH))


def checked(place: Path, program: str, *arguments: str) -> None:
    """Assert that a program has nothing to say of all modules, laid side by side."""
    if (found := shutil.which(program)) is None:
        pytest.skip(f"no {program} here: make types brings it")
    for module in BOTH:
        shutil.copy(module, place)
    ran = subprocess.run([found, *arguments], cwd=place, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
