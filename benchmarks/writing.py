"""Writing what benchmarks leave: results and pictures of this folder and of docs, which nothing else claims.

``amalgan.core.files`` replaces only what proves by its content that amalgan wrote it. Results of benchmarks are plain
JSON and quantized pictures that prove nothing, and stand under version control.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from amalgan.core import files
from amalgan.studies.demo.poster import Poster


def write_bytes(target: Path, data: bytes) -> None:
    """Write ``data`` in place of whatever is there, whole or not at all."""
    files.write_bytes(target, data, proof=lambda place: True)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text."""
    write_bytes(target, text.encode())


def write_json(target: Path, data: Any) -> None:
    """Write indented JSON without NaN and infinities."""
    write_text(target, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def save_poster(poster: Poster, target: Path, colors: int) -> None:
    """Write a poster as a small PNG."""
    target.unlink(missing_ok=True)
    poster.save(target)
    Image.open(target).quantize(colors).save(target, optimize=True)
