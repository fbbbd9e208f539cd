"""One way of reading: the same picture is the same numbers, content and split by every door and at every size."""

import os
import shutil
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from amalgan.config.data import DataConfig
from amalgan.core.types import DataSpec
from amalgan.data import open_data
from amalgan.data.dataset.in_memory import examples, named
from amalgan.data.decoding.images import decode
from amalgan.data.decoding.layout import Layout


def photo(seed, size=(400, 300), contrast=1.0):
    """A smooth picture in color; another seed, another picture."""
    small = np.random.default_rng(seed).random((8, 10, 3)) * 255 * contrast
    return Image.fromarray(small.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """60 photographs as JPEG files, of several sizes."""
    folder = tmp_path_factory.mktemp("photos") / "album"
    folder.mkdir()
    for n in range(60):
        photo(n, size=(300 + 5 * n, 240 + 3 * n)).save(folder / f"{n:02d}.jpg", quality=90)
    shutil.make_archive(str(folder), "zip", folder)
    return folder


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", "cut"])
@pytest.mark.parametrize("shape", [(3, 32, 48), (1, 16, 16)])
def test_files_pictures_and_arrays_are_the_same_numbers(album, fit, shape):
    spec = DataSpec(kind="image", shape=shape, fit=fit)
    files = [Image.open(path) for path in sorted(album.iterdir())]
    doors = {
        "folder": open_data(album, like=spec).records.take(slice(None)),
        "archive": open_data(album.with_suffix(".zip"), like=spec).records.take(slice(None)),
        "PIL images": examples(files, spec),
        "arrays": examples([np.asarray(file) for file in files], spec),
    }
    for name, x in doors.items():
        assert (x == doors["folder"]).all(), name


def test_a_file_is_decoded_as_pillow_decodes_it(album):
    for path in sorted(album.iterdir())[:5]:
        image = Image.open(path)
        whole = decode(path.read_bytes(), Layout(height=image.height, width=image.width, channels=3))
        assert np.array_equal(whole.pixels, np.asarray(image).transpose(2, 0, 1))


def deep(seed):
    """Gray of 16 bits that fills twelve of them."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 4096, (40, 36)).astype(np.uint16))


def turned(seed):
    exif = Image.Exif()
    exif[0x0112] = 6
    return {"exif": exif}


def clear(seed):
    found = photo(seed).convert("RGBA")
    found.putalpha(photo(seed + 500).convert("L"))
    return found


KINDS = {
    "JPEG": (photo, "JPEG", lambda _: {"quality": 80}),
    "JPEG, progressive": (photo, "JPEG", lambda _: {"progressive": True, "subsampling": 2}),
    "JPEG, gray": (lambda seed: photo(seed).convert("L"), "JPEG", lambda _: {}),
    "JPEG, CMYK": (lambda seed: photo(seed).convert("CMYK"), "JPEG", lambda _: {}),
    "JPEG, turned by EXIF": (photo, "JPEG", turned),
    "JPEG with a color profile": (photo, "JPEG", lambda _: {"icc_profile": swapped_profile()}),
    "PNG, palette": (
        lambda seed: photo(seed).convert("P", palette=Image.Palette.ADAPTIVE),
        "PNG",
        lambda _: {},
    ),
    "PNG, alpha": (clear, "PNG", lambda _: {}),
    "PNG, black and white": (lambda seed: photo(seed).convert("1"), "PNG", lambda _: {}),
    "PNG, 16 bits": (deep, "PNG", lambda _: {}),
    "WebP": (photo, "WEBP", lambda _: {"quality": 70}),
    "AVIF": (photo, "AVIF", lambda _: {"quality": 70}),
    "GIF": (photo, "GIF", lambda _: {}),
    "BMP": (photo, "BMP", lambda _: {}),
    "TIFF, 16 bits": (deep, "TIFF", lambda _: {}),
    "TIFF, turned by EXIF": (photo, "TIFF", lambda _: {"tiffinfo": {0x0112: 6}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_any_kind_is_the_same_numbers_by_every_door(tmp_path, kind):
    make, format, options = KINDS[kind]
    folder = tmp_path / "album"
    folder.mkdir()
    for seed in range(16):
        make(seed).save(folder / f"{seed:02d}.x", format, **options(seed))
    usual = open_data(folder)
    paths, spec = sorted(folder.iterdir()), usual.spec
    doors = {
        "a folder": examples(folder, spec),
        "a pattern": examples(f"{folder}/*.x", spec),
        "paths": examples(paths, spec),
        "one path after the other": torch.cat([examples(path, spec) for path in paths]),
        "bytes": examples([path.read_bytes() for path in paths], spec),
        "PIL images": examples([Image.open(path) for path in paths], spec),
        "PIL images, loaded": examples([Image.open(path).copy() for path in paths], spec),
        "paths, to train on": open_data(named(paths, tmp_path / "p"), like=spec).records.take(slice(None)),
        "PIL images, to train on": open_data(
            named([Image.open(path) for path in paths], tmp_path / "q"), like=spec
        ).records.take(slice(None)),
    }
    wrong = {name for name, x in doors.items() if not torch.equal(x, usual.records.take(slice(None)))}
    assert not wrong
    again = open_data(named(paths, tmp_path / "again"))
    assert again.spec == spec and again.fingerprint == usual.fingerprint


@pytest.mark.parametrize("config", [{"size": "16"}, {"size": "24x48"}, {"channels": 1}, {"fit": "pad"}])
def test_splits_are_those_of_the_files_at_every_size(album, config):
    usual, other = open_data(album), open_data(album, DataConfig(**config))
    for part in ("train", "validation", "test"):
        assert getattr(usual, part).names == getattr(other, part).names
    assert usual.fingerprint != other.fingerprint
    assert (
        open_data(album, DataConfig(keep=9)).train.names
        == open_data(album, DataConfig(keep=9, **config)).train.names
    )


def test_arrays_that_are_scaled_have_the_splits_of_those_that_are_not(tmp_path, noise):
    np.save(tmp_path / "x.npy", np.stack([noise(20, 20, seed=n) for n in range(200)]))
    usual, small = open_data(tmp_path / "x.npy"), open_data(tmp_path / "x.npy", DataConfig(size="8"))
    assert usual.test.names == small.test.names and usual.validation.names == small.validation.names


CHANGES = {
    "saved again": lambda image: reopened(image, "JPEG", quality=60),
    "as WebP": lambda image: reopened(image, "WEBP", quality=70),
    "scaled": lambda image: image.resize((image.width // 2, image.height // 2)),
    "brighter": lambda image: image.point(lambda v: min(255, int(v * 0.9) + 20)),
    "gray": lambda image: image.convert("L"),
}


def reopened(image, kind, **options):
    file = BytesIO()
    image.save(file, kind, **options)
    return Image.open(file)


@pytest.mark.parametrize("change", CHANGES)
def test_near_copies_stand_on_one_side(tmp_path, change):
    for n in range(80):
        photo(n).save(tmp_path / f"{n:02d}-a.png")
        CHANGES[change](photo(n)).save(tmp_path / f"{n:02d}-b.png")
    found = open_data(tmp_path, DataConfig(size="32", channels=3))
    sides = [{name[:2] for name in getattr(found, part).names} for part in ("train", "validation", "test")]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert all(sides) and sum(map(len, sides)) == 80


def test_near_copies_across_splits_of_the_datas_own_are_told(tmp_path):
    for n in range(40):
        (tmp_path / "train").mkdir(exist_ok=True)
        (tmp_path / "test").mkdir(exist_ok=True)
        photo(n).save(tmp_path / "train" / f"{n}.png")
        if n < 3:
            photo(n).save(tmp_path / "test" / f"{n}.jpg", quality=70)
    photo(99).save(tmp_path / "test" / "99.png")
    found = open_data(tmp_path).inspection
    assert (found.duplicates.near_across, found.duplicates.across_splits) == (3, 0)
    assert any("3 test or validation examples are near-copies" in text for text in found.warnings)


@pytest.mark.parametrize("word, copies", [("digits", 0), ("photos", 0)])
def test_unlike_pictures_are_no_near_copies(word, copies):
    store = open_data(word).records.store
    assert int((store.groups != store.contents).any(axis=1).sum()) == copies


@pytest.mark.parametrize("container", ["folder", "x.zip", "x.npy"])
def test_a_change_is_noticed_though_size_and_time_stay(tmp_path, container, noise):
    def write(seed):
        pixels = np.stack([noise(16, 16, seed=seed + n) for n in range(20)])
        (tmp_path / "folder").mkdir(exist_ok=True)
        for n in range(20):
            Image.fromarray(pixels[n]).save(tmp_path / "folder" / f"{n:02d}.bmp")
        np.save(tmp_path / "x.npy", pixels)
        shutil.make_archive(str(tmp_path / "x"), "zip", tmp_path / "folder")
        for path in (*(tmp_path / "folder").iterdir(), tmp_path / "x.npy", tmp_path / "x.zip"):
            os.utime(path, ns=(10**18, 10**18))

    write(0)
    before = open_data(tmp_path / container).fingerprint
    sizes = {path: path.stat().st_size for path in tmp_path.iterdir()}
    write(1000)
    if container != "x.zip":
        assert sizes[tmp_path / container] == (tmp_path / container).stat().st_size
    assert open_data(tmp_path / container).fingerprint != before


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_color_profile_is_applied_and_srgb_and_damage_change_nothing(encode, mode):
    swapped = swapped_profile()
    plain = Image.new("RGB", (16, 16), (200, 30, 60)).convert(mode)
    layout = Layout(height=16, width=16, channels=3)
    without = decode(encode(plain), layout).pixels[:, 0, 0].tolist()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile", srgb[:200]):
        assert decode(encode(plain, icc_profile=profile), layout).pixels[:, 0, 0].tolist() == without
    found = decode(encode(plain, icc_profile=swapped), layout).pixels[:, 0, 0]
    assert np.abs(found.astype(int) - [30, 200, 60]).max() <= 25


def swapped_profile():
    """sRGB's profile with red and green exchanged, under another name."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(data[128:132], "big")
    places = {bytes(data[132 + 12 * k : 136 + 12 * k]): 136 + 12 * k for k in range(count)}
    red, green = (data[places[name] : places[name] + 8] for name in (b"rXYZ", b"gXYZ"))
    data[places[b"rXYZ"] : places[b"rXYZ"] + 8], data[places[b"gXYZ"] : places[b"gXYZ"] + 8] = green, red
    return (
        bytes(data).replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be")).replace(b"sRGB", b"Swap")
    )
