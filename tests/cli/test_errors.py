"""What is said of typical mistakes, word for word, and the exit code."""

from __future__ import annotations

import pytest

from amalgan import cli
from amalgan.cli import parsing
from amalgan.cli.output import harmless

SEE_TRAIN = "See amalgan train --help."
WITHIN = " is DATA itself or lies within it; inputs are never changed. Choose another."

USAGE = {
    "trian digits": "there is no command 'trian'; perhaps you mean train. See amalgan --help.",
    "train": f"Missing from amalgan train: DATA What to train on. {SEE_TRAIN}",
    "train digits --sytem gan": f"train has no flag --sytem; perhaps you mean --system. {SEE_TRAIN}",
    "train digits --critic.r3 1": (
        f"train has no flag --critic.r3; perhaps you mean --critic.r2 or --critic.r1. {SEE_TRAIN}"
    ),
    "train digits --join add": (
        f"invalid choice 'add' for argument '--join'. Expected one of ('concatenate', 'modulate'). {SEE_TRAIN}"
    ),
    "train digits --seed abc": (
        f"Error parsing --seed: invalid literal for int() with base 10: 'abc'. {SEE_TRAIN}"
    ),
    "train digits --images": f"Missing value for argument '--images'. Expected 1 values. {SEE_TRAIN}",
    "train digits twice": f"train does not know what to do with 'twice'. {SEE_TRAIN}",
    "train digits --minutes 1 --images 64": "--minutes and --images are both given; give one of them.",
    "train digits --size 3": (
        "--size is '3'; write one side (32) or height x width (48x64), each between 8 and 4096"
    ),
    "train digits --stages 0.9 0.3": "stages are (0.9, 0.3); they must rise within (0, 1)",
    "train digits --plugin no.py": (
        "--plugin no.py: not a Python file. Give the path of a .py file that registers a system."
    ),
    "reconstruct {run} {data} --out {data}": "--out {data}" + WITHIN,
    "reconstruct {run} {data} --out {data}/new": ("--out {data}/new" + WITHIN),
    "generate {run} --out {out} --label cat": "label 'cat': this model knows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
    "generate {run}": "neither --out nor --walk is given; say where to write, as --out new.png.",
    "generate {run} --walk {out}.gif": "{out}.gif ends in .gif; a walk goes to a .webp file, or .txt for strings.",
    "generate {run} --out {out} --between a.png b.png": "--between needs --walk x.webp, the film to write.",
    "generate {run} --walk {out}.webp --between {data} {data}": (
        "--between {data} holds 21 examples; give a file of one picture."
    ),
    "generate {run} --walk {out}.webp --frames 1": "frames is 1; a walk has at least 2",
    "embed {run} digits --out {out}.csv": "{out}.csv ends in .csv; codes go to .npz or .parquet.",
    "embed {run} digits --out {out}.npz --plot {out}.pdf": "--plot {out}.pdf: give a .png or .html file.",
}
FAILED = {
    "generate no.safetensors --out {out}": (
        "no.safetensors: there is no such file. A model file is what amalgan train writes."
    ),
    "generate {data} --out {out}": (
        "{data} holds no model: it is no run's folder. Give a model file, or the folder that amalgan train --out named."
    ),
    "reconstruct {run} nothing --out {out}": (
        "cannot read 'nothing': No such file or directory. Give a folder, a pattern ('photos/*.jpg'), an address, "
        ".zip, .tar, .parquet, .npz, .npy, .csv or one of digits, photos, iris, wine, breast_cancer, diabetes, grid, "
        "gaussians, formulas, logs, drums."
    ),
    "reconstruct {run} {run}/model.safetensors --out {out}": (
        "{run}/model.safetensors is a model file, not data. MODEL comes first, then DATA."
    ),
    "train {run}": "{run} is a run's folder, not data. Give the pictures that it was trained on, or others.",
    "reconstruct {run} iris --out {out}.npz": (
        "iris holds 4 numbers an example; this model reads 8x8 gray. Give data of its kind."
    ),
}
CASES = [(2, *pair) for pair in USAGE.items()] + [(1, *pair) for pair in FAILED.items()]


@pytest.mark.parametrize(("code", "words", "said"), CASES, ids=[words for _, words, _ in CASES])
def test_mistakes(run, digits, folder, tmp_path, code, words, said):
    places = {"run": digits, "data": folder, "out": tmp_path / "out"}
    ran = run(*words.format(**places).split())
    assert ran.code == code
    assert (ran.out, ran.err) == ("", f"amalgan: {said.format(**places)}\n")


def test_a_misspelled_system_is_told_what_there_is(run):
    ran = run("train", "digits", "--system", "gna")
    assert ran.code == 2
    assert ran.err.startswith(
        "amalgan: --system 'gna': there is no such system; perhaps you mean gan. There are "
    )


def test_json_holds_the_error(run):
    ran = run("train", "digits", "--join", "add", "--json")
    assert ran.code == 2
    assert f"amalgan: {ran.json['error']}\n" == ran.err


def test_a_bug_shows_its_traceback(run, monkeypatch):
    monkeypatch.setattr(parsing.Systems, "run", lambda self, console: 1 / 0)
    ran = run("systems", "--json")
    assert ran.code == 1
    assert "Traceback (most recent call last)" in ran.err
    assert ran.json == {"error": "this is a bug: ZeroDivisionError: division by zero"}


def test_an_interrupt_outside_training(run, monkeypatch):
    def interrupted(self, console):
        raise KeyboardInterrupt

    monkeypatch.setattr(parsing.Systems, "run", interrupted)
    assert run("systems").code == 130


def test_names_cannot_act_on_the_terminal(run, capsys):
    ran = run("inspect", "no\x1b[31mfolder\u202e")
    assert ran.code == 1
    assert "\x1b" not in ran.err and "\u202e" not in ran.err
    assert harmless("a\x1bb\nc\u202e") == "a\\x1bb\nc\\u{202e}"


def test_the_entry_point_is_main():
    from importlib.metadata import entry_points

    (entry,) = entry_points(group="console_scripts", name="amalgan")
    assert entry.load() is cli.main
