"""The same sixty pictures in everything that holds pictures: one data set, whatever it came in."""

import pytest
import torch

from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.data import open_data
from amalgan.data.dataset.in_memory import examples, named
from amalgan.data.dataset.native_size import own_sized
from kinds import DOORS, PIXELS, package_for, serving, write_classes, write_files


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture
def given_by(tmp_path, served):
    """What a door is given: a name, or what Python holds."""

    def made(door):
        if package_for(door):
            pytest.importorskip(package_for(door))
        (tmp_path / "in").mkdir()
        return DOORS[door](tmp_path / "in" / "album", served)

    return made


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    at = tmp_path_factory.mktemp("usual")
    return open_data(write_classes(at / "album"), DataConfig(cache=str(at)))


@pytest.mark.parametrize("door", DOORS)
def test_equal_pictures_are_equal_data_by_every_door(given_by, tmp_path, usual, door):
    data = given_by(door)
    found = open_data(data if isinstance(data, str) else named(data, tmp_path))
    assert found.fingerprint == usual.fingerprint
    assert found.spec == usual.spec and found.spec.classes == ("cat", "dog")
    assert found.inspection.skipped == ()
    assert found.train.labels.tolist() == usual.train.labels.tolist()


@pytest.mark.parametrize("door", DOORS)
def test_every_method_takes_what_training_takes(given_by, usual, door):
    data = given_by(door)
    x = data[0] if isinstance(data, tuple) else data
    assert torch.equal(examples(x, usual.spec), usual.records.take(slice(None)))
    assert torch.equal(examples(x, usual.spec, own_size=True), usual.records.take(slice(None)))


@pytest.mark.parametrize("door", [door for door in DOORS if not door.startswith("Python")])
def test_pictures_at_their_own_size_are_those_of_every_door(given_by, usual, door):
    found = list(own_sized(given_by(door), usual.spec).pictures)
    assert all(
        (one.pixels == pixels.transpose(2, 0, 1)).all() for one, pixels in zip(found, PIXELS, strict=True)
    )


def test_a_bad_picture_shifts_no_rows(tmp_path, usual):
    (write_files(tmp_path / "album") / "30.png").write_bytes(b"no picture")
    for own_size in (False, True):
        with pytest.raises(UsageError, match=r"1 examples of .* Mend or remove the first: 30\.png is text"):
            examples(tmp_path / "album", usual.spec, own_size=own_size)
