"""Whether WebGPU pays in a page: how much larger its build of onnxruntime-web is, and how fast a decode is with it.

    npm install --prefix /tmp/ort onnxruntime-web@1.30.0
    python benchmarks/webgpu.py runs/demo /tmp/ort/node_modules/onnxruntime-web/dist

There are two builds for WebGPU: the smaller one needs JSPI, which only the newest browsers have. Each build runs the
same decodes of one code in Chromium: the demo's digits, and fusion of 64x64 with weights of chance. WebGPU runs on
Chromium's software adapter where there is no GPU, so its time here is no time of a GPU. Writes
benchmarks/results/webgpu.json.
"""

from __future__ import annotations

import argparse
import gzip
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

import writing
from amalgan.studies.page.page import shown_graphs
from amalgan.systems import model_file
from amalgan.tasks.export.export import pack_graph
from page import chromium, large

HERE = Path(__file__).parent
BUILDS = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
    "webgpu, with JSPI": ("ort.jspi.bundle.min.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
}
FLAGS = [
    "--no-sandbox",
    "--enable-unsafe-webgpu",
    "--use-webgpu-adapter=swiftshader",
    "--enable-features=Vulkan",
]
MOST_SECONDS = 40
MEASURE = """async ([build, script, graph, size]) => {
  const provider = build.split(",")[0];
  if (provider === "webgpu" && !(await navigator.gpu?.requestAdapter())) return { error: "there is no adapter" };
  const ort = await import("/" + script);
  ort.env.wasm.wasmPaths = "/";
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const began = performance.now();
  const session = await ort.InferenceSession.create("/" + graph, { executionProviders: [provider] });
  const feeds = { code: new ort.Tensor("float32", new Float32Array(size).fill(0.1), [1, size]) }, times = [];
  const decode = async () => { const [made] = Object.values(await session.run(feeds)); await made.getData?.(); };
  await decode();
  const ready = performance.now() - began;
  for (let turn = 0; turn < 30; turn++) {
    const start = performance.now();
    await decode();
    times.push(performance.now() - start);
  }
  return { ready, decode: times.sort((a, b) => a - b)[15] };
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: Any) -> None:
        pass


def main() -> None:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("demo", type=Path)
    parser.add_argument("dist", type=Path, help="dist/ of onnxruntime-web, as npm installs it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        place = Path(scratch)
        sizes = write_files(asked.demo, asked.dist, place)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=scratch))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=chromium(), args=FLAGS)
        address = f"http://127.0.0.1:{server.server_port}/index.html"
        found: dict[str, Any] = {
            "megabytes_in_a_page": {build: packed_size(asked.dist, build) for build in BUILDS},
            "rows": [],
        }
        writing.write_json(HERE / "results" / "webgpu.json", found)
        for name, size in sizes.items():
            for build in BUILDS:
                row = {"build": build, "model": name} | measured(browser, address, build, name, size)
                found["rows"].append(row)
                writing.write_json(HERE / "results" / "webgpu.json", found)
                print(row, flush=True)
        server.shutdown()
    print(found["megabytes_in_a_page"])


def write_files(demo: Path, dist: Path, place: Path) -> dict[str, int]:
    """Put both builds and both decoders into a folder; how many numbers each code has."""
    (place / "index.html").write_text("<!doctype html><link rel=icon href=data:,>")
    for one in dist.iterdir():
        if one.name.startswith("ort") and one.suffix in (".mjs", ".wasm"):
            (place / one.name).symlink_to(one.resolve())
    sizes = {}
    for name, model in (("digits", model_file.load(demo)), ("fusion64", large(place))):
        graph = next(one for one in shown_graphs(model) if one.ability == "decode")
        (place / f"{name}.onnx").write_bytes(pack_graph(graph, model))
        sizes[name] = graph.inputs(2, seed=0)["code"].shape[1]
    return sizes


def measured(browser: Browser, address: str, build: str, name: str, size: int) -> dict[str, Any]:
    """Milliseconds until the first decode, and of one, or why there is none."""
    tab = browser.new_page()
    tab.goto(address)
    try:
        asked = [build, BUILDS[build][0], f"{name}.onnx", size, MOST_SECONDS]
        late = "new Promise(go => setTimeout(() => go({error: 'not done in time'}), 1000 * given[4]))"
        raced = f"given => Promise.race([({MEASURE})(given), {late}])"
        found: dict[str, Any] = tab.evaluate(raced, asked)
    except Exception as error:  # whatever the browser says is the result
        found = {"error": str(error).splitlines()[0]}
    tab.close()
    return found


def packed_size(dist: Path, build: str) -> float:
    """MB of a build in a page: both files gzipped, as base64."""
    return sum(len(gzip.compress((dist / one).read_bytes(), 9)) for one in BUILDS[build]) * 4 / 3 / 2**20


if __name__ == "__main__":
    main()
