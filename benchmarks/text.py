"""Strings: rebuilt exactly, new and valid beside a 6-gram of letters, and compressed beside zstd with a dictionary.

    python benchmarks/text.py formulas formulas --images 40000 --valid 'python benchmarks/valid_formulas.py'
    python benchmarks/text.py molecules molecules.txt --images 80000 --valid 'python benchmarks/valid_molecules.py'
    python benchmarks/text.py logs logs --images 20000

One model learns DATA by ``amalgan train`` on one thread, or is found in --runs from before. ``amalgan evaluate`` then
measures it on the test split. The held-out strings are compressed one by one and must come back exactly; zstd gets a
dictionary from the training strings, at level 19. A row NAME goes into benchmarks/results/text.json.

``benchmarks/valid_molecules.py --make molecules.txt`` makes the molecules: fragments of those that RDKit ships.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import writing

RESULT = Path(__file__).parent / "results" / "text.json"
KEPT = (
    *("exact", "valid", "unique", "new", "frechet_distance", "frechet_distance_faithful", "frechet_floor"),
    *("perplexity", "perplexity_real", "reverse_perplexity", "copies", "linear_probe"),
)
DICTIONARY_BYTES, LEVEL = 16_384, 19


def main() -> None:
    """Train, measure, compress, and keep the row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name")
    parser.add_argument("data")
    parser.add_argument("--system", default="fusion")
    parser.add_argument("--images", type=int, default=80_000)
    parser.add_argument("--valid")
    parser.add_argument("--runs", type=Path, default=Path("runs/text"))
    asked = parser.parse_args()
    run = asked.runs / f"{asked.name}-{asked.system}"
    trained = answer(
        ["train", asked.data, "--system", asked.system, "--images", str(asked.images), "--out", str(run)],
        run.with_suffix(".json"),
    )
    valid = ["--valid", asked.valid] if asked.valid else []
    found = answer(["evaluate", str(run), asked.data, *valid], None)
    metrics = {key: value for key, value in found["metrics"].items() if key.removesuffix("_6gram") in KEPT}
    row = {
        "system": asked.system,
        "images": asked.images,
        "cpu_seconds": round(trained["cpu_seconds"]),
        "n": found["n"],
        "metrics": metrics,
        "compressed": compressed(run, asked.data),
    }
    rows = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    writing.write_json(RESULT, rows | {asked.name: row})
    print(json.dumps(row, indent=1))


def answer(words: list[str], kept: Path | None) -> dict[str, Any]:
    """What a command says; of training, kept from before where it is there."""
    if kept is not None and kept.exists():
        return dict(json.loads(kept.read_text()))
    environment = dict(os.environ) | {"OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "amalgan", *words, "--device", "cpu", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    said = ran.stdout.decode().splitlines()[-1]
    if kept is not None:
        kept.write_text(said)
    return dict(json.loads(said))


def compressed(run: Path, data: str) -> dict[str, float]:
    """Bytes a held-out string, as UTF-8, by zstd with a dictionary, and by the model; and the model's speed."""
    from amalgan.data import open_data, to_pixels
    from amalgan.systems.model_file import load
    from amalgan.tasks.compress.bound import Numbers
    from amalgan.tasks.compress.compress import compress, decode_chunk

    model = load(run / "model.safetensors")
    opened = open_data(data, like=model.spec)
    texts, known = (
        to_pixels(side.take(slice(None)), model.spec).tolist() for side in (opened.test, opened.train)
    )
    started_at = time.process_time()
    codes = list(compress(model, opened.test))
    packed_at = time.process_time()
    back = to_pixels(decode_chunk(model, [Numbers(0, code) for code in codes]), model.spec).tolist()
    read_at = time.process_time()
    assert back == texts, "a string came back as another one"
    count = len(texts)
    return {
        "strings": count,
        "bytes_plain": sum(len(text.encode()) for text in texts) / count,
        "bytes_zstd": zstd_bytes(texts, known) / count,
        "bytes_model": sum(map(len, codes)) / count,
        "compressed_a_second": count / (packed_at - started_at),
        "decompressed_a_second": count / (read_at - packed_at),
    }


def zstd_bytes(texts: list[str], known: list[str]) -> int:
    """Bytes of all strings, each by itself, by zstd with a dictionary of the training strings and bare frames."""
    import zstandard

    samples = [text.encode() for text in known]
    dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, samples, level=LEVEL)
    options = {"write_checksum": False, "write_content_size": False, "write_dict_id": False}
    engine = zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary, **options)
    return sum(len(engine.compress(text.encode())) - 4 for text in texts)  # without the magic number


if __name__ == "__main__":
    main()
