"""What comes from outside is no bug: the environment, closed and full outputs, files in the way, absurd numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = Path("/dev/full")


def ended(words: list[str], redirect: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """A command line in a process of its own."""
    line = " ".join([sys.executable, "-m", "amalgan", *words, redirect])
    return subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, env=os.environ | variables, timeout=300
    )


def told(found: subprocess.CompletedProcess[str], code: int, said: str) -> None:
    assert found.returncode == code, found.stderr
    assert said in found.stderr and "Traceback" not in found.stderr and "bug" not in found.stderr
    assert "Exception ignored" not in found.stderr


@pytest.mark.parametrize("words", [["systems"], ["systems", "--json"], ["--help"], ["--version"]])
def test_an_output_that_takes_nothing_is_told(words: list[str]) -> None:
    told(ended(words, ">&-"), 1, "cannot write to standard output")
    if FULL.exists():
        told(ended(words, f"> {FULL}"), 1, "cannot write to standard output: No space left on device")


def test_a_closed_stderr_changes_nothing() -> None:
    assert ended(["systems"], "2>&-").returncode == 0
    assert ended(["trian"], "2>&-").returncode == 2


@pytest.mark.parametrize("name", ["WORLD_SIZE", "RANK", "LOCAL_RANK"])
@pytest.mark.parametrize("value", ["x", "-1", "1.5", "9" * 30, "\u0663"])
def test_variables_of_launchers_are_numbers(name, value, run, tmp_path, monkeypatch):
    monkeypatch.setenv(name, value)
    ran = run("train", "iris", "--images", "64", "--out", tmp_path / "run")
    assert ran.code == 2 and f"the variable {name} is" in ran.err and "Traceback" not in ran.err


@pytest.mark.parametrize("value", ["much", "nan", "-1", "inf"])
def test_the_variable_of_the_cache_is_a_number(value, run, tmp_path, monkeypatch):
    monkeypatch.setenv("AMALGAN_CACHE_GIB", value)
    ran = run("inspect", "iris", "--cache", tmp_path / "cache")
    assert ran.code == 2 and "the variable AMALGAN_CACHE_GIB is" in ran.err


def test_an_empty_variable_is_none_at_all(run, monkeypatch, tmp_path):
    for name in ("RANK", "AMALGAN_CACHE_GIB"):
        monkeypatch.setenv(name, "")
    assert run("inspect", "iris", "--cache", tmp_path / "cache").code == 0


ABSURD = ("9" * 30, "-" + "9" * 30, "nan", "inf", "-inf", "1e400")
NUMERIC = {
    "train": (
        "--images",
        "--seed",
        "--batch",
        "--minutes",
        "--patience",
        "--keep",
        "--code-size",
    ),
    "generate": ("--count", "--seed", "--temperature"),
    "evaluate": ("--count", "--seed"),
    "augment": ("--times", "--strength", "--seeds", "--margin"),
    "detect": ("--rate",),
}


@pytest.mark.parametrize(("command", "flag"), [(name, flag) for name in NUMERIC for flag in NUMERIC[name]])
def test_absurd_numbers_are_refused_by_the_name_of_the_flag(command, flag, run, tmp_path):
    for value in ABSURD:
        place = ("iris",) if command == "train" else (tmp_path / "no.safetensors",)
        data = () if command in ("train", "generate") else ("iris",)
        out = () if command == "evaluate" else ("--out", tmp_path / "out")
        ran = run(command, *place, *data, *out, f"{flag}={value}")
        assert ran.code in (1, 2) and "bug" not in ran.err and "Traceback" not in ran.err, (value, ran.err)
        assert ran.code == 2 and flag.removeprefix("--") in ran.err.replace("_", "-"), (value, ran.err)


def test_a_file_where_a_folder_should_be_is_told(run, digits, tmp_path):
    (tmp_path / "file").write_text("x")
    for words in (
        ("train", "iris", "--images", "64", "--out", tmp_path / "file"),
        ("train", "iris", "--images", "64", "--out", tmp_path / "file" / "below"),
        ("generate", digits, "--count", "2", "--out", tmp_path / "file"),
        ("generate", digits, "--count", "2", "--out", tmp_path / "file" / "x.png"),
        ("report", digits, "digits", "--count", "20", "--out", tmp_path / "file"),
    ):
        ran = run(*words)
        assert ran.code in (1, 2) and "bug" not in ran.err and "Traceback" not in ran.err, ran.err
        assert "file" in ran.err
    assert (tmp_path / "file").read_text() == "x"
