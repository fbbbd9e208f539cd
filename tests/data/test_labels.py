"""Labels, splits and classes as the neighbors write them: read the same in a folder and in an archive, or told."""

import json
import shutil
import unicodedata

import numpy as np
import pytest

from amalgan.config.data import DataConfig
from amalgan.core.types import DataSpec
from amalgan.data import open_data

NUMBERS = range(20)
CAFE = "caf\u00e9"


def rows(template, head=""):
    return head + "\n".join(template.format(n=n, c="ab"[n % 2]) for n in NUMBERS)


FILES = {
    "metadata.csv": rows("{n:02d}.png,{c}", "file_name,label\n"),
    "metadata.jsonl": rows('{{"file_name": "{n:02d}.png", "label": "{c}"}}'),
    "labels.csv": rows("{n:02d}.png,{c}", "file,label\n"),
    "manifest.csv": rows("{n:02d}.png;{c}", "picture;class\n"),
    "train.csv": rows("{n},{n:02d},{c}", "index,id,breed\n"),
    "no_header.tsv": rows("{n:02d}.png\t{c}"),
    "list.txt": rows("./{n:02d}.png {c}"),
    "_classes.csv": "filename,a,b\n" + "\n".join(f"{n:02d}.png,{1 - n % 2},{n % 2}" for n in NUMBERS),
    "dataset.json": json.dumps({"labels": [[f"{n:02d}.png", "ab"[n % 2]] for n in NUMBERS]}),
    "labels.json": json.dumps({f"{n:02d}.png": "ab"[n % 2] for n in NUMBERS}),
    "rows.json": json.dumps([{"image": f"{n:02d}.png", "category": "ab"[n % 2]} for n in NUMBERS]),
    "annotations.json": json.dumps(
        {
            "images": [{"id": n, "file_name": f"{n:02d}.png"} for n in NUMBERS],
            "annotations": [{"image_id": n, "category_id": n % 2, "bbox": [0, 0, 4, 4]} for n in NUMBERS],
            "categories": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}],
        }
    ),
}
TOLD = {
    "captions.csv": rows("{n:02d}.png,picture {n} of {c}", "file_name,text\n"),
    "boxes.xml": "<annotation/>",
    "several.jsonl": rows('{{"file_name": "{n:02d}.png", "label": ["a", "b"]}}'),
    "broken.json": "{",
    "columns.csv": rows("{n:02d}.png,{c},{c}", "file_name,one,two\n"),
    "coco.json": json.dumps(
        {
            "images": [{"id": n, "file_name": f"{n:02d}.png"} for n in NUMBERS],
            "annotations": [{"image_id": n, "category_id": k} for n in NUMBERS for k in (0, 1)],
            "categories": [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}],
        }
    ),
}


@pytest.fixture
def made(tmp_path, save, noise):
    """``made(name, text, folder)``: 20 pictures and a text, as a folder, a folder around it, and an archive."""

    def written(name, text, folder=""):
        place = tmp_path / "x" / "photos"
        for n in NUMBERS:
            save(place / folder / f"{n:02d}.png", noise(16, 16, seed=n))
        (place / name).write_text(text, encoding="utf-8")
        shutil.make_archive(str(tmp_path / "x"), "zip", tmp_path / "x")
        return place, tmp_path / "x", tmp_path / "x.zip"

    return written


@pytest.mark.parametrize("folder", ["", "images"])
@pytest.mark.parametrize("name", FILES)
def test_a_label_file_is_read_in_a_folder_around_it_and_in_an_archive(made, name, folder):
    seen = [open_data(place) for place in made(name, FILES[name], folder)]
    for found in seen:
        assert found.spec.classes == ("a", "b")
        names = [row.rpartition("/")[2] for row in found.records.names]
        assert names == [f"{n:02d}.png" for n in NUMBERS]
        assert found.records.labels.tolist() == [n % 2 for n in NUMBERS]
        assert found.inspection.skipped == ()
        assert any(
            f"labels are read from {name}: 20 of 20" in text.replace("photos/", "")
            for text in found.inspection.warnings
        )
    assert len({found.fingerprint for found in seen}) == 1


@pytest.mark.parametrize("name", TOLD)
def test_a_text_that_gives_no_labels_is_told(made, name):
    for place in made(name, TOLD[name]):
        found = open_data(place)
        assert found.spec.classes == () and found.inspection.read == 20
        assert any(name in text and "label" in text for text in found.inspection.warnings)


