"""Every command on a model of a user's own system, an adversarial autoencoder, whose critic looks at codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from amalgan.cli import main
from amalgan.cli.parsing import COMMANDS
from amalgan.systems import registry

PLUGIN = Path(__file__).parents[2] / "examples" / "adversarial_autoencoder.py"
SMALL = ("--network.width", "8", "--network.widest", "16", "--code-size", "8", "--device", "cpu")
DONE = {
    "generate": "MODEL --count 5 --out OUT/new",
    "reconstruct": "MODEL PICTURES --out OUT/rebuilt",
    "restore": "MODEL PICTURES --task inpaint --mask MASK --out OUT/restored",
    "compress": "MODEL PICTURES --out OUT/packed.amg",
    "decompress": "MODEL OUT/packed.amg --out OUT/unpacked",
    "card": "MODEL --out OUT/card",
    "embed": "MODEL digits --out OUT/codes.npz --plot OUT/map.png",
    "classify": "MODEL digits --out OUT/classes.csv",
    "detect": "MODEL digits --out OUT/scores.csv --maps OUT/maps",
    "trace": "MODEL OUT/new --out OUT/traced.csv",
    "augment": "MODEL digits --times 1 --out OUT/more",
    "evaluate": "MODEL digits --count 60",
    "report": "MODEL digits --count 60 --out OUT/report",
    "explore": "MODEL digits --count 20 --out OUT/explored",
    "export": "MODEL --out OUT/onnx",
    "systems": "",
}
"""The words of each command that loads a system of one's own."""
REFUSED = {"classify": "cannot classify; these can: supervised"}
ELSEWHERE = {"demo", "train", "inspect", "info", "compare", "check-system", "studio", "gather", "push"}
"""Commands that load no model, or that other tests here are about."""


@pytest.fixture(scope="module", autouse=True)
def _forget() -> Iterator[None]:
    before = dict(registry._CLASSES)
    yield
    registry._CLASSES.clear()
    registry._CLASSES.update(before)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def model(place: Path) -> Path:
    """A finished run of the adversarial autoencoder."""
    words = ["train", "digits", "--system", "aae", "--plugin", str(PLUGIN), "--images", "3200", *SMALL]
    assert main([*words, "--out", str(place / "aae")]) == 0
    return place / "aae"


def test_no_command_is_forgotten():
    assert {*DONE} | ELSEWHERE == {*COMMANDS}


@pytest.mark.parametrize("name", DONE)
def test_every_command_does_its_work_or_refuses_in_words(name, run, model, place, folder):
    pixels = folder / "cat"
    mask = place / "mask.png"
    if not mask.exists():
        drawn_mask(mask)
    named = {"MODEL": model, "PICTURES": pixels, "MASK": mask}
    words = [str(named.get(word, word)).replace("OUT", str(place)) for word in DONE[name].split()]
    ran = run(name, *words, "--plugin", PLUGIN, "--json")
    assert "bug" not in ran.err and "Traceback" not in ran.err
    if name in REFUSED:
        assert ran.code == 2 and REFUSED[name] in ran.json["error"]
    else:
        assert ran.code in (0, 3), ran.err + ran.out


def drawn_mask(target: Path) -> None:
    """A mask with a hole in its middle."""
    import numpy as np
    from PIL import Image

    hole = np.zeros((12, 10), dtype=np.uint8)
    hole[2:5, 2:5] = 255
    Image.fromarray(hole).save(target)


def test_a_comparison_has_its_row(run, place):
    words = ("--systems", f"aae:{overrides()}", "--plugin", PLUGIN, "--images", "640", "--count", "60")
    ran = run(
        "compare", "digits", *words, "--seeds", "1", "--tries", "1", "--out", place / "compared", "--json"
    )
    assert ran.code == 0, ran.err + ran.out
    (cell,) = (json.loads(file.read_text()) for file in place.glob("compared/runs/*/cell.json"))
    assert cell["state"] == "done" and cell["reason"] is None
    assert cell["cost"] and "psnr" in cell["metrics"] and "critic_overfit" not in cell["metrics"]


def overrides() -> str:
    """Small networks, as a row of a comparison has them."""
    return "network.width=8:network.widest=16:code_size=8"


def test_commands_that_are_printed_carry_the_plugin(run, model, place):
    words = ("digits", "--system", "aae", "--plugin", PLUGIN, "--images", "64", *SMALL)
    assert f"--plugin {PLUGIN}" in "".join(run("train", *words, "--out", place / "again").out.split("\n"))
    for name, made in (("report", "report.json"), ("explore", "explore.json")):
        assert (
            run(name, model, "digits", "--count", "20", "--plugin", PLUGIN, "--out", place / "told").code == 0
        )
        facts = json.loads((place / "told" / made).read_text())
        printed = [facts["command"], *facts.get("commands", {}).values()]
        assert all(f"--plugin {PLUGIN}" in command for command in printed)


def test_a_label_that_makes_no_difference_is_refused(run, model, place):
    ran = run(
        "generate",
        model,
        "--count",
        "4",
        "--label",
        "3",
        "--out",
        place / "threes",
        "--plugin",
        PLUGIN,
        "--json",
    )
    assert ran.code == 2 and "the same examples whatever class is asked for" in ran.json["error"]
