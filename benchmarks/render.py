"""Write the tables of docs/results.md and docs/compress.md from the JSON that the benchmarks left.

    python benchmarks/render.py

Between ``<!-- NAME -->`` and ``<!-- /NAME -->`` stands what the function NAME makes of its JSON; a test holds the
page to that, so no figure there is typed by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from amalgan.studies.compare.amounts import amount

RESULTS = Path(__file__).parent / "results"
PAGES = [Path(__file__).parents[1] / "docs" / name for name in ("results.md", "compress.md")]

GRIDS = RESULTS / "grids"

GRID_COLUMNS = {
    "frechet_distance": "Fréchet distance",
    "frechet_distance_faithful": "of x' from the prior",
    "frechet_floor": "floor",
    "precision": "precision",
    "recall": "recall",
    "accuracy_from_samples": "accuracy, trained on samples",
    "psnr": "PSNR x', dB",
    "psnr_realistic": "PSNR x'', dB",
    "ssim": "SSIM x'",
    "spread": "spread",
    "linear_probe": "linear probe",
    "cpu_seconds": "CPU-seconds",
}

MEASURES = {
    "psnr": "PSNR x', dB",
    "psnr_realistic": "PSNR x'', dB",
    "label_agreement": "label agreement",
    "frechet_distance": "Fréchet distance",
    "frechet_distance_faithful": "of x' from the prior",
    "frechet_floor": "floor",
    "linear_probe": "linear probe",
}


LEARNERS = {
    "supervised": "`supervised`, all pictures",
    "alone": "`supervised`, labeled pictures only",
    "classifier": "classifier, labeled pictures only",
}


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        page.write_text(rendered(page.read_text()))


def rendered(page: str) -> str:
    """``page`` with every table as the JSON has it."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        page = marked.sub(lambda found, make=make: found[1] + make() + found[2], page)  # type: ignore[misc]
    return page


def stored(name: str) -> Any:
    """What a benchmark left."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def number(value: float | None) -> str:
    """Four significant figures; whole numbers from a hundred on."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def inputs() -> str:
    """A row an input."""
    rows = []
    for name, done in stored("real_input").items():
        seen, train, metrics = done["inspect"], done["train"], done["evaluate"]["metrics"]
        keys = ("psnr", "squared_error", "frechet_distance", "frechet_floor", "label_agreement")
        numbers = [number(metrics[key]) if key in metrics else "" for key in keys]
        counts = [f"{seen['read']:,}", str(len(seen["skipped"])), f"{train['images']:,}"]
        rows.append([name, *counts, *numbers, str(done["reconstruct"]["exit_code"])])
    head = ["input", "read", "skipped", "images drawn", "PSNR x', dB", "mean squared error"]
    return table([*head, "Fréchet distance", "floor", "label agreement", "exit code"], rows)


def resume() -> str:
    """A row a system."""
    rows = stored("resume_kill")["rows"]
    return table(
        ["system", "SIGKILL after round", "tensors compared", "that differ"],
        [
            [
                row["system"],
                ", ".join(map(str, row["killed_at"])),
                str(row["tensors"]),
                str(row["mismatches"]),
            ]
            for row in rows
        ],
    )


def processes() -> str:
    """A row a system."""
    found = stored("two_processes")
    rows = [[row["system"], f"{row['largest']:.1e}", row["term"]] for row in found["rows"]]
    return table(["system", f"largest difference in {found['rounds']} rounds", "of"], rows)


def first_step() -> str:
    """A row a system."""
    rows = [[row["system"], f"{row['median']:.1f}"] for row in stored("first_step")["rows"]]
    return table(["system", "seconds to the first step"], rows)


def memory() -> str:
    """A row a number of pictures."""
    rows = [
        [f"{row['pictures']:,}", row["state"], f"{row['peak_mib']:.0f}", f"{row['pictures_per_second']:,}"]
        for row in stored("data_memory")["results"]
    ]
    return table(["pictures", "cache", "peak MiB", "pictures a second"], rows)