def test_a_column_can_be_named(made):
    folder, *_ = made("columns.csv", TOLD["columns.csv"])
    assert open_data(folder, DataConfig(label_column="two")).spec.classes == ("a", "b")
    warnings = open_data(folder, DataConfig(label_column="three")).inspection.warnings
    assert any("has no column three; it has one, two" in text for text in warnings)


def test_tables_as_competitions_have_them(tmp_path, save, noise):
    for n in NUMBERS:
        save(tmp_path / ("train" if n < 14 else "test") / f"{n:02d}.png", noise(16, 16, seed=n))
    (tmp_path / "train.csv").write_text(
        "id,diagnosis\n" + "\n".join(f"{n:02d},{'ab'[n % 2]}" for n in range(14))
    )
    (tmp_path / "test.csv").write_text("id\n" + "\n".join(f"{n:02d}" for n in range(14, 20)))
    (tmp_path / "sample_submission.csv").write_text(
        "id,diagnosis\n" + "\n".join(f"{n:02d},a" for n in range(14, 20))
    )
    found = open_data(tmp_path)
    assert found.inspection.classes == {"a": 7, "b": 7} and found.inspection.unlabeled == 6
    assert found.own_splits and len(found.test) == 6


def test_a_table_in_each_split_and_a_column_of_splits(tmp_path, save, noise):
    for n in NUMBERS:
        part = "test" if n % 4 == 0 else "train"
        save(tmp_path / "one" / part / f"{n:02d}.png", noise(16, 16, seed=n))
        save(tmp_path / "two" / f"{n:02d}.png", noise(16, 16, seed=n))
    for part in ("train", "test"):
        lines = [f"{n:02d}.png,{'ab'[n % 2]}" for n in NUMBERS if (n % 4 == 0) == (part == "test")]
        (tmp_path / "one" / part / "metadata.csv").write_text("file_name,label\n" + "\n".join(lines))
    lines = [f"{n:02d}.png,{'ab'[n % 2]},{'test' if n % 4 == 0 else 'train'}" for n in NUMBERS]
    (tmp_path / "two" / "metadata.csv").write_text("file_name,label,split\n" + "\n".join(lines))
    one, two = open_data(tmp_path / "one"), open_data(tmp_path / "two")
    for found in (one, two):
        assert found.own_splits and len(found.test) == 5
        assert found.inspection.classes == {"a": 10, "b": 10}


def test_labels_of_pictures_whose_names_have_another_form_of_unicode(tmp_path, save, noise):
    for n in NUMBERS:
        save(tmp_path / f"{unicodedata.normalize('NFD', CAFE)}{n}.png", noise(16, 16, seed=n))
    (tmp_path / "labels.csv").write_text(
        "file,label\n" + "\n".join(f"{CAFE}{n}.png,{n % 2}" for n in NUMBERS), encoding="utf-8"
    )
    assert open_data(tmp_path).inspection.classes == {"0": 10, "1": 10}


def test_classes_that_look_alike_are_one_or_told(tmp_path, save, noise):
    for n in NUMBERS:
        form = ("NFC", "NFD")[n % 2]
        save(tmp_path / "a" / unicodedata.normalize(form, CAFE) / f"{n}.png", noise(16, 16, seed=n))
        save(tmp_path / "a" / "tea" / f"{n}.png", noise(16, 16, seed=100 + n))
        save(tmp_path / "b" / ("Cat", "cat")[n % 2] / f"{n}.png", noise(16, 16, seed=n))
    assert open_data(tmp_path / "a").inspection.classes == {CAFE: 20, "tea": 20}
    found = open_data(tmp_path / "b")
    assert any("'Cat' and 'cat' look alike" in text for text in found.inspection.warnings)
    old = DataSpec(kind="image", shape=(1, 16, 16), classes=(unicodedata.normalize("NFD", CAFE), "tea"))
    assert open_data(tmp_path / "a", like=old).inspection.unlabeled == 0


