"""JSON from outside is typed and bounded: headers, plans, cells, logs and notes that amalgan reads again.

what amalgan wrote ─► one part of it made odd (its digest right) ─► the reader ─► read, or refused by our error
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from amalgan.core import tensor_file
from amalgan.core.errors import AmalganError
from amalgan.data import open_data
from amalgan.data.dataset.store import open_store
from amalgan.data.writing.parts import NAME, START, Part, parse, read_beside
from amalgan.kinds import text_of
from amalgan.studies.compare import curves, results
from amalgan.studies.compare.cell_file import Cell
from amalgan.studies.compare.cells import Job
from amalgan.studies.compare.plan import Plan
from amalgan.studies.compare.progress import opening, outcome
from amalgan.studio import logs
from amalgan.systems import model_file
from amalgan.tasks.augment.augment import read_order
from amalgan.tasks.restore.restore_files import all_there, done_before
from amalgan.training import hooks, sizing, state
from amalgan.training.state import TrainState
from stress.figure import Figure, portion
from workshop import Workshop

CASES = 4000
DEEP: list[Any] = []
for _ in range(200):
    DEEP = [DEEP]
ODD: tuple[Any, ...] = (
    *(None, True, "", "x", "\u202e", 0, -1, 1.5, 10**30, -(10**30), 1e308, [], [None], {}, {"x": 1}),
    *([[[]]], DEEP, "9" * 10_000, [0] * 1000, [1e308, "x"], {"": {}}),
)
Door = Callable[[Any], object]
CELL = {
    "system": "a",
    "seed": 0,
    "state": "done",
    "reason": None,
    "metrics": {"psnr": 20.0, "ssim": None},
    "names": {"psnr": "PSNR", "ssim": "SSIM of intensities"},
    "cost": {"cpu_seconds": 1.0},
    "curve": [{"images": 64, "error": 0.5}],
    "log": [{"images": 64}],
}


def figure(share: float, scratch: Path) -> Figure:
    """Try odd JSON at every door."""
    broken, read, tried = list[str](), 0, 0
    for name, sound, door in doors(scratch):
        door(copy.deepcopy(sound))
        draws = random.Random(name)
        for number in range(portion(CASES, share, least=20)):
            odd = made_odd(sound, draws)
            tried += 1
            try:
                door(odd)
                read += 1
            except AmalganError:
                continue
            except Exception as error:
                broken.append(f"{name}, case {number}: {type(error).__name__}: {error}"[:300])
    return Figure(
        asked="0 raw errors: read, or refused by ours",
        reached=f"{len(broken)} raw errors in {tried:,} odd headers and files ({read:,} read)",
        broken=broken,
    )


def made_odd(sound: Any, draws: random.Random) -> Any:
    """What is ``sound`` with one part replaced, or left out."""
    odd = copy.deepcopy(sound)
    parts = list(inside(odd))
    holder, key = draws.choice(parts)
    if isinstance(holder, dict) and draws.random() < 0.2:
        del holder[key]
    else:
        holder[key] = copy.deepcopy(draws.choice(ODD))
    return odd


def inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in nested JSON: its holder and its key."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from inside(value[key])


def doors(scratch: Path) -> Iterator[tuple[str, Any, Door]]:
    """A name, what is sound, and what reads it."""
    shop = Workshop.furnished(scratch, pytest.MonkeyPatch())
    order = shop.order("fusion")
    shop.run(order)
    tensors, header = tensor_file.read(order.out / "model.safetensors", expected="a model file")

    def model(odd: Any) -> object:
        place = scratch / "odd.safetensors"
        tensor_file.write(place, tensors, odd)
        found = model_file.load(place)
        return text_of(found.spec), found.doubts, found.name, model_file.info(place)

    yield "model", header, model
    saved, facts = state.read(order.out / "state.safetensors")
    system = model_file.load(order.out).system.requires_grad_(True)

    def resumed(odd: Any) -> object:
        place = scratch / "state.safetensors"
        tensor_file.write(place, saved, odd)
        now = {"threads": 1, "device": "cpu", "torch": "2"}
        return state.restore(
            TrainState.fresh(system), place, facts["identity"], lambda text: None, now=now, accept=True
        )

    yield "state", facts, resumed
    yield from json_doors(scratch, shop)


def json_doors(scratch: Path, shop: Workshop) -> Iterator[tuple[str, Any, Door]]:
    """The same for files of JSON alone."""

    def cell(odd: Any) -> object:
        (scratch / "cell.json").write_text(json.dumps(odd))
        found = Cell.read(scratch / "cell.json")
        return results.table([found]), results.comparisons([found, replace(found, system="b")])

    yield "cell", CELL, cell
    open_data(str(shop.folder / "data.npz"), shop.order().reading)
    (place,) = (shop.folder / "cache").glob("store-*")

    def facts(odd: Any) -> object:
        (place / "facts.json").write_text(json.dumps(odd))
        return open_store(place).rows(open_store(place).hashes[:2, 0].astype(int) * 0)

    yield "facts of the cache", json.loads((place / "facts.json").read_text()), facts
    yield from run_doors(scratch, shop.folder / "run")
    yield from study_doors(scratch)


def run_doors(scratch: Path, run: Path) -> Iterator[tuple[str, Any, Door]]:
    """What a run and the outputs of tasks say of themselves."""

    def planned(odd: Any) -> object:
        (scratch / "run.json").write_text(json.dumps(odd))
        return sizing.planned_size(scratch)

    yield "run.json", json.loads((run / "run.json").read_text()), planned

    def log(odd: Any) -> object:
        place = scratch / "log.jsonl"
        place.write_text(json.dumps(odd) + "\n" + json.dumps(odd)[:-3])
        hooks.trim(place, 100)
        return curves.lines_of(place)

    yield "log.jsonl", json.loads((run / "log.jsonl").read_text().splitlines()[0]), log

    def restored(odd: Any) -> object:
        (scratch / "restored.jsonl").write_text(json.dumps(odd) + "\n")
        found = done_before(scratch / "restored.jsonl")
        return [all_there(scratch, entry) for entry in found.values()]

    entry = {"name": "a.png", "key": "k", "files": {"a.png": 1}, "digests": {"a.png": "d"}}
    yield "log of restore", entry, restored

    def order(odd: Any) -> object:
        (scratch / "augment.json").write_text(json.dumps(odd))
        return {**read_order(scratch / "augment.json")}

    def part(odd: Any) -> object:
        beside = scratch / "folder" / NAME
        beside.parent.mkdir(exist_ok=True)
        beside.write_text(json.dumps(odd))
        found = [read_beside(beside.parent), parse(START + json.dumps(odd))]
        return [(one.number, int(one.total, 16)) for one in found if one is not None]

    sound = Part(command="embed", shard="1/2", model="m", data="d", count=1, options={"x": 1})
    yield "part of a job", {"amalgan": "part", **asdict(sound)}, part

    def watched(odd: Any) -> object:
        (scratch / "watched.jsonl").write_text(json.dumps(odd) + "\n")
        seen = logs.Log(scratch / "watched.jsonl")
        seen.more()
        return (
            logs.columns(seen.lines),
            logs.read_planned_images(odd if isinstance(odd, dict) else {}, seen),
            seen.left(100),
        )

    line = {"round": 1, "images": 64, "seconds": 1.0, "planned_images": 640, "autoencoder/faithful": 0.5}
    yield "log that the studio reads", line, watched

    yield "augment.json", {"amalgan": "augmentation", "order": {"times": 1.0}, "seeds": [0]}, order


def study_doors(scratch: Path) -> Iterator[tuple[str, Any, Door]]:
    """The plan of a comparison, and what its workers leave."""
    grids = Path(__file__).parent.parent / "benchmarks" / "results" / "grids"

    def plan(odd: Any) -> object:
        (scratch / "plan.json").write_text(json.dumps(odd))
        found = Plan.read(scratch)
        made = [found.order(name, 0, settings=found.settings(name), out=scratch) for name in found.systems]
        return made, found.seeds, found.asked.device, opening(found, 1)

    yield "plan.json", json.loads((grids / "s1-grid" / "plan.json").read_text()), plan

    def result(odd: Any) -> object:
        place = scratch / "result.json"
        place.write_text(json.dumps(odd))
        return outcome(Job("a cell", ("cell",), place))

    yield "result of a worker", CELL, result