def labels() -> str:
    """A row a kind and number of labels."""
    cells = list(stored("labels").values())
    rows = []
    for count, kind in sorted({(cell["labels"], cell["kind"]) for cell in cells}):
        own = [cell for cell in cells if (cell["labels"], cell["kind"]) == (count, kind)]
        wrong = [f"{100 * cell['error']:.2f}" for cell in sorted(own, key=lambda cell: int(cell["seed"]))]
        mean = f"{100 * fmean(cell['error'] for cell in own):.2f}"
        seconds = f"{fmean(cell['cpu_seconds'] for cell in own):.0f}"
        rows.append([f"{count:,}", LEARNERS[kind], mean, ", ".join(wrong), f"{own[0]['n']:,}", seconds])
    return table(["labels", "learner", "test error, %", "by seed", "n", "CPU-seconds"], rows)


def demo() -> str:
    """A row a number."""
    found = stored("demo")
    rows = [[title, number(found["numbers"][key])] for key, title in MEASURES.items()]
    rows.append(["the photograph, dB", number(found["numbers"]["photo_psnr"])])
    rows.append(["seconds of training, two cores", number(found["training_seconds"])])
    return table(["measure", "value"], rows)


def compress() -> str:
    """A row a format and quality."""
    found = stored("compress")
    rows = []
    for row in found["rows"]:
        own = row["format"] == "amalgan"
        archive = f"{row['bytes_each_archive']:.1f}" if own else "–"
        named = f"**{row['quality']}**" if row.get("usual") else str(row["quality"])
        speeds = [number(row[f"{way}_a_second"]) if own else "–" for way in ("compressed", "decompressed")]
        rows.append(
            [row["format"], named, f"{row['bytes_each']:.1f}", archive, f"{row['psnr']:.2f}", *speeds]
        )
    head = ["format", "quality", "bytes a file", "bytes in an archive", "PSNR, dB", "written a second"]
    return table([*head, "read a second"], rows)


def undisturbed() -> str:
    """What the model reaches before anything is rounded."""
    found = stored("compress")
    data, psnr = found["data"], found["undisturbed_psnr"]
    words = f"{data['n']:,} test pictures of {data['name']}, {data['shape'][1]}x{data['shape'][2]} pixels; "
    made = "{system}, {code_size} entries".format(**found["model"])
    return f"{words}{made}, which decodes at {psnr:.2f} dB when nothing is rounded.\n"


def rates_mnist() -> str:
    """A row a format and quality, of pictures of one size."""
    found, rows = stored("rates_mnist"), []
    for row in found["rows"]:
        own = row["format"] == "amalgan"
        named = f"**{row['quality']}**" if row.get("usual") else str(row["quality"])
        archive = f"{row['bytes_each_archive']:.1f}" if own else "–"
        speeds = [number(row[f"{way}_a_second"]) if own else "–" for way in ("written", "read")]
        rows.append(
            [row["format"], named, f"{row['bytes_each']:.1f}", archive, f"{row['psnr']:.2f}", *speeds]
        )
    head = ["format", "quality", "bytes a file", "bytes in an archive", "PSNR, dB", "written a second"]
    return table([*head, "read a second"], rows) + f"\n{model_said(found)}\n"


def rates_photos() -> str:
    """A row a format and quality, of pictures of their own sizes."""
    found, rows = stored("rates_photos"), []
    for row in found["rows"]:
        named = f"**{row['quality']}**" if row.get("usual") else str(row["quality"])
        speeds = [f"{row[f'megapixels_{way}_a_second']:.2f}" for way in ("written", "read")]
        rows.append([row["format"], named, f"{row['bits_per_pixel']:.3f}", f"{row['psnr']:.2f}", *speeds])
    head = ["format", "quality", "bits a pixel", "PSNR, dB", "megapixels written a second", "read a second"]
    drift = found["drift"]
    said = (
        f"{found['data']['n']} pictures of {found['data']['name']}. {model_said(found)} Of {drift['numbers']:,} "
        f"numbers written with 1 and 2 threads, in batches of 1 and 8, channels last and not, a reader with 16 units "
        f"in the last place of noise on each of its floats read {drift['desynchronized']} otherwise."
    )
    return table(head, rows) + f"\n{said}\n"


def model_said(found: dict[str, Any]) -> str:
    """How the model came about."""
    model = found["model"]
    return f"The model saw {model['images']:,} pictures; its file has {model['bytes'] / 1e6:.1f} MB."


