"""How large a page is, and how fast in a browser: of the demo's model, and of a fused one of 64x64 color pictures.

python benchmarks/page.py runs/demo          a minute; needs a Chromium

The second model has weights of chance: what they are changes neither size nor speed. A time is the median of 50 calls
from the page to its worker and back, one picture each.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from playwright.sync_api import Page, sync_playwright

import writing
from amalgan.config.systems import FusionConfig
from amalgan.core.randomness import Draws, build_seeded
from amalgan.core.types import Batch, DataSpec
from amalgan.studies.page.page import page
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.systems.registry import system_class

HERE = Path(__file__).parent
PART = re.compile(r'<script[^>]* id="(\w+)"[^>]*>(.*?)</script>', re.S)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MEASURE = """async () => {
  const { engine } = document.getElementById("views"), { facts } = engine, found = {};
  const size = facts.shape.reduce((product, side) => product * side, 1);
  for (const name of ["encode", "decode", "realize", "encode", "decode", "realize"]) {
    const feeds = Object.fromEntries(facts.graphs[name].inputs.map(({ name: port, shape }) => {
      const dims = [1, ...shape.slice(1)], data = new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.1);
      return [port, { data, dims }];
    }));
    const times = [];
    for (let turn = 0; turn < 60; turn++) {
      const began = performance.now();
      await engine.run(name, feeds);
      times.push(performance.now() - began);
    }
    found[name] = times.slice(10) /* of the second round: compilers warm up */.sort((a, b) => a - b)[25];
  }
  return found;
}"""
FIRST = """() => document.getElementById("Make").last && performance.now()"""
"""Milliseconds from the start of the page to its first new images, to a frame."""
FILLING = """async () => {
  const { engine } = document.getElementById("views"), { search, shape } = engine.facts, times = [];
  const size = search.center.length, [channels, height, width] = shape;
  const x = { data: new Float32Array(channels * height * width), dims: [1, ...shape] };
  const known = { data: new Float32Array(height * width).fill(1), dims: [1, 1, height, width] };
  const code = { data: new Float32Array(search.starts * size).fill(0.1), dims: [search.starts, size] };
  for (let turn = 0; turn < 12; turn++) {
    const began = performance.now();
    await engine.run("agree", { code, x, known });
    times.push(performance.now() - began);
  }
  return search.steps * times.slice(2).sort((a, b) => a - b)[5] / 1000;
}"""
"""Seconds that the search for four fillings spends in its gradient."""


def main() -> None:
    """Measure both, keep, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("demo", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        models = {
            "the demo's digits, 8x8 gray": model_file.load(asked.demo),
            "fusion, 64x64 RGB": large(Path(scratch)),
        }
        rows = [
            measured(browser.new_page(), name, model, Path(scratch) / f"{at}.html")
            for at, (name, model) in enumerate(models.items())
        ]
    writing.write_json(
        HERE / "results" / "page.json", {"rows": rows, "processes_waiting": os.getloadavg()[0]}
    )
    for row in rows:
        print(row)


def chromium() -> str:
    """The browser of this machine."""
    found = next((place for name in BROWSERS if (place := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"no Chromium here: none of {', '.join(BROWSERS)} is on the path")
    return found


def large(place: Path) -> Model:
    """A fused model of 64x64 pictures as ``amalgan train`` would build it, not trained."""
    spec = DataSpec(kind="image", shape=(3, 64, 64))
    system = build_seeded(lambda: system_class("fusion")(FusionConfig(), spec), 0)
    x = torch.rand(64, *spec.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1
    batch = Batch(x, torch.full((64,), -1), torch.arange(64))
    system.eval().settle([batch], Draws(seed=0, round=0, total=64))
    model_file.publish(place / "model.safetensors", system, name="fusion", facts={})
    return model_file.load(place)


def parts(target: Path) -> dict[str, float]:
    """What a page consists of, in MB: the run time, each network, and all facts."""
    found = dict(PART.findall(target.read_text(encoding="utf-8")))
    sizes = {"run time": len(found["wasm"] + found["worker"]), "facts": len(found["facts"])}
    return {part: size / 2**20 for part, size in (sizes | networks(found["graphs"])).items()}


def networks(graphs: str) -> dict[str, int]:
    """How long each network is as text."""
    return {name: len(packed) for name, packed in json.loads(graphs).items()}


def half_error(model: Model) -> float:
    """How far a decode moves, at most, where weights are rounded to half precision; pictures are within [-1, 1]."""
    code = torch.randn(16, model.system.code_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        exact = model.system.decode(code)
        rounded = copy.deepcopy(model.system)
        for weight in rounded.parameters():
            weight.copy_(weight.half())
        return float((rounded.decode(code) - exact).abs().max())


def measured(tab: Page, name: str, model: Model, target: Path) -> dict[str, Any]:
    """Size in MB, and times in milliseconds."""
    page(model, target)
    tab.goto(target.as_uri())
    tab.wait_for_selector("html[data-ready]", state="attached")
    ready = float(tab.get_attribute("html", "data-ready") or "nan")
    first = tab.wait_for_function(FIRST, polling="raf").json_value()
    tab.wait_for_timeout(2000)
    size = {
        "megabytes": target.stat().st_size / 2**20,
        "parts": parts(target),
        "half_error": half_error(model),
    }
    times = {"ready": ready, "first": first} | tab.evaluate(MEASURE) | {"fill_seconds": tab.evaluate(FILLING)}
    return {"model": name} | size | times


if __name__ == "__main__":
    main()
