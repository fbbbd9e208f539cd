"""The folder of new examples: read back as it was meant, whole whenever it was stopped, and one order's alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from amalgan.core.errors import UsageError
from amalgan.data import Dataset, open_data
from amalgan.data.writing.provenance import MADE_BY_A_MODEL
from amalgan.systems.model_file import Model
from amalgan.tasks.augment.additions import Augmenter, Policy
from amalgan.tasks.augment.augment import Order, folder_name

Trained = Callable[[str, str], Model]

XMP = "XML:com.adobe.xmp"
"""The PNG keyword under which programs look for the packet."""


def ordered(model: Model, data: Dataset, out, kind="interpolate", seed=0, count=30) -> Order:
    records = data.train.select(slice(0, 200))
    policy = Policy.of(model, kind)
    by = Augmenter(model=model, policy=policy, take=records.take, labels=records.labels, seed=seed)
    counts = {int(label): count for label in np.unique(records.labels)}
    return Order(
        augmenter=by, recipe=by.recipe(counts), records=records, fingerprint=data.fingerprint, out=out
    )


def silent(done: int, of: int) -> None:
    """Tells nobody."""


def contents(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pictures_are_read_back_with_their_classes(trained: Trained, digits, reading, tmp_path):
    order = ordered(trained("fusion", "digits"), digits, tmp_path / "new")
    assert order.write(silent) == 301
    again = open_data(tmp_path / "new", reading)
    assert again.spec.classes == digits.spec.classes
    assert (np.bincount(again.records.labels) == 30).all()
    assert not again.inspection.skipped


def test_the_second_time_nothing_is_written_and_what_is_missing_is_made_alike(
    trained: Trained, digits, tmp_path
):
    order = ordered(trained("fusion", "digits"), digits, tmp_path)
    order.write(silent)
    before = contents(tmp_path)
    assert order.write(silent) == 0
    for path in [*sorted(tmp_path.rglob("*.png"))[::7], tmp_path / "manifest.csv"]:
        path.unlink()
    assert order.write(silent) == 44
    assert contents(tmp_path) == before


def test_a_stopped_order_goes_on(trained: Trained, digits, tmp_path):
    model = trained("fusion", "digits")
    whole, stopped = ordered(model, digits, tmp_path / "a"), ordered(model, digits, tmp_path / "b")
    whole.write(silent)

    def stop(done: int, of: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.write(stop)
    assert len(contents(tmp_path / "b")) == 257
    assert stopped.write(silent) == 45
    assert contents(tmp_path / "b") == contents(tmp_path / "a")


def test_a_folder_is_one_order_s(trained: Trained, digits, tmp_path):
    model = trained("fusion", "digits")
    ordered(model, digits, tmp_path / "new").write(silent)
    with pytest.raises(UsageError, match="its seed is 0, not 1"):
        ordered(model, digits, tmp_path / "new", seed=1).write(silent)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match="holds something else"):
        ordered(model, digits, tmp_path / "other").write(silent)
    (tmp_path / "new" / "augment.json").write_text("{")
    with pytest.raises(UsageError, match="another order"):
        ordered(model, digits, tmp_path / "new").write(silent)


def test_every_picture_says_where_it_is_from(trained: Trained, digits, tmp_path):
    model = trained("fusion", "digits")
    order = ordered(model, digits, tmp_path)
    order.write(silent)
    rows = list(csv.DictReader((tmp_path / "manifest.csv").open()))
    assert len(rows) == 300 and {row["policy"] for row in rows} == {"interpolate"}
    row = rows[77]
    text = Image.open(tmp_path / row["file"]).text
    assert text["amalgan model"] == model.digest and text["amalgan sources"] == row["sources"]
    assert text["amalgan sources"] == "; ".join(order.sources(77))
    (entry,) = ElementTree.fromstring(text[XMP].split("?>", 1)[1].rsplit("<?", 1)[0]).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    said = {name.split("}")[1]: value for name, value in entry.attrib.items()}
    assert said["DigitalSourceType"] == MADE_BY_A_MODEL
    assert said["model"] == model.digest and said["seed"] == "0" and said["sources"] == row["sources"]


def test_vectors_become_a_table_with_the_same_columns(trained: Trained, wine, reading, tmp_path):
    model = trained("fusion", "wine")
    records = wine.train
    by = Augmenter(
        model=model, policy=Policy.of(model, "noise"), take=records.take, labels=records.labels, seed=0
    )
    order = Order(
        augmenter=by,
        recipe=by.recipe({0: 20, 1: 20, 2: 20}),
        records=records,
        fingerprint=wine.fingerprint,
        out=tmp_path,
    )
    assert order.write(silent) == 2 and order.write(silent) == 0
    again = open_data(tmp_path / "examples.csv", reading)
    assert again.spec.names == wine.spec.names and again.spec.classes == wine.spec.classes
    assert (np.bincount(again.records.labels) == 20).all()
    real, new = (data.records.pixels(slice(None)) for data in (wine, again))
    assert np.allclose(new.mean(0), real.mean(0), rtol=0.5, atol=0.5)  # in the data's units


def test_without_labels_pictures_lie_side_by_side(trained: Trained, digits, reading, tmp_path):
    model = trained("fusion", "digits")
    bare = replace(digits.train, labels=np.full_like(digits.train.labels, -1))
    by = Augmenter(model=model, policy=Policy.of(model), take=bare.take, labels=bare.labels)
    order = Order(
        augmenter=by, recipe=by.recipe({-1: 20}), records=bare, fingerprint="none", out=tmp_path / "new"
    )
    order.write(silent)
    assert len(list((tmp_path / "new").glob("*.png"))) == 20
    assert open_data(tmp_path / "new", reading).spec.classes == ()
    assert json.loads((tmp_path / "new" / "augment.json").read_text())["classes"] == {"": 20}


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".hidden", "test", "Train", "a\\b", "con:", "%2F", "日本", "\x1b[31m"]
)
def test_no_class_leads_out_of_the_folder_or_is_taken_for_a_split(name):
    folder = folder_name(name)
    assert "/" not in folder and "\\" not in folder and folder.isprintable()
    assert not folder.startswith(".") and folder.lower() not in ("test", "train")
    assert folder == name or "%" in folder


def test_different_classes_have_different_folders():
    names = ["a/b", "a%2Fb", "a:b", ".a", "%2Ea", "a"]
    assert len({folder_name(name) for name in names}) == len(names)