def rates_fusion() -> str:
    """A row a quality: both decodes of a fused model."""
    found = stored("rates_mnist")["fusion"]
    rows = [
        [
            str(row["quality"]),
            f"{row['bytes_each']:.1f}",
            f"{row['bytes_each_archive']:.1f}",
            *(
                f"{row[f'{what}_{way}']:.2f}"
                for way in ("faithful", "realistic")
                for what in ("psnr", "frechet")
            ),
        ]
        for row in found["rows"]
    ]
    head = ["quality", "bytes a file", "bytes in an archive", "PSNR x', dB", "Fréchet distance x'"]
    said = f"{found['images']:,} images of training, {found['n']:,} test pictures, features `{found['features']}`."
    return table([*head, "PSNR x'', dB", "Fréchet distance x''"], rows) + f"\n{said}\n"


def grids(folder: Path = GRIDS) -> str:
    """A table a grid, a row a system, and what the comparison says of it."""
    places = sorted(folder.glob("*/report.json"))
    parts = [grid(place.parent.name, json.loads(place.read_text())) for place in places]
    return "\n".join(parts) or "No grid has been run yet.\n"


def grid(name: str, report: dict[str, Any]) -> str:
    """One comparison: means with half their 95 % intervals over seeds."""
    data, command = report["data"], report["command"].replace(" compare ", f" benchmarks/grid.py {name} ")
    command = command.replace("amalgan", "python", 1).partition(" --out ")[0]
    head = (
        f"### {name}: {data['name']}, {data['text']}, {data['train']:,} training examples\n\n"
        f"    {command}\n\n"
        f"{report['budget']['text']}. Batch {report['batch']}, {report['count']:,} examples measured, features "
        f"`{report['features']}`.{reference(report)}{unfinished(report)}\n\n"
    )
    rows = [grid_row(row, report) for row in report["systems"]]
    said = [f"* {text}\n" for text in [*sentences(report), *report["notes"]]]
    titles = ["system", "seeds", *GRID_COLUMNS.values(), "images"]
    return head + table(titles, rows) + "\n" + "".join(said)


def sentences(report: dict[str, Any]) -> list[str]:
    """The verdict, once every row has something to say."""
    begun = {cell["system"] for cell in report["cells"]}
    if missing := [row["name"] for row in report["systems"] if row["name"] not in begun]:
        return [f"No verdict yet: nothing of {', '.join(missing)} has ended."]
    return [one["text"] for one in report["verdict"]]


def grid_row(row: dict[str, Any], report: dict[str, Any]) -> list[str]:
    """What a system reached; failed and collapsed cells are counted beside its seeds."""
    entries = report["table"].get(row["name"], {})
    states = [cell["state"] for cell in report["cells"] if cell["system"] == row["name"]]
    lost = [f"{states.count(state)} {state}" for state in ("failed", "collapsed") if state in states]
    seeds = f"{len(states)} ({', '.join(lost)})" if lost else str(len(states))
    values = [amount(entries[key]) if key in entries else "" for key in GRID_COLUMNS]
    return [f"`{row['name']}`", seeds, *values, f"{row['images']:,}" if row["images"] else ""]


def reference(report: dict[str, Any]) -> str:
    """How well a classifier does that is trained on real examples."""
    found = [
        entries["accuracy_from_real"]
        for entries in report["table"].values()
        if "accuracy_from_real" in entries
    ]
    return f" Trained on real examples, the classifier reaches {found[0]['mean']:.4g}." if found else ""


def unfinished(report: dict[str, Any]) -> str:
    """How much is missing."""
    count = report.get("to_come", 0)
    return f" **{count} cell{'s are' if count > 1 else ' is'} still to come.**" if count else ""


TABLES: dict[str, Callable[[], str]] = {
    "inputs": inputs,
    "resume": resume,
    "processes": processes,
    "first_step": first_step,
    "memory": memory,
    "labels": labels,
    "demo": demo,
    "grids": grids,
    "compress": compress,
    "undisturbed": undisturbed,
    "rates_mnist": rates_mnist,
    "rates_photos": rates_photos,
    "rates_fusion": rates_fusion,
}

if __name__ == "__main__":
    main()
