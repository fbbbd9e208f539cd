"""The modules of the page without a browser: what node finds, and that they make one script."""

from __future__ import annotations

import json
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from amalgan.studies.page import bundle

WEB = Path(str(files("amalgan.studies.page") / "web"))
ENTRIES = ("app.js", "atlas.js", "worker.js")


def test_the_modules_do_what_they_say(tmp_path: Path) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("no node here")
    for module in WEB.glob("*.js"):
        shutil.copy(module, tmp_path)
    shutil.copy(Path(__file__).with_name("modules.test.mjs"), tmp_path)
    (tmp_path / "package.json").write_text(json.dumps({"type": "module"}))
    ran = subprocess.run(
        [node, "--test", "modules.test.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stdout


def test_every_module_is_in_one_of_the_scripts() -> None:
    held = {name for entry in ENTRIES for name in bundle.order(entry)}
    assert held == {module.name for module in WEB.glob("*.js")}


@pytest.mark.parametrize("entry", ["app.js", "atlas.js"])
def test_one_script_holds_every_module_once_after_what_it_imports(entry: str) -> None:
    script, order = bundle.bundle(entry), list(dict.fromkeys(bundle.order(entry)))
    places = [script.index(bundle.source(name).splitlines()[0]) for name in order]
    assert places == sorted(places) and order[-1] == entry
    for at, name in enumerate(order):
        assert {*bundle.IMPORT.findall(bundle.source(name))} <= {*order[:at]}
    assert not [line for line in script.splitlines() if line.startswith(("import ", "export "))]


@pytest.mark.parametrize("entry", ENTRIES)
def test_one_script_is_one_that_an_engine_takes(entry: str, tmp_path: Path) -> None:
    """No two modules give one name to different things, in whatever way they define it."""
    if (node := shutil.which("node")) is None:
        pytest.skip("no node here")
    place = tmp_path / ("worker.cjs" if entry == "worker.js" else "page.mjs")
    place.write_text(bundle.worker() if entry == "worker.js" else bundle.bundle(entry))
    ran = subprocess.run([node, "--check", place], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr


def test_the_worker_has_no_module_syntax_left() -> None:
    script = bundle.worker()
    assert "import.meta" not in script and "export{" not in script
    assert "InferenceSession:" in script and "sourceMappingURL" not in script


def test_no_module_writes_text_as_html_or_asks_for_anything() -> None:
    for module in WEB.glob("*.js"):
        text = module.read_text()
        for word in (
            "innerHTML",
            "insertAdjacentHTML",
            "eval(",
            "fetch(",
            "XMLHttpRequest",
            "WebSocket",
            "http",
        ):
            assert word not in text, f"{module.name} has {word}"
