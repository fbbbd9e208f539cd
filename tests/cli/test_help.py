"""The help: what it says (golden), that every flag has a line, and that it does not wait for torch.

AMALGAN_GOLDEN=write rewrites the golden files.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from amalgan.cli.parsing import COMMANDS, train_default
from amalgan.config.flags import groups
from amalgan.systems import registry

GOLDEN = Path(__file__).parent / "golden"
NAMES = (
    "demo",
    "train",
    "generate",
    "reconstruct",
    "restore",
    "compress",
    "decompress",
    "embed",
    "classify",
    "detect",
    "trace",
    "gather",
    "augment",
    "evaluate",
    "compare",
    "report",
    "explore",
    "card",
    "push",
    "export",
    "studio",
    "inspect",
    "systems",
    "check-system",
    "info",
)


@pytest.mark.parametrize(("file", "words"), [("top.txt", ["--help"]), ("train.txt", ["train", "--help"])])
def test_golden(run, file, words):
    ran = run(*words)
    if os.environ.get("AMALGAN_GOLDEN") == "write":
        (GOLDEN / file).write_text(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (GOLDEN / file).read_text()


def test_only_what_works_is_listed(run):
    listed = run("--help").out.split("commands:")[1].split("flags:")[0]
    assert (
        tuple(line.split()[0] for line in listed.strip().splitlines() if line[2] != " ")
        == NAMES
        == tuple(COMMANDS)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_flag_has_a_line(name):
    default = train_default([]) if name == "train" else None
    flags = [flag for group in groups(COMMANDS[name], default) for flag in group.flags]
    assert not [flag.name for flag in flags if not flag.line.strip()]
    assert "json" in {flag.name for flag in flags}


@pytest.mark.parametrize("system", registry.names())
def test_train_shows_the_flags_of_its_system(run, system):
    ran = run("train", "--help", "--system", system)
    assert ran.code == 0
    assert "width N" in ran.out
    assert ("--join" in ran.out) == (system == "fusion")


def test_a_preset_changes_the_defaults_shown(run):
    quick, base = (run("train", "--help", f"--preset={name}").out for name in ("quick", "base"))
    assert quick != base
    assert "[64]" in next(line for line in base.splitlines() if line.startswith("  --batch"))


def test_nothing_at_all_shows_the_help_and_is_wrong_use(run):
    ran = run()
    assert ran.code == 2
    assert ran.out.startswith("usage: amalgan COMMAND")


def test_version(run):
    assert run("--version").out.startswith("amalgan 0.")


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in NAMES)], ids=" ".join)
def test_help_needs_no_torch(words):
    code = (
        "import sys; from amalgan.cli import main; code = main(sys.argv[1:]); "
        "sys.exit(code or ('torch' in sys.modules) * 9)"
    )
    started_at = cpu_seconds()
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert cpu_seconds() - started_at < 1


def cpu_seconds() -> float:
    """What the processes that have ended took of a processor; other work on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_reader_that_leaves_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m amalgan train --help | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
