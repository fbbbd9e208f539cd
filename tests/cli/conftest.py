"""Command lines run in this process: exit code, stdout, stderr. One small run of the digits is shared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from amalgan.cli import main

SMALL = (
    *("--network.width", "8", "--network.widest", "16"),
    *("--critic.network.width", "8", "--critic.network.widest", "16"),
    *("--code-size", "8", "--prior.parts", "10", "--batch", "32", "--device", "cpu"),
)
VECTORS = ("--network.hidden", "16", "--critic.network.hidden", "16", "--batch", "32", "--device", "cpu")


class Ran(NamedTuple):
    """What one command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The object that must be the only line of stdout."""
        (line,) = self.out.splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


Run = Callable[..., Ran]


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("COLUMNS", "100")
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str | Path) -> Ran:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """Flags that make a fused model of pictures small."""
    return SMALL


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the fused system."""
    out = tmp_path_factory.mktemp("runs") / "digits"
    assert main(["train", "digits", "--images", "1984", *SMALL, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on vectors."""
    out = tmp_path_factory.mktemp("runs") / "iris"
    assert main(["train", "iris", "--images", "960", *VECTORS, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures in two classes, two of which have one stem, and two files that are none."""
    import numpy as np
    from PIL import Image

    root = tmp_path_factory.mktemp("data") / "pictures"
    generator = np.random.default_rng(0)
    for number in range(20):
        place = root / ("cat" if number % 2 else "dog") / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (12, 10), dtype=np.uint8)).save(place)
    Image.open(root / "cat" / "1.png").rotate(180).save(root / "cat" / "1.bmp")
    (root / "cat" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "dog" / "\x1b[31mred.png").write_text("<svg/>")
    return root
