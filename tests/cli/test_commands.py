"""Every command, from end to end, on small data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import amalgan as ag
from amalgan.systems import registry


def test_train_leaves_a_run(digits):
    assert {path.name for path in digits.iterdir()} == {
        "run.json",
        "log.jsonl",
        "samples",
        "model.safetensors",
    }
    assert json.loads((digits / "run.json").read_text())["images"] == 1984


def test_train_resumes_and_refuses(run, small, tmp_path):
    words = ("train", "digits", "--images", "320", *small, "--out", tmp_path / "run", "--json")
    first = run(*words).json
    assert first["images"] == 320
    assert first["resumed_at_images"] is None
    assert set(first) >= {"model", "images", "resumed_at_images", "cpu_seconds", "metrics", "skipped"}
    refused = run(*words)
    assert refused.code == 2
    assert "--resume" in refused.json["error"] and "--overwrite" in refused.json["error"]
    again = run(*words, "--resume")
    assert again.json["resumed_at_images"] == 320
    assert again.code == 0 and "has ended at 320 images, so there is nothing to do" in again.err
    assert again.json == first | {"resumed_at_images": 320, "cpu_seconds": 0.0}
    more = run("train", "digits", "--images", "640", *small, "--out", tmp_path / "run", "--json", "--resume")
    assert more.code == 1
    assert "images: 320, now 640" in more.json["error"] and "--init" in more.json["error"]
    other = run(*words, "--resume", "--seed", "1")
    assert other.code == 1
    assert "seed: 0, now 1" in other.json["error"]
    assert run(*words, "--overwrite").json["resumed_at_images"] is None


def test_resume_without_a_state_says_so(run, small, tmp_path):
    ran = run("train", "digits", "--images", "64", *small, "--out", tmp_path / "run", "--resume", "--json")
    assert ran.json["resumed_at_images"] is None
    assert "starting fresh" in ran.err


def test_init_starts_from_a_model(run, small, digits, tmp_path):
    init = digits / "model.safetensors"
    words = ("train", "digits", "--images", "64", *small, "--out", tmp_path / "run", "--init", init, "--json")
    assert run(*words).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_save_and_leave(small, tmp_path, number):
    words = ["train", "digits", "--images", "9999968", *small, "--out", str(tmp_path / "run"), "--json"]
    started = subprocess.Popen(
        [sys.executable, "-m", "amalgan", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    until = time.monotonic() + 60
    log = tmp_path / "run" / "log.jsonl"  # its first line is written when training goes on
    while not (log.exists() and log.stat().st_size) and time.monotonic() < until:
        time.sleep(0.05)
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 128 + number, err
    assert "the state is saved" in json.loads(out)["error"]


@pytest.mark.parametrize(
    ("flags", "found"), [([], False), (["--flip"], True), (["--no-flip"], False)], ids=["", "flip", "no-flip"]
)
def test_flip_may_be_left_open(run, small, tmp_path, flags, found):
    run("train", "digits", "--images", "32", *small, *flags, "--out", tmp_path)
    assert json.loads((tmp_path / "run.json").read_text())["augment"]["flip"] is found


def test_generate_into_a_folder(run, digits, tmp_path):
    ran = run("generate", digits, "--count", "3", "--out", tmp_path / "new", "--json")
    assert ran.json["n"] == 3
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["00000.png", "00001.png", "00002.png"]
    with Image.open(tmp_path / "new" / "00000.png") as picture:
        assert (picture.size, picture.mode) == ((8, 8), "L")
        assert picture.info["amalgan model"] == ran.json["digest"]
        assert picture.info["amalgan seed"] == "0"
    told = run("info", tmp_path / "new" / "00000.png", "--json").json
    assert told["provenance"]["model"] == ran.json["digest"] and told["provenance"]["seed"] == "0"
    (tmp_path / "none.png").write_bytes(b"<svg/>")
    refused = run("info", tmp_path / "none.png")
    assert refused.code == 1 and "none.png is markup (SVG or HTML), not a picture" in refused.err


def test_generate_at_a_temperature_says_so_in_its_pictures(run, digits, tmp_path):
    words = ("generate", digits, "--count", 2, "--label", "3", "--json")
    found = run(*words, "--temperature", "0.5", "--out", tmp_path / "calm").json
    assert found["temperature"] == 0.5
    assert run("info", tmp_path / "calm" / "00000.png", "--json").json["provenance"]["temperature"] == "0.5"
    assert run(*words, "--out", tmp_path / "plain").json["temperature"] == 1
    assert "temperature" not in run("info", tmp_path / "plain" / "00000.png", "--json").json["provenance"]
    calm, plain = (np.asarray(Image.open(tmp_path / name / "00000.png")) for name in ("calm", "plain"))
    assert not np.array_equal(calm, plain)
    refused = run(*words, "--temperature", "-1", "--out", tmp_path / "x.npz")
    assert refused.code == 2 and "temperature is -1.0; it is 0 or more" in refused.json["error"]


def test_a_low_temperature_is_doubted_where_training_codes_are_drawn_about(run, small, tmp_path):
    words = (
        "train",
        "digits",
        "--images",
        "320",
        *small,
        "--prior.kind",
        "neighbors",
        "--out",
        tmp_path / "near",
    )
    assert run(*words).code == 0
    asked = ("generate", tmp_path / "near", "--count", 2)
    assert "nearer to these" in run(*asked, "--temperature", "0.5", "--out", tmp_path / "x.npz").err
    assert "nearer to these" not in run(*asked, "--out", tmp_path / "y.npz").err


def test_generate_arrays_and_a_grid(run, digits, tmp_path):
    for name in ("x.npz", "y.npz"):
        assert run("generate", digits, "--out", tmp_path / name, "--label", "3", "--seed", "7").code == 0
    first, second = (np.load(tmp_path / name)["x"] for name in ("x.npz", "y.npz"))
    assert (first.shape, first.dtype) == ((64, 8, 8), np.uint8)
    assert np.array_equal(first, second)
    assert "64 pictures in" in run("generate", digits, "--out", tmp_path / "x.png").out
    with Image.open(tmp_path / "x.png") as grid:
        assert grid.size == (82, 82)


def test_a_walk(run, digits, tmp_path):
    words = ("generate", digits, "--frames", "20", "--seed", "3", "--json")
    ran = run(*words, "--walk", tmp_path / "a.webp", "--out", tmp_path / "new.npz", "--count", "2")
    assert (ran.json["walk"], ran.json["frames"], ran.json["n"]) == (str(tmp_path / "a.webp"), 20, 2)
    assert run(*words, "--walk", tmp_path / "b.webp").code == 0
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()
    with Image.open(tmp_path / "a.webp") as film:
        assert (film.n_frames, film.size, film.info["loop"]) == (20, (256, 256), 0)
        assert ran.json["digest"] in film.getexif()[0x010E]
    again = run(*words, "--walk", tmp_path / "a.webp")
    assert again.code == 2 and "is there already. Replace it by --overwrite" in again.err
    assert run(*words, "--walk", tmp_path / "a.webp", "--overwrite", "--label", "1").code == 0
    assert (tmp_path / "a.webp").read_bytes() != (tmp_path / "b.webp").read_bytes()


def test_a_walk_between_two_pictures(run, digits, folder, tmp_path):
    ends = (folder / "dog" / "0.png", folder / "cat" / "3.png")
    ran = run("generate", digits, "--walk", tmp_path / "a.webp", "--between", *ends)
    assert (ran.code, ran.out) == (0, f"a walk of 60 frames in {tmp_path / 'a.webp'}\n")
    damaged = run(
        "generate", digits, "--walk", tmp_path / "b.webp", "--between", ends[0], folder / "cat" / "cut.png"
    )
    assert damaged.code == 1 and "cut.png" in damaged.err and not (tmp_path / "b.webp").exists()


def test_a_model_of_few_is_judged_by_the_few_it_was_shown(run, small, tmp_path):
    words = ("train", "digits", "--images", "320", "--keep", "300", *small, "--out", tmp_path / "few")
    assert run(*words).code == 0
    ran = run("evaluate", tmp_path / "few", "digits", "--json")
    assert "was trained on 300 of 1,522 training examples (--keep)" in ran.err
    assert "of 300 training examples (of 300)" in ran.json["names"]["copies"]
    assert "300 training examples" in ran.json["names"]["linear_probe"]
    found = ag.load(tmp_path / "few").evaluate("digits")
    assert found.metrics["copies"] == ran.json["metrics"]["copies"]


def test_the_decoders_differ(run, digits, tmp_path):
    for decoder in ("realistic", "faithful"):
        run("generate", digits, "--count", "4", "--decoder", decoder, "--out", tmp_path / f"{decoder}.npz")
    realistic, faithful = (np.load(tmp_path / f"{name}.npz")["x"] for name in ("realistic", "faithful"))
    assert not np.array_equal(realistic, faithful)


def test_reconstruct_in_the_order_of_names(run, digits, tmp_path):
    ran = run("reconstruct", digits, "digits", "--out", tmp_path / "x.npz", "--json")
    assert (ran.code, ran.json["n"], ran.json["skipped"]) == (0, 1797, [])
    assert np.load(tmp_path / "x.npz")["x"].shape == (1797, 8, 8)


def test_reconstruct_keeps_names_and_lists_what_it_skipped(run, digits, folder, tmp_path):
    ran = run("reconstruct", digits, folder, "--out", tmp_path / "again", "--json")
    assert ran.code == 3
    assert ran.json["n"] == 21
    assert [bad["name"] for bad in ran.json["skipped"]] == ["cat/cut.png", "dog/\\x1b[31mred.png"]
    assert "skipped 2 inputs:" in ran.err and "\x1b" not in ran.err
    made = {str(path.relative_to(tmp_path / "again")) for path in (tmp_path / "again").rglob("*.png")}
    assert {"cat/1.png.png", "cat/1.bmp.png", "cat/3.png", "dog/0.png"} <= made
    assert len(made) == 21


def test_reconstruct_one_picture(run, digits, folder, tmp_path):
    ran = run(
        "reconstruct", digits, folder / "dog" / "0.png", "--out", tmp_path / "x.png", "--decoder", "realistic"
    )
    assert (ran.code, ran.out) == (0, f"1 picture in {tmp_path / 'x.png'}\n")


def test_embed(run, digits, folder, tmp_path):
    ran = run("embed", digits, folder, "--out", tmp_path / "x.npz", "--plot", tmp_path / "map.png", "--json")
    assert ran.json["n"] == 21 and ran.json["code_size"] == 8
    with np.load(tmp_path / "x.npz") as found:
        assert (found["code"].shape, found["code"].dtype) == ((21, 8), np.float32)
        assert len(found["label"]) == len(found["name"]) == 21
    with Image.open(tmp_path / "map.png") as drawn:
        assert min(drawn.size) > 500


def test_embed_again_and_after_a_kill(run, digits, tmp_path, monkeypatch):
    from amalgan.tasks.embed import embed

    words = ("embed", digits, "digits", "--out", tmp_path / "x.npz", "--json")
    assert [run(*words).json["written"] for _ in range(2)] == [True, False]
    whole, chunks, seen = (tmp_path / "x.npz").read_bytes(), embed.encode_chunks, []
    (tmp_path / "x.npz").unlink()

    def killed(model, records, first=0):
        for number, chunk in enumerate(chunks(model, records, first)):
            seen.append(first + 256 * number)
            if len(seen) == 4:
                raise KeyboardInterrupt
            yield chunk

    monkeypatch.setattr(embed, "encode_chunks", killed)
    assert run(*words).code == 130 and not (tmp_path / "x.npz").exists()
    assert "going on at 768 of 1,797" in run(*words).err
    assert seen == [0, 256, 512, 768, 768, 1024, 1280, 1536, 1792]
    assert (tmp_path / "x.npz").read_bytes() == whole and len([*tmp_path.iterdir()]) == 1


def test_embed_finds_what_is_alike(run, digits, tmp_path):
    x = load_digits().images[:90]
    x = (np.concatenate([x, x[3:6]]) * 15.9).astype(np.uint8)
    np.save(tmp_path / "x.npy", x)
    Image.fromarray(x[7]).save(tmp_path / "q.png")
    words = ("embed", digits, tmp_path / "x.npy", "--out", tmp_path / "c.npz", "--query", tmp_path / "q.png")
    extra = ("--sheet", tmp_path / "s.png", "--duplicates", tmp_path / "d.csv", "--plot", tmp_path / "m.html")
    facts = run(*words, *extra, "--neighbors", "4", "--json").json
    (asked,) = facts["query"]
    assert asked["name"] == "q.png" and len(asked["neighbors"]) == 4
    first = asked["neighbors"][0]
    assert (first["name"], first["label"]) == ("000007", "")
    assert first["distance"] < 1e-5  # alone in a batch, a code may differ in its last digits
    assert (facts["duplicates"]["exact"], facts["duplicates"]["expected_by_chance"]) == (6, 0.1)
    rows = (tmp_path / "d.csv").read_text().splitlines()
    assert rows[0] == "group,name,label,distance,equal" and "0,000003,,0.0,yes" in rows
    assert (tmp_path / "m.html").read_text().startswith("<!doctype html>")
    said = run(*words).out
    assert "there already" in said and "nearest to q.png:\n  0.000  000007" in said
    assert run(*words, "--plot", tmp_path / "m.svg").code == 2
    assert run(*words[:5], "--sheet", tmp_path / "s.png").code == 2


def test_evaluate(run, digits):
    ran = run("evaluate", digits, "digits", "--count", "60", "--json")
    assert ran.code == 0
    assert (ran.json["n"], ran.json["split"]) == (60, "test")
    assert ran.json["metrics"]["psnr"] > 5
    assert ran.json["metrics"]["frechet_distance"] > 0
    assert "note: n=60 is small" in ran.err


def test_evaluate_for_people(run, iris):
    ran = run("evaluate", iris, "iris")
    assert "squared_error" in ran.out and "mean squared error, 19 reconstructions" in ran.out


def test_inspect(run, folder):
    ran = run("inspect", folder, "--json")
    assert ran.code == 3
    assert ran.json["read"] == 21
    assert ran.json["classes"] == {"cat": 11, "dog": 10}
    assert ran.json["sizes"] == {"12x10": 21}
    assert [set(bad) for bad in ran.json["skipped"]] == [{"name", "reason"}] * 2
    assert ran.json["duplicates"]["count"] == 0
    said = run("inspect", folder)
    assert "cat 11, dog 10" in said.out and "skipped 2 inputs:" in said.err


def test_inspect_needs_no_torch():
    code = "import sys; from amalgan.cli import main; main(['inspect', 'digits']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_inspect_lists_what_sizes_cost_in_so_many_minutes(run, tmp_path):
    for number in range(20):
        Image.effect_noise((240, 80), 50 + number).save(tmp_path / f"{number}.png")
    said = run("inspect", tmp_path, "--minutes", "5", "--system", "autoencoder")
    rows = [line.split() for line in said.out.split("times seen in 5 minutes")[1].splitlines()[1:]]
    assert [row[3:] for row in rows].count(["proposed"]) == 1
    found = run("inspect", tmp_path, "--minutes", "5", "--system", "autoencoder", "--json").json
    assert [side["size"] for side in found["sides"]] == [row[0] for row in rows]
    rates = [side["images_a_second"] for side in found["sides"]]
    assert rates == sorted(rates, reverse=True) and rates[-1] > 0
    assert [side["size"] for side in found["sides"] if side["usual"]] == ["36x108"]
    assert "sides" not in run("inspect", tmp_path, "--json").json


def test_inspect_has_no_sizes_for_vectors_and_no_time_below_zero(run):
    assert run("inspect", "wine", "--minutes", "5", "--json").json["sides"] == []
    refused = run("inspect", "wine", "--minutes", "0", "--json")
    assert refused.code == 2 and "--minutes is 0" in refused.json["error"]


def test_inspect_of_a_folder_with_nothing_usable(run, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    assert run("inspect", tmp_path, "--json").json["read"] == 0


def test_the_states_stay_where_they_are_asked_for(run, small, tmp_path):
    assert run("train", "digits", "--images", "64", *small, "--out", tmp_path, "--keep-state").code == 0
    ran = run("info", tmp_path / "state.safetensors", "--json")
    assert ran.json["kind"] == "a training state" and len(ran.json["digest"]) == 16


def test_info(run, digits):
    for place, kind in ((digits, "a model"), (digits / "model.safetensors", "a model")):
        ran = run("info", place, "--json")
        assert ran.json["kind"] == kind
        assert len(ran.json["digest"]) == 16
        assert kind in run("info", place).out
    ran = run("info", digits)
    assert "8x8 gray" in ran.out and "digits" in ran.out and "keeps" not in ran.out


def test_a_model_that_keeps_codes_of_its_pictures_says_so(run, small, tmp_path):
    words = ("--images", "640", *small, "--prior.kind", "neighbors", "--out", tmp_path / "run")
    assert run("train", "digits", *words).code == 0
    assert "codes of training examples" in run("info", tmp_path / "run").out
    assert run("generate", tmp_path / "run", "--count", "4", "--out", tmp_path / "new.png").code == 0


def test_info_of_anything_else_is_a_sentence(run, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing of ours")
    ran = run("info", tmp_path / "notes.txt")
    assert ran.code == 1
    assert ran.err.startswith("amalgan: ") and len(ran.err.splitlines()) == 1


def test_info_finds_damage(run, digits, tmp_path):
    data = bytearray((digits / "model.safetensors").read_bytes())
    data[-5] ^= 1
    (tmp_path / "bent.safetensors").write_bytes(data)
    ran = run("info", tmp_path / "bent.safetensors")
    assert ran.code == 1 and "damaged" in ran.err


def test_systems(run):
    found = {facts["name"]: facts for facts in run("systems", "--json").json["systems"]}
    assert {"autoencoder", "gan", "fusion"} <= set(found)
    assert set(found["fusion"]) == {"name", "summary", "abilities", "paper", "file", "lines"}
    assert found["gan"]["abilities"] == ["generate", "judge"]
    assert found["fusion"]["lines"] > 50
    assert "Larsen 2015" in run("systems").out


def test_an_ability_that_lacks(run, tmp_path):
    words = (
        "--network.width",
        "8",
        "--network.widest",
        "16",
        "--critic.network.width",
        "8",
        "--critic.network.widest",
        "16",
    )
    run(
        "train",
        "digits",
        "--system",
        "gan",
        "--images",
        "64",
        "--batch",
        "32",
        *words,
        "--out",
        tmp_path / "gan",
    )
    ran = run("reconstruct", tmp_path / "gan", "digits", "--out", tmp_path / "x.npz")
    assert ran.code == 2
    assert "cannot encode" in ran.err and "fusion" in ran.err


def test_vectors(run, iris, tmp_path):
    values = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.save(tmp_path / "five.npy", values)
    run("generate", iris, "--count", "7", "--out", tmp_path / "new.npz")
    run("reconstruct", iris, tmp_path / "five.npy", "--out", tmp_path / "again.npz")
    run("embed", iris, tmp_path / "five.npy", "--out", tmp_path / "codes.npz")
    new, again = (np.load(tmp_path / name)["x"] for name in ("new.npz", "again.npz"))
    assert (new.shape, new.dtype) == ((7, 4), np.float32)
    assert (again.shape, again.dtype) == ((5, 4), np.float32)
    assert len(np.load(tmp_path / "codes.npz")["code"]) == 5
    ran = run("generate", iris, "--out", tmp_path / "new")
    assert ran.code == 2 and ".npz" in ran.err


def test_a_run_without_a_model(run, tmp_path):
    (tmp_path / "run.json").write_text('{"amalgan": "run"}')
    ran = run("generate", tmp_path, "--out", tmp_path / "x.npz")
    assert ran.code == 1
    assert "its training has not ended" in ran.err and "--resume" in ran.err


@pytest.mark.skipif(find_spec("amalgan.studies") is None, reason="the demo is not there yet")
def test_demo_hands_over(run, tmp_path, monkeypatch):
    from amalgan.studies.demo import demo

    model, picture, page = (tmp_path / name for name in ("model.safetensors", "demo.png", "demo.html"))
    asked = []

    def fake(out, console, seed=0):
        asked.append((out, seed))
        return demo.Demo(model, picture, page, {"psnr": 20.0, "spread": None})

    monkeypatch.setattr(demo, "run", fake)
    ran = run("demo", "--out", tmp_path, "--seed", "3", "--json")
    assert asked == [(tmp_path, 3)]
    assert ran.json == {
        "model": str(model),
        "picture": str(picture),
        "page": str(page),
        "numbers": {"psnr": 20.0, "spread": None},
    }
    said = run("demo", "--out", tmp_path).out
    assert "psnr     20" in said and page.as_uri() in said.replace("\n", "").replace(" ", "")


def test_a_plugin(run, tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_CLASSES", dict(registry._CLASSES))  # forgotten afterwards
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from amalgan.systems.registry import register\n"
        "from amalgan.systems.autoencoder import Autoencoder\n"
        '@register("mine")\n'
        "class Mine(Autoencoder):\n"
        '    """Mine alone."""\n'
    )
    words = ("--plugin", plugin, "--network.width", "8", "--network.widest", "8", "--images", "64")
    assert run("train", "digits", "--system", "mine", *words, "--out", tmp_path / "run").code == 0
    assert run("generate", tmp_path / "run", "--plugin", plugin, "--out", tmp_path / "x.npz").code == 0
    assert "Mine alone." in run("systems", "--plugin", plugin).out


def test_pictures_that_were_there_before_are_told(run, digits, tmp_path):
    assert "other pictures" not in run("generate", digits, "--count", 3, "--out", tmp_path / "new").err
    assert "holds 1 other pictures" in run("generate", digits, "--count", 2, "--out", tmp_path / "new").err


def test_a_table_comes_out_as_it_went_in(run, iris, tmp_path):
    run("generate", iris, "--count", "7", "--out", tmp_path / "new.csv")
    header, *rows = (tmp_path / "new.csv").read_text().splitlines()
    assert header.startswith("sepal length (cm),") and len(rows) == 7
    ran = run("reconstruct", iris, tmp_path / "new.csv", "--out", tmp_path / "again.csv", "--json")
    assert ran.json["n"] == 7
    assert (tmp_path / "again.csv").read_text().splitlines()[0] == header
