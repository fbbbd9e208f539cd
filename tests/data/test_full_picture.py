"""Whole pictures: what a file holds comes back, whatever its format and depth."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile

from amalgan.core.errors import BadPicture, UsageError
from amalgan.data.decoding.full_picture import of_python_value, read
from amalgan.data.readers.holes import holes
from amalgan.data.writing.full_picture import to_array, write, written_as

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def packed(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def again(data: bytes, format: str | None = None) -> ImageFile:
    """What is written after reading, opened by Pillow."""
    whole = read(data)
    return Image.open(BytesIO(write(whole, {"Source": "test"}, format or written_as(whole))))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "LA", "P"])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
def test_lossless_formats_come_back_pixel_by_pixel(mode: str, format: str) -> None:
    if mode in ("LA", "RGBA") and format == "BMP":
        pytest.skip("such files are not written")
    image = Image.fromarray(RGB).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(Image.fromarray(RGB[..., 0]))
    found = again(packed(image, format))
    target = {"1": "L", "P": "RGB"}.get(mode, mode)
    assert found.format == format and found.mode == target
    assert np.array_equal(np.asarray(found), np.asarray(image.convert(target)))


def test_sixteen_bits_of_gray_stay_sixteen() -> None:
    values = np.arange(0, 65536, 1213, dtype=np.uint16).reshape(5, 11)[:4]
    found = again(packed(Image.fromarray(values)))
    assert np.array_equal(np.asarray(found), values) and found.mode.startswith("I")
    assert np.abs(np.asarray(again(packed(Image.fromarray(values)), "BMP"), int) - values / 257).max() <= 0.5
    with pytest.raises(BadPicture, match="beyond 16 bits"):
        read(packed(Image.fromarray(np.array([[-1.0, 2.0]], np.float32)), "TIFF"))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP", "AVIF"])
def test_profile_and_exif_are_kept_and_orientation_is_applied(format: str) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    data = packed(Image.fromarray(RGB), format, exif=exif, icc_profile=PROFILE)
    found = again(data)
    assert found.format == format and found.size == (6, 9)
    assert found.info["icc_profile"] == PROFILE
    assert (found.getexif().get(0x010F) == "a camera" and 0x0112 not in found.getexif()) or format == "TIFF"


def test_the_alpha_grows_with_the_picture() -> None:
    image = Image.fromarray(RGB)
    image.putalpha(128)
    whole = read(packed(image)).now(np.zeros((3, 12, 18), np.float32))
    assert whole.alpha is not None and whole.alpha.shape == (12, 18) and set(whole.alpha.flat) == {128}


def test_cmyk_and_other_formats_become_what_can_be_written() -> None:
    cmyk = again(packed(Image.fromarray(RGB).convert("CMYK"), "JPEG", icc_profile=PROFILE))
    assert cmyk.mode == "RGB" and "icc_profile" not in cmyk.info
    assert again(packed(Image.fromarray(RGB), "GIF")).format == "PNG"
    with pytest.raises(BadPicture):
        read(b"<svg/>")


def test_arrays_come_back_as_they_were() -> None:
    for array in (RGB, RGB[..., 0], RGB[..., 0].astype(np.uint16) * 257):
        found = to_array(of_python_value(array))
        assert found.dtype == array.dtype and np.array_equal(found, array)
    with pytest.raises(UsageError, match=r"found a float64 array of shape \(2, 2\)"):
        of_python_value(np.zeros((2, 2)))


def test_holes_are_white_in_a_mask_or_of_a_color(tmp_path: Any) -> None:
    mask = np.zeros((6, 9), np.uint8)
    mask[2:4, 3:5] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "masks").mkdir()
    Image.fromarray(255 - mask).save(tmp_path / "masks" / "a.bmp")
    pixels = RGB.copy()
    pixels[mask > 0] = (250, 5, 250)
    whole = read(packed(Image.fromarray(pixels)))
    assert np.array_equal(holes(str(tmp_path / "mask.png"))("a.png", whole), mask == 0)
    assert np.array_equal(holes(str(tmp_path / "masks"))("a.png", whole), mask > 0)
    assert np.array_equal(holes("#ff00ff")("a.png", whole) == 0, mask > 0)
    with pytest.raises(BadPicture, match="has no mask of its name"):
        holes(str(tmp_path / "masks"))("b.png", whole)
    with pytest.raises(BadPicture, match=r"has 4x3 pixels, its mask mask\.png 9x6"):
        holes(str(tmp_path / "mask.png"))("a.png", read(packed(Image.new("L", (4, 3)))))
    with pytest.raises(UsageError, match="no such file or folder, and no such color"):
        holes("nowhere.png")
