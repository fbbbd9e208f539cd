"""Bring the run time of the page from npm into the package, at build time; nothing is fetched when a page is made.

    python scripts/vendor.py            fetch what vendor.json names, and compare it with the hashes there
    python scripts/vendor.py --accept   fetch it and write the hashes: after changing the version

The .wasm file stands gzipped, as the page carries it; hashes are of the files as npm has them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import tarfile
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

PLACE = Path(__file__).parents[1] / "src" / "amalgan" / "studies" / "page" / "vendor"
FACTS = PLACE / "vendor.json"


def main() -> None:
    """Fetch, compare, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--accept", action="store_true")
    accept = parser.parse_args().accept
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as place:
        packed = fetched(f"{facts['package']}@{facts['version']}", Path(place))
        for file in facts["files"]:
            bring(file, packed, accept=accept)
    FACTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def fetched(package: str, place: Path) -> Path:
    """Download the archive of a package by npm; return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            "npm is not installed; it is needed to fetch the run time of the page. Install Node.js."
        )
    subprocess.run([npm, "pack", package, "--silent"], cwd=place, check=True, stdout=subprocess.DEVNULL)
    (found,) = place.glob("*.tgz")
    return found


def bring(file: dict[str, Any], packed: Path, *, accept: bool) -> None:
    """Write one file of the archive into the package, once it is what ``file`` says."""
    with tarfile.open(packed) as archive:
        member = archive.extractfile(f"package/{file['of']}")
        assert member is not None
        data = member.read()
    found = sha256(data).hexdigest()
    if accept:
        file |= {"sha256": found, "bytes": len(data)}
    elif found != file["sha256"]:
        raise SystemExit(
            f"{file['of']} has the hash {found}, and vendor.json says {file['sha256']}. Look at what changed; "
            "then run again with --accept."
        )
    stored = gzip.compress(data, 9, mtime=0) if file["name"].endswith(".gz") else data
    (PLACE / file["name"]).write_bytes(stored)


if __name__ == "__main__":
    main()