@pytest.mark.parametrize(
    "split", ["train", "train2017", "seg_train", "training_set", "Train", "train_images"]
)
def test_splits_by_any_of_their_names_and_wrapped_twice(tmp_path, save, noise, split):
    other = split.replace("rain", "est").replace("esting", "est")
    for n in NUMBERS:
        part = other if n < 6 else split
        save(tmp_path / "x" / "y" / part / part / "ab"[n % 2] / f"{n}.png", noise(16, 16, seed=n))
    found = open_data(tmp_path / "x")
    assert found.own_splits and len(found.test) == 6
    assert found.spec.classes == ("a", "b")


def test_a_folder_around_everything_is_a_class_only_to_a_model_that_knows_it(tmp_path, save, noise):
    for n in NUMBERS:
        save(tmp_path / "x" / "cat" / f"{n}.png", noise(16, 16, seed=n))
    shutil.make_archive(str(tmp_path / "x"), "zip", tmp_path / "x")
    model = DataSpec(kind="image", shape=(1, 16, 16), classes=("cat", "dog"))
    for place in (tmp_path / "x", tmp_path / "x.zip"):
        assert open_data(place).spec.classes == ()
        assert open_data(place, like=model).inspection.classes == {"cat": 20, "dog": 0}


def test_a_class_that_is_lost_is_told(tmp_path, save, noise):
    for n in NUMBERS:
        save(
            tmp_path / ("test" if n < 5 else "train") / ("cat" if n < 5 else "dog") / f"{n}.png",
            noise(16, 16, seed=n),
        )
        (tmp_path / "train" / "bird").mkdir(parents=True, exist_ok=True)
        (tmp_path / "train" / "bird" / f"{n}.png").write_bytes(b"\x89PNG")
    warnings = open_data(tmp_path).inspection.warnings
    assert any("no picture of the class bird can be read: all 20" in text for text in warnings)
    assert any("1 of the classes have no training example: cat" in text for text in warnings)


def test_linked_data_is_read_where_that_is_asked_for(tmp_path, save, noise):
    for n in NUMBERS:
        save(tmp_path / "blobs" / f"{n:040x}", noise(16, 16, seed=n))
        place = tmp_path / "snapshot" / "ab"[n % 2] / f"{n}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(f"../../blobs/{n:040x}")
        save(tmp_path / "elsewhere" / "deep" / f"{n}.png", noise(16, 16, seed=100 + n))
    (tmp_path / "snapshot" / "c").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "up").symlink_to(tmp_path / "snapshot")
    refused = open_data(tmp_path / "snapshot", at_least=0)
    assert refused.inspection.read == 0
    assert all("--follow-links" in item.reason for item in refused.inspection.skipped)
    found = open_data(tmp_path / "snapshot", DataConfig(follow_links=True))
    assert found.inspection.classes == {"a": 10, "b": 10, "c": 20}


def test_pages_and_frames_that_are_left_out_are_told(tmp_path, noise):
    from PIL import Image

    for n in range(16):
        first, *rest = [Image.fromarray(noise(16, 16, seed=3 * n + k)) for k in range(3)]
        first.save(
            tmp_path / f"{n}.{('tif', 'gif', 'webp', 'png')[n % 4]}", save_all=True, append_images=rest
        )
    warnings = open_data(tmp_path).inspection.warnings
    assert any("16 files have several pages or frames" in text and "32 pages" in text for text in warnings)


def test_gray_in_color_is_gray_by_content_in_files_and_in_arrays(tmp_path, save, noise):
    gray = np.stack([noise(16, 16, seed=n) for n in NUMBERS])
    color = np.repeat(gray[..., None], 3, axis=3)
    for n in NUMBERS:
        save(tmp_path / "x" / f"{n:02d}.png", color[n])
    np.save(tmp_path / "x.npy", color)
    np.save(tmp_path / "y.npy", gray)
    seen = [open_data(tmp_path / name) for name in ("x", "x.npy", "y.npy")]
    assert [found.spec.shape for found in seen] == [(1, 16, 16)] * 3
    assert "stored in color: --channels 3" in seen[0].inspection.chosen
    assert open_data(tmp_path / "x", DataConfig(channels=3)).spec.shape == (3, 16, 16)
    color[7, 5, 5, 2] ^= 1
    save(tmp_path / "x" / "07.png", color[7])
    np.save(tmp_path / "x.npy", color)
    assert [open_data(tmp_path / name).spec.shape[0] for name in ("x", "x.npy")] == [3, 3]
