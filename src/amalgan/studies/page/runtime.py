"""The run time that a page carries: onnxruntime-web, as npm has it, with its license and hashes in ``vendor``."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm.gz"


def place() -> Traversable:
    """Return the folder of the vendored files."""
    return files("amalgan.studies.page") / "vendor"


def facts() -> dict[str, Any]:
    """Return the package, version, license and hashes of the vendored files."""
    found: dict[str, Any] = json.loads((place() / "vendor.json").read_text(encoding="utf-8"))
    return found


def script() -> str:
    """Return the run time's own script, a module."""
    return (place() / SCRIPT).read_text(encoding="utf-8")


def wasm() -> bytes:
    """Return its WebAssembly, gzipped."""
    return (place() / WASM).read_bytes()


def content(name: str) -> bytes:
    """Return a vendored file as npm has it."""
    data = (place() / name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data
