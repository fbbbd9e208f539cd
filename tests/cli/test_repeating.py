"""``--config``: a run or a comparison asked for again gives the same; flags that are given count instead."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from amalgan.cli.compare import Compare
from amalgan.cli.parsing import parse
from amalgan.cli.train import Train
from amalgan.config import fields
from amalgan.core.errors import UsageError

SMALL = [
    "--network.width",
    "4",
    "--network.hidden",
    "8",
    "--code-size",
    "4",
    "--no-flip",
    "--until",
    "psnr=90",
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run with options that differ from their defaults in every group of flags."""
    from amalgan.cli import main

    out = tmp_path_factory.mktemp("runs") / "first"
    words = ["train", "digits", "--system", "autoencoder", "--images", "640", "--seed", "3", "--keep", "0.5"]
    assert main([*words, *SMALL, "--batch", "32", "--average-half-life", "500", "--out", str(out)]) == 0
    return out


def test_a_run_is_repeated_bit_for_bit(run, recorded: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert run("train", "digits", "--config", recorded, "--out", again).code == 0
    assert (again / "model.safetensors").read_bytes() == (recorded / "model.safetensors").read_bytes()


@pytest.mark.parametrize("of", ["folder", "file"])
def test_flags_count_instead_of_the_record(recorded: Path, of: str) -> None:
    place = recorded if of == "folder" else recorded / "run.json"
    words = ["train", "digits", "--config", str(place), "--seed", "4", "--code-size", "8", "--minutes", "2"]
    asked = parse(words)
    assert isinstance(asked, Train)
    assert (asked.seed, asked.settings.code_size, asked.minutes, asked.images) == (4, 8, 2.0, None)
    assert (asked.batch, asked.average_half_life, asked.until) == (32, 500, "psnr=90")
    assert asked.reading.keep == 0.5
    assert asked.settings.network.width == 4


def test_another_system_has_its_own_settings(recorded: Path) -> None:
    asked = parse(["train", "digits", "--config", str(recorded), "--system", "gan"])
    assert isinstance(asked, Train)
    assert (asked.system, asked.batch, asked.images) == ("gan", 32, 640)
    plain = parse(["train", "digits", "--system", "gan"])
    assert isinstance(plain, Train)
    assert asked.settings == plain.settings


def test_a_record_asks_for_its_data(recorded: Path, tmp_path: Path) -> None:
    for name in ("flowers", "photos"):  # a folder may be called as built-in data is
        facts = json.loads((recorded / "run.json").read_text()) | {"data": name}
        (tmp_path / "run.json").write_text(json.dumps(facts))
        with pytest.raises(UsageError, match="DATA"):
            parse(["train", "--config", str(tmp_path)])
    asked = parse(["train", "mine", "--config", str(tmp_path)])
    assert isinstance(asked, Train)
    assert asked.data == "mine"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("train", "{}"),
        ("train", "[]"),
        ("train", "no JSON"),
        ("train", '{"amalgan": "run", "system": "no"}'),
        ("train", '{"amalgan": "run", "system": "gan"}'),
        ("train", '{"amalgan": "run", "system": [], "settings": {}, "data": "digits", "images": 640}'),
        ("train", '{"amalgan": "run", "system": "no", "settings": {}, "data": "digits", "images": 640}'),
        ("compare", '{"command": "amalgan compare \'x", "where": {"data": "x", "plugin": null}}'),
        ("compare", "{}"),
        ("compare", '{"command": "rm -r folder"}'),
        ("compare", '{"command": 3}'),
    ],
)
def test_what_is_no_record_is_refused(run, tmp_path: Path, command: str, text: str) -> None:
    place = tmp_path / "record.json"
    place.write_text(text)
    ran = run(command, "digits", "--config", place, "--out", tmp_path / "out")
    assert ran.code == 2
    assert "record.json" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_comparison_is_asked_for_again(tmp_path: Path) -> None:
    words = (
        "digits --systems gan,fusion:critic.r1=0.1 --seeds 2 --images 640 --keep 0.5 --flip --samples a=b.npz"
    )
    first = parse(["compare", *words.split(), "--out", str(tmp_path)])
    assert isinstance(first, Compare)
    from amalgan.studies.compare.commands import of_comparison

    where = {"data": "digits", "plugin": None}
    (tmp_path / "plan.json").write_text(json.dumps({"command": of_comparison(first), "where": where}))
    again = parse(["compare", "--config", str(tmp_path)])
    assert fields.to_json(again) == fields.to_json(first) | {"config": tmp_path}
    other = parse(["compare", "--config", str(tmp_path), "--cpu-minutes", "3", "--systems", "wae, gan"])
    assert isinstance(other, Compare)
    assert (other.cpu_minutes, other.images, other.systems, other.seeds) == (3.0, None, ("wae", "gan"), 2)
    words = shlex.split(of_comparison(other))
    assert words[:3] == ["amalgan", "compare", "digits"]
    assert words[words.index("--systems") + 1] == "wae,gan"
    assert "--config" not in words
