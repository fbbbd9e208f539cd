"""Whether a change of the code changes a result: short runs by two commits, compared bit for bit.

    python benchmarks/same_results.py --before COMMIT [--systems fusion,gan] [--images 640]

    COMMIT, the working tree ─► every system on digits, some on vectors and photographs ─► digests ─► what differs

Compared are the weights and tables in the model file, new examples, reconstructions, codes and compressed bytes. For
refactoring, everything must be equal. Exits with 1 if something differs.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "same_results.json"
MORE = {"fusion": ("iris", "photos"), "autoencoder": ("iris", "photos"), "gan": ("photos",)}
"""Data beside digits."""


def main() -> int:
    """Run both sides, print what differs, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--before", required=True)
    parser.add_argument("--systems")
    parser.add_argument("--images", type=int, default=640)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(digests(asked.systems and asked.systems.split(","), asked.images)))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        before = measured(extracted(asked.before, Path(scratch)))
    after = measured(ROOT / "src")
    differing = sorted(name for name in before | after if before.get(name) != after.get(name))
    print(f"{len(before)} results of {asked.before}, {len(differing)} differ")
    for name in differing:
        print(f"  {name}: {before.get(name)}, now {after.get(name)}")
    if asked.systems is None:
        import writing

        writing.write_json(RESULT, {"before": asked.before, "results": len(before), "differing": differing})
    return 1 if differing else 0


def extracted(commit: str, into: Path) -> Path:
    """Return the folder of the sources of a commit."""
    data = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(into, filter="data")
    return into / "src"


def measured(source: Path) -> dict[str, str]:
    """Return the digests that the package in ``source`` comes to, in a process of its own."""
    variables = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, *sys.argv[1:], "--child"]
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(ran.stdout.splitlines()[-1])
    return found


def digests(systems: list[str] | None, images: int) -> dict[str, str]:
    """Return a digest of everything that each system comes to, by what it is of."""
    import amalgan as ag

    found: dict[str, str] = {}
    for system in systems or [one.name for one in ag.known_systems()]:
        for data in ("digits", *MORE.get(system, ())):
            name = f"{system} on {data}"
            try:
                found |= {f"{name}: {what}": value for what, value in of_run(system, data, images)}
            except ag.AmalganError as error:
                found[f"{name}: refused"] = str(error)
    return found


def of_run(system: str, data: str, images: int) -> list[tuple[str, str]]:
    """Return the digests of one run."""
    from safetensors.numpy import load_file

    import amalgan as ag

    with tempfile.TemporaryDirectory() as scratch:
        model = ag.train(
            system, data, images=images, seed=3, quiet=True, device="cpu", out=Path(scratch) / "run"
        )
        tensors = load_file(Path(scratch) / "run" / "model.safetensors")
    values: list[tuple[str, Any]] = [("weights", b"".join(map(bytes_of, sorted(tensors.items()))))]
    new = attempt(lambda: model.generate(8, seed=5))
    values += [("new examples", new), ("reconstructions", attempt(lambda: model.reconstruct(example(model))))]
    values += [("codes", attempt(lambda: model.encode(example(model))))]
    values += [("bytes", attempt(lambda: model.compress(example(model)[0])))]
    return [(what, digest(value)) for what, value in values]


def example(model: Any) -> Any:
    """Return two examples of the model's shape, of equal numbers on every side."""
    import numpy as np

    rng, shape = np.random.default_rng(0), model.spec.shape
    if len(shape) == 1:
        return rng.normal(size=(2, *shape)).astype(np.float32)
    pixels = rng.integers(0, 256, (2, *shape[1:], shape[0]), dtype=np.uint8)
    return pixels[..., 0] if shape[0] == 1 else pixels


def attempt(action: Any) -> Any:
    """Return what an action gives, or the class of its refusal."""
    import amalgan as ag

    try:
        return action()
    except ag.AmalganError as error:
        return type(error).__name__.encode()


def bytes_of(entry: tuple[str, Any]) -> bytes:
    """Return a named tensor as bytes."""
    name, tensor = entry
    return name.encode() + str(tensor.dtype).encode() + tensor.tobytes()


def digest(value: Any) -> str:
    """Return 16 hexadecimal digits of an array or of bytes."""
    from hashlib import blake2b

    data = value if isinstance(value, bytes) else f"{value.dtype}{value.shape}".encode() + value.tobytes()
    return blake2b(data, digest_size=8).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
