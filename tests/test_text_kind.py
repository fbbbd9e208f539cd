"""Strings go through every command that applies; what does not apply is refused with a reason."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import amalgan as ag
from amalgan.cli import main
from asking import answer

pytestmark = pytest.mark.usefixtures("own_cache")

SMALL = (
    *("--network.hidden", "32", "--network.width", "8", "--critic.network.hidden", "16", "--code-size", "8"),
    *("--prior.parts", "4", "--batch", "32", "--device", "cpu", "--optimizer.rate", "0.01"),
)
KINDS = {"ab": "abab", "xy": "xyyx", "no": "n-o-"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("strings")


@pytest.fixture(scope="module")
def data(place: Path) -> Path:
    """Strings of three kinds in folders of text files, a string a line."""
    chance = np.random.default_rng(0)
    for name, part in KINDS.items():
        file = place / "strings" / name / "all.txt"
        file.parent.mkdir(parents=True)
        lines = {f"{part * chance.integers(1, 3)}{chance.integers(0, 1000)}" for _ in range(180)}
        file.write_text("\n".join(sorted(lines)) + "\n\n")
    return place / "strings"


@pytest.fixture(scope="module")
def model(place: Path, data: Path) -> Path:
    """A finished run on them."""
    words = [
        "train",
        str(data),
        "--system",
        "fusion",
        "--images",
        "3200",
        *SMALL,
        "--out",
        str(place / "run"),
    ]
    assert main(words) == 0
    return place / "run"


def test_the_vocabulary_is_in_the_model(capsys, model: Path) -> None:
    spec = answer(capsys, "info", model)["spec"]
    assert spec["kind"] == "text" and spec["classes"] == ["ab", "no", "xy"]
    assert spec["facts"]["letters"] == "-0123456789abnoxy"
    assert sorted(sheet.name[:4] for sheet in (model / "samples").glob("*.png"))[0] == "gene"


def test_it_learns_to_spell(capsys, place: Path, data: Path, model: Path) -> None:
    found = answer(capsys, "reconstruct", model, data, "--out", place / "again.txt")
    lines = (place / "again.txt").read_text().splitlines()
    original = [line for name in sorted(KINDS) for line in (data / name / "all.txt").read_text().split()]
    exact = np.mean([a == b for a, b in zip(lines, original, strict=True)])
    assert found["exact"] == pytest.approx(exact)
    same = [a[:4] == b[:4] for a, b in zip(lines, original, strict=True)]
    assert np.mean(same) > 0.8


def test_new_strings_are_written(capsys, place: Path, model: Path) -> None:
    answer(capsys, "generate", model, "--count", 40, "--label", "xy", "--out", place / "new.txt")
    lines = (place / "new.txt").read_text().splitlines()
    assert len(lines) == 40 and np.mean(["xy" in line for line in lines]) > 0.6
    answer(capsys, "generate", model, "--count", 5, "--out", place / "new.npz")
    assert np.load(place / "new.npz")["x"].dtype.kind == "U"
    answer(capsys, "generate", model, "--count", 4, "--out", place / "new.png")
    answer(capsys, "generate", model, "--count", 4, "--out", place / "new.csv")
    assert (place / "new.csv").read_text().startswith("text\n")


def test_a_walk_leads_from_one_string_to_another(capsys, place: Path, model: Path) -> None:
    words = ("--walk", place / "walk.txt", "--frames", 6, "--decoder", "faithful")
    found = answer(capsys, "generate", model, *words, "--between", "abab12", "xyyx3")
    steps = (place / "walk.txt").read_text().splitlines()
    held = ag.load(model)
    assert len(steps) == 6 and list(dict.fromkeys(steps)) == found["strings"]
    assert [steps[0], steps[-1]] == held.reconstruct(["abab12", "xyyx3"]).tolist()
    words = ("--walk", place / "walk.webp", "--frames", 4)
    assert answer(capsys, "generate", model, *words)["frames"] == 4


def test_strings_come_back_exactly_from_few_bytes(capsys, place: Path, model: Path) -> None:
    texts = ["abab1", "xyyx999", "never seen: Ünïcode ✓ 漢字", "x" * 128, "0"]
    (place / "some.txt").write_text("\n".join(texts))
    found = answer(capsys, "compress", model, place / "some.txt", "--out", place / "some.amg")
    assert found["n"] == 5 and found["qualities"] == 1
    answer(capsys, "decompress", model, place / "some.amg", "--out", place / "back.txt")
    assert (place / "back.txt").read_text().splitlines() == texts


def test_it_is_evaluated_beside_a_6_gram(capsys, place: Path, data: Path, model: Path) -> None:
    check = place / "check.py"
    check.write_text("import sys\nfor line in sys.stdin: print(int(line[:2] in ('ab', 'xy', 'n-')))\n")
    found = answer(capsys, "evaluate", model, data, "--valid", f"{sys.executable} {check}")
    metrics = found["metrics"]
    for key in ("unique", "new", "valid", "perplexity", "reverse_perplexity", "frechet_distance"):
        assert metrics[key] >= 0 and metrics[f"{key}_6gram"] is not None
    assert {"exact", "squared_error", "perplexity_real", "linear_probe"} <= set(metrics)
    assert not {"psnr", "r_squared"} & set(metrics) and metrics["valid"] > 0.5
    assert "6-gram" in found["names"]["unique_6gram"] and found["features"] == "letter-runs-128"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print(1)", "wrote 1 lines"),
        ("import sys; sys.exit('no chemistry here')", "failed with 1: no chemistry here"),
    ],
)
def test_a_command_that_fails_is_said(capsys, data: Path, model: Path, code: str, why: str) -> None:
    words = ("evaluate", model, data, "--valid", f'{sys.executable} -c "{code}"')
    assert why in answer(capsys, *words, code=2)["error"]


def test_codes_map_detect_and_classify(capsys, place: Path, data: Path, model: Path) -> None:
    (place / "asked.txt").write_text("abab12\n")
    shown = ("--plot", place / "map.html", "--query", place / "asked.txt", "--duplicates", place / "same.csv")
    answer(capsys, "embed", model, data, "--out", place / "codes.npz", *shown)
    assert np.load(place / "codes.npz")["code"].shape[1] == 8
    (place / "odd.txt").write_text("zzzzqqqq\n#####\n" * 8)
    answer(capsys, "detect", model, place / "odd.txt", "--normals", data, "--out", place / "scores.csv")
    head, first = (place / "scores.csv").read_text().splitlines()[:2]
    assert "p(letters)" in head and first.split(",")[2] == "yes"
    train = ("train", data, "--system", "supervised", "--images", 1600, *SMALL[:4], *SMALL[6:8])
    answer(capsys, *train, "--optimizer.rate", "0.01", "--out", place / "classes")
    assert answer(capsys, "classify", place / "classes", data)["accuracy"] > 0.8


def test_studies_show_strings(capsys, place: Path, data: Path, model: Path) -> None:
    answer(capsys, "report", model, data, "--count", 40, "--out", place / "report")
    assert "data:image/png" in (place / "report" / "report.html").read_text()
    answer(capsys, "explore", model, data, "--count", 20, "--out", place / "explored")
    answer(capsys, "augment", model, data, "--times", 0.1, "--out", place / "more")
    row = "autoencoder:network.hidden=16:network.width=8:code_size=4"
    words = ("--systems", row, "--seeds", 1, "--images", 320, "--count", 40)
    # it may collapse, so soon
    answer(capsys, "compare", data, *words, "--out", place / "compared", code=(0, 3))
    page = (place / "compared" / "report.html").read_text()
    assert "Exact strings of x′" in page and "Reverse perplexity" in page


@pytest.mark.parametrize("system", ["gan", "regularized", "augmented", "quantized", "codec", "restorer"])
def test_systems_that_cannot_work_on_letters_name_one_that_can(
    capsys, place: Path, data: Path, system: str
) -> None:
    words = ("train", data, "--system", system, "--images", 64, "--out", place / f"no-{system}")
    error = answer(capsys, *words, code=2)["error"]
    assert "strings" in error and ("fusion" in error or "autoencoder" in error)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("generate MODEL --watermark --out OUT/x.txt", "strings bear no watermark"),
        ("detect MODEL DATA --out OUT/y.csv --maps OUT/maps", "heat maps are of pictures"),
        ("train DATA --flip --out OUT/flipped", "the data is strings: leave out --flip"),
        ("train DATA --denoise 0.1 --system autoencoder --out OUT/noisy", "denoise is for pictures"),
        ("export MODEL --to page --out OUT/page.html", "a page shows pictures"),
    ],
)
def test_what_it_refuses_is_said(capsys, place: Path, data: Path, model: Path, words: str, why: str) -> None:
    named = {"MODEL": str(model), "DATA": str(data)}
    given = [named.get(word, word).replace("OUT", str(place)) for word in words.split()]
    assert why in answer(capsys, *given, code=2)["error"]
