"""Tables of numbers: what a file says is what is read; a bad cell costs its row and is named."""

import numpy as np
import pytest
import torch

from amalgan.core.errors import DataError, UsageError
from amalgan.core.types import UNLABELED, DataSpec
from amalgan.data import from_pixels, open_data, to_pixels, write_output


def written(path, rows, header="height,weight,class", between=","):
    lines = [*([header] if header else []), *rows]
    path.write_text("\n".join(lines).replace(",", between) + "\n")
    return path


ROWS = [f"{number / 7},{-number}e3,{'ab'[number % 2]}" for number in range(40)]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_row_is_a_vector_and_a_column_may_hold_its_class(tmp_path, between):
    dataset = open_data(written(tmp_path / "x.csv", ROWS, between=between))
    assert dataset.spec.names == ("height", "weight") and dataset.spec.classes == ("a", "b")
    expected = np.array([(number / 7, -number * 1e3) for number in range(40)], np.float32)
    assert np.array_equal(dataset.records.pixels(slice(None)), expected)
    assert dataset.records.labels.tolist() == [0, 1] * 20
    assert dataset.records.name(0) == "000002", "a row is called by its line"


def test_without_a_header_every_column_is_a_number(tmp_path):
    rows = [f"{number},{number * 2},{number % 3}" for number in range(20)]
    dataset = open_data(written(tmp_path / "x.csv", rows, header=""))
    assert dataset.spec.names == () and dataset.spec.classes == ()
    assert (len(dataset.records), *dataset.spec.shape) == (20, 3)


def test_classes_that_are_numbers_stand_in_their_order_and_an_empty_cell_is_no_class(tmp_path):
    rows = [f"{number},{(2, 10, '')[number % 3]}" for number in range(30)]
    dataset = open_data(written(tmp_path / "x.csv", rows, header="x,Label"))
    assert dataset.spec.classes == ("2", "10")
    assert dataset.records.labels.tolist() == [0, 1, UNLABELED] * 10


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1.5,,a", "column 'weight' is empty"),
        ("1.5,heavy,a", "column 'weight' holds 'heavy', which is no number"),
        ("nan,1,a", "column 'height' holds 'nan', which is not finite"),
        ("1e39,1,a", "column 'height' holds '1e39', which is not finite"),
        ("1_0,1,a", "column 'height' holds '1_0', which is no number"),
        ("1.5,=2+3\x1b[31m,a", "column 'weight' holds '=2+3\\\\x1b[31m', which is no number"),
        ("1.5,2", "has 2 cells; the first line has 3"),
        ('"1.5,2,a', None),
    ],
)
def test_a_bad_row_is_left_out_and_named(tmp_path, row, reason):
    dataset = open_data(written(tmp_path / "x.csv", [*ROWS[:20], row]))
    assert len(dataset.records) == 20
    (skipped,) = dataset.inspection.skipped
    assert skipped.name == "line 22"
    assert skipped.reason == (reason or "has 1 cells; the first line has 3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.csv is empty"),
        ("\n\n", "x.csv is empty"),
        ("label\n" + "a\n" * 20, "has no column of numbers"),
        ("a,a\n" + "1,2\n" * 20, "two columns 'a'"),
        (",a\n" + "1,2\n" * 20, "column 1 of x.csv has no name"),
        ("a,b\n" + "1,2\n" * 5, "5 usable examples of 5"),
        ("city,b\n" + "Rome,2\n" * 20, "line 2: column 'city' holds 'Rome', which is no number"),
        ("a,b\n" + '"' + "x" * 200_000 + '",1\n', "line 2: field larger than field limit"),
    ],
)
def test_a_file_that_is_no_table_says_why(tmp_path, text, words):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        open_data(tmp_path / "x.csv")


def test_bytes_that_are_no_text_are_bad_rows(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b\n" + b"1,2\n" * 20 + b"\xff\x00,3\n")
    dataset = open_data(tmp_path / "x.csv")
    assert len(dataset.records) == 20 and dataset.inspection.skipped[0].name == "line 22"


def test_a_table_of_other_columns_is_refused_by_name(tmp_path):
    spec = open_data(written(tmp_path / "x.csv", ROWS)).spec
    same = open_data(written(tmp_path / "bare.csv", [row[:-2] for row in ROWS], header=""), like=spec)
    assert same.spec is spec
    other = written(tmp_path / "y.csv", ROWS, header="height,age,class")
    with pytest.raises(DataError, match=r"column 2 of y\.csv is 'age'; this model reads 'weight' there"):
        open_data(other, like=spec)


def test_what_is_written_is_read_back(tmp_path):
    values = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32) * np.float32(1e-20)
    write_output(tmp_path / "x.csv", values, columns=("a", "b,c", 'd"'))
    dataset = open_data(tmp_path / "x.csv")
    assert dataset.spec.names == ("a", "b,c", 'd"')
    assert np.array_equal(dataset.records.pixels(slice(None)), values)
    write_output(tmp_path / "bare.csv", values[:2], names=["2", "1"])
    assert (tmp_path / "bare.csv").read_text().splitlines()[:2] == [
        "x0,x1,x2",
        ",".join(f"{value:.9g}" for value in values[1]),
    ]


def test_no_column_name_acts_in_a_spreadsheet(tmp_path):
    write_output(tmp_path / "out.csv", np.zeros((1, 3), np.float32), columns=("=HYPERLINK(1)", "a", "@b"))
    assert (tmp_path / "out.csv").read_text().splitlines()[0] == "'=HYPERLINK(1),a,'@b"


def test_pictures_are_no_table(tmp_path):
    with pytest.raises(UsageError, match="pictures go to a folder"):
        write_output(tmp_path / "x.csv", np.zeros((2, 8, 8), np.uint8))


def test_tables_that_ship_with_a_dependency_have_names_too():
    iris = open_data("iris")
    assert iris.spec.names[0] == "sepal length (cm)"
    assert to_pixels(iris.test.take(slice(None)), iris.spec).shape == (len(iris.test), 4)


def test_a_spec_of_an_earlier_version_has_no_names():
    old = {"kind": "vector", "shape": [2], "fit": "crop", "background": "white", "classes": []}
    assert DataSpec.from_json(old | {"center": [0.0, 1.0], "spread": [1.0, 1.0]}).names == ()


@pytest.mark.parametrize("value", [3.0, 0.0, 0.1, -1e6, 1e-9, 1e30])
def test_an_entry_that_never_varies_comes_back_as_it_is(tmp_path, value):
    x = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    x[:, 2] = value
    np.save(tmp_path / "x.npy", x)
    found = open_data(tmp_path / "x.npy")
    assert found.spec.spread[2] == 0
    assert any("1 of 4 columns never vary" in text for text in found.inspection.warnings)
    seen = found.records.take(slice(None))
    assert torch.isfinite(seen).all() and (seen[:, 2] == 0).all()
    made = to_pixels(torch.randn(50, 4), found.spec)
    assert (made[:, 2] == np.float32(value)).all() and made[:, 0].std() > 0.5
    other = np.array([[0, 0, value + 2, 0]], np.float32)
    assert from_pixels(other, found.spec)[0, 2] == other[0, 2] - np.float32(value)
