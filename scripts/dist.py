"""Build the wheel and the source distribution, check both, and use the wheel in a bare environment.

    python scripts/dist.py [--quick]

checkout ─► staged copy (README for a package index) ─► build ─► twine check ─► vendored files ─► bare environment

The address of the repository stands once in pyproject.toml (``[tool.amalgan] address``). With it, links and images of
the README become absolute, and the project has URLs; without it, the description has neither links nor images, since
relative ones do not work on a package index. ``--quick`` trains a little in the bare environment, not as the README.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
VENDOR = "amalgan/studies/page/vendor"
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:)([^)#]*)(#[^)]*)?\)")


def main() -> None:
    """Build, check, install, use."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="train a tenth of what the README says")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as place:
        wheel = built(staged(Path(place) / "source"))
        check_vendored(wheel)
        environment = installed(wheel, Path(place) / "environment")
        use(environment, Path(place), quick=quick)
    print(f"{wheel.relative_to(ROOT)} is complete, and the README's code runs with it outside the checkout")


def staged(copy: Path) -> Path:
    """Copy what git tracks, with the README and the project's URLs as a package index needs them."""
    run("git", "-C", ROOT, "checkout-index", "--all", f"--prefix={copy}/")
    for changed in lines("git", "-C", ROOT, "ls-files", "--modified", "--others", "--exclude-standard"):
        if (ROOT / changed).is_file():
            (copy / changed).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / changed, copy / changed)
    project = tomllib.loads((copy / "pyproject.toml").read_text(encoding="utf-8"))
    address, version = project["tool"]["amalgan"]["address"], project["project"]["version"]
    readme = copy / "README.md"
    readme.write_text(for_index(readme.read_text(encoding="utf-8"), address, version), encoding="utf-8")
    if address:
        with (copy / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(urls(address))
    return copy


def for_index(readme: str, address: str, version: str) -> str:
    """Return the README with absolute links and images; without an address, with neither."""

    def changed(found: re.Match[str]) -> str:
        image, text, target, anchor = found[1], found[2], found[3], found[4] or ""
        if not address:
            return "" if image else text
        kind = "raw" if image else "blob"
        return f"{image}[{text}]({address}/{kind}/v{version}/{target}{anchor})"

    return LINK.sub(changed, readme)


def urls(address: str) -> str:
    """Return the table of the project's URLs."""
    pages = {"Homepage": "", "Documentation": "/blob/main/docs/index.md", "Issues": "/issues"}
    pages |= {"Changelog": "/blob/main/CHANGELOG.md"}
    return "\n[project.urls]\n" + "".join(f'{name} = "{address}{page}"\n' for name, page in pages.items())


def built(source: Path) -> Path:
    """Build both distributions, let twine check them, and return the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", DIST, source)
    run(sys.executable, "-m", "twine", "check", "--strict", *sorted(DIST.iterdir()))
    (wheel,) = DIST.glob("*.whl")
    return wheel


def check_vendored(wheel: Path) -> None:
    """Refuse a wheel whose vendored files lack, or differ from their hashes, or whose licenses lack."""
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        for file in json.loads(packed.read(f"{VENDOR}/vendor.json"))["files"]:
            content = packed.read(f"{VENDOR}/{file['name']}")
            plain = gzip.decompress(content) if file["name"].endswith(".gz") else content
            if sha256(plain).hexdigest() != file["sha256"]:
                sys.exit(f"{wheel.name}: {file['name']} is not the file whose hash vendor.json names")
    for license in (f"{VENDOR}/LICENSE", ".dist-info/licenses/LICENSE"):
        if not any(name.endswith(license) for name in names):
            sys.exit(f"{wheel.name}: {license} is missing")


def installed(wheel: Path, environment: Path) -> Path:
    """Install the wheel into an environment of its own; return its Python."""
    run(sys.executable, "-m", "venv", environment)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return python


def use(python: Path, folder: Path, *, quick: bool) -> None:
    """Run the README's Python and the command, outside the checkout and without its variables."""
    code = (ROOT / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    if quick:
        code = code.replace("images=20_000", "images=2_000")
    clean = ["env", "-u", "PYTHONPATH", f"XDG_CACHE_HOME={folder / 'cache'}"]
    run(*clean, python, "-c", code, cwd=folder)
    where = lines(*clean, python, "-c", "import amalgan; print(amalgan.__file__)", cwd=folder)
    if str(ROOT) in where[0]:
        sys.exit(f"the environment uses the checkout: {where[0]}")
    run(*clean, python.parent / "amalgan", "info", folder / "runs" / "readme", cwd=folder)


def run(*words: str | Path, cwd: Path | None = None) -> None:
    """Run a program, or end with its exit code."""
    print("$", *words, flush=True)
    if code := subprocess.run([str(word) for word in words], cwd=cwd).returncode:
        sys.exit(code)


def lines(*words: str | Path, cwd: Path | None = None) -> list[str]:
    """Return what a program prints."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    main()
