"""The demo, its numbers kept, its picture copied to the README.

python benchmarks/demo.py          about a minute and a half on two idle cores
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

import writing
from amalgan.studies.demo import demo

HERE = Path(__file__).parent


def main() -> None:
    """Run, keep, print."""
    made = demo.run(Path("runs/demo"), Console(stderr=True))
    seconds = round(made.numbers.pop("training_seconds"))
    writing.write_json(HERE / "results" / "demo.json", {"training_seconds": seconds, "numbers": made.numbers})
    writing.write_bytes(HERE.parent / "docs" / "demo.png", made.picture.read_bytes())
    print(
        f"trained in {seconds} s; " + ", ".join(f"{name} {value:.4g}" for name, value in made.numbers.items())
    )


if __name__ == "__main__":
    main()
