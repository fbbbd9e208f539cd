"""Shells complete commands, flags and values by the script that ``--tyro-print-completion`` prints."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from amalgan.cli import main
from amalgan.cli.parsing import COMMANDS

ASK = """
source "$0"
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); COMPREPLY=()
_tyro_amalgan
printf '%s\\n' "${COMPREPLY[@]}"
"""
WORDS = {
    "amalgan gen": {"generate"},
    "amalgan train photos --minu": {"--minutes"},
    "amalgan train photos --critic.backb": {"--critic.backbone"},
    "amalgan restore model data --task d": {"denoise", "dejpeg"},
}


def printed(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["--tyro-print-completion", shell]) == 0
    return capsys.readouterr().out


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (tmp_path / "amalgan.bash").write_text(printed("bash", capsys))
    return tmp_path / "amalgan.bash"


def completed(script: Path, line: str) -> set[str]:
    """What bash offers for the last word of ``line``."""
    words = [*line.split(" ")]
    command = ["bash", "-c", ASK, str(script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")) - {""}


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_commands_flags_and_values(script: Path) -> None:
    assert {line: completed(script, line) for line in WORDS} == WORDS


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("command", ["train", "restore", "compare"])
def test_bash_is_offered_flags_alone_after_two_dashes(script: Path, command: str) -> None:
    offered = completed(script, f"amalgan {command} --")
    assert "--out" in offered and all(word.startswith("-") for word in offered)


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish_completes_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "amalgan.fish").write_text(printed("fish", capsys))
    ask = f'source {tmp_path}/amalgan.fish; complete -C "amalgan gen"'
    done = subprocess.run(["fish", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split()[0] == "generate"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(shell, capsys)
    assert all(f"'{name}'" in text for name in COMMANDS)


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"]])
def test_another_shell_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tyro-print-completion", *words]) == 2
    assert "bash, zsh, fish" in capsys.readouterr().err
