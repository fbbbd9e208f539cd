"""One picture file: every mode by its color, every orientation by its corner, every bad file by its reason."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from amalgan.core.errors import BadPicture
from amalgan.data.decoding.images import decode, eight_bits, fitted, measure
from amalgan.data.decoding.layout import Layout

COLOR = Layout(height=8, width=8, channels=3)
GRAY = Layout(height=8, width=8, channels=1)
SIZE = (8, 8)


def first_pixel(data, layout=COLOR):
    return decode(data, layout).pixels[:, 0, 0].tolist()


def png_header(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def palette():
    image = Image.new("P", SIZE, 1)
    image.putpalette([0, 0, 0, 200, 40, 10] + [0] * 762)
    return image


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (Image.new("1", SIZE, 1), "PNG", [255, 255, 255]),
        (Image.new("L", SIZE, 77), "PNG", [77, 77, 77]),
        (Image.new("RGB", SIZE, (200, 40, 10)), "PNG", [200, 40, 10]),
        (Image.new("RGB", SIZE, (200, 40, 10)), "BMP", [200, 40, 10]),
        (Image.new("RGB", SIZE, (200, 40, 10)), "TIFF", [200, 40, 10]),
        (palette(), "PNG", [200, 40, 10]),
        (palette(), "GIF", [200, 40, 10]),
        (Image.new("CMYK", SIZE, (0, 255, 255, 0)), "TIFF", [255, 0, 0]),
        (Image.new("CMYK", SIZE, (0, 255, 255, 0)), "JPEG", [255, 0, 0]),
    ],
)
def test_every_mode_keeps_its_color(encode, image, kind, expected):
    assert first_pixel(encode(image, kind)) == expected


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF"])
def test_lossy_formats_keep_a_flat_color_nearly(encode, kind):
    pixel = first_pixel(encode(Image.new("RGB", SIZE, (200, 40, 10)), kind, quality=95))
    assert np.abs(np.subtract(pixel, [200, 40, 10])).max() <= 6


def test_lab_becomes_red_again(encode):
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    red = ImageCms.profileToProfile(Image.new("RGB", SIZE, (255, 0, 0)), srgb, lab, outputMode="LAB")
    assert np.abs(np.subtract(first_pixel(encode(red, "TIFF")), [255, 0, 0])).max() <= 6


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("value", [0, 257, 32896, 40000, 65535])
def test_16_bit_gray_is_scaled(encode, kind, value):
    assert first_pixel(encode(np.full(SIZE, value, np.uint16), kind), GRAY) == [round(value / 257)]


def test_16_bit_ramp_keeps_its_256_levels(encode):
    ramp = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    pixels = decode(encode(ramp), Layout(height=16, width=16, channels=1)).pixels
    assert len(np.unique(pixels)) == 256


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.0, 255.0], [0, 100, 255]),
        ([0.0, 25700.0, 65535.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([-3.0, -3.0, -3.0], [0, 0, 0]),
    ],
)
def test_float_gray_takes_the_first_range_that_holds_it(values, expected):
    assert eight_bits(np.array([values], np.float32)).tolist() == [expected]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_float_tiff_that_is_not_finite_is_bad(encode, value):
    pixels = np.zeros(SIZE, np.float32)
    pixels[3, 3] = value
    with pytest.raises(BadPicture, match="NaN"):
        decode(encode(pixels, "TIFF"), GRAY)


@pytest.mark.parametrize(
    ("image", "options", "expected"),
    [
        (Image.new("RGBA", SIZE, (200, 0, 0, 128)), {}, [100, 0, 127]),
        (Image.new("RGBA", SIZE, (200, 10, 30, 0)), {}, [0, 0, 255]),
        (Image.new("LA", SIZE, (100, 0)), {}, [0, 0, 255]),
        (Image.new("LA", SIZE, (100, 255)), {}, [100, 100, 100]),
        (palette(), {"transparency": 1}, [0, 0, 255]),
        (palette(), {"transparency": bytes([255, 128])}, [100, 20, 132]),
        (Image.new("L", SIZE, 7), {"transparency": 7}, [0, 0, 255]),
        (Image.new("RGB", SIZE, (7, 8, 9)), {"transparency": (7, 8, 9)}, [0, 0, 255]),
    ],
)
def test_transparency_is_laid_on_the_background(encode, image, options, expected):
    blue = Layout(height=8, width=8, channels=3, background=(0, 0, 255))
    found = first_pixel(encode(image, "PNG", **options), blue)
    assert np.abs(np.subtract(found, expected)).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (5, (0, 0)), (6, (0, 1)), (7, (1, 1)), (8, (1, 0))],
)
def test_exif_orientation_puts_the_red_corner_in_its_place(encode, kind, orientation, corner):
    stored = np.zeros((32, 64, 3), np.uint8)
    stored[:16, :32, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(stored, kind, exif=exif, quality=95)
    upright = (64, 32) if orientation >= 5 else (32, 64)
    picture = decode(data, Layout(height=upright[0], width=upright[1], channels=3))
    assert picture.size == upright == tuple(measure(data)[:2])
    quarter = picture.pixels[0].reshape(2, upright[0] // 2, 2, upright[1] // 2).mean(axis=(1, 3))
    assert np.unravel_index(quarter.argmax(), (2, 2)) == corner


@pytest.mark.filterwarnings("ignore")
def test_damaged_exif_is_no_reason_to_lose_a_picture(encode):
    image = Image.new("RGB", SIZE, (200, 40, 10))
    for exif in (b"Exif\0\0MM\0*garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0"):
        assert decode(encode(image, "JPEG", exif=exif), COLOR).size == SIZE


def test_the_first_frame_and_the_first_page_count(encode):
    frames = [Image.new("RGB", SIZE, color) for color in ("red", "blue")]
    for kind, rest in (("GIF", frames[1:]), ("WEBP", frames[1:]), ("TIFF", frames[1:] * 499)):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encode(frames[0], kind, save_all=True, append_images=rest, **options)
        assert first_pixel(data) == [255, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (1, 30000), (30000, 1), (7, 9)])
@pytest.mark.parametrize("fit", ["crop", "pad", "stretch", "cut"])
def test_any_size_fits(encode, size, fit):
    data = encode(Image.new("RGB", size, (1, 2, 3)))
    picture = decode(data, Layout(height=8, width=12, channels=3, fit=fit, background=(1, 2, 3)))
    assert picture.size == size[::-1]
    assert picture.pixels.shape == (3, 8, 12)
    assert (picture.pixels == np.array([1, 2, 3]).reshape(3, 1, 1)).all()


def test_crop_cuts_the_sides_pad_fills_them_stretch_keeps_all(encode):
    wide = np.zeros((16, 32), np.uint8)
    wide[:, 8:24] = 200  # the middle square
    data = encode(wide)

    def fitted(fit):
        return decode(data, Layout(height=16, width=16, channels=1, fit=fit)).pixels[0]

    assert (fitted("crop") == 200).all()
    padded = fitted("pad")
    assert (padded[:4] == 255).all() and (padded[12:] == 255).all()
    assert padded[8, 0] < 20 and padded[8, 8] > 180
    stretched = fitted("stretch")
    assert stretched[8, 0] < 20 and stretched[8, 8] > 180 and stretched[0, 8] > 180


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_cut_takes_the_middle_at_its_own_scale(encode, kind):
    pixels = np.kron(np.arange(0, 240, 2, dtype=np.uint8).reshape(10, 12), np.ones((8, 8), np.uint8))
    data = encode(pixels, kind, **({"quality": 100} if kind == "JPEG" else {}))
    found = decode(data, Layout(height=16, width=24, channels=1, fit="cut")).pixels[0]
    assert np.abs(found.astype(int) - pixels[32:48, 36:60]).max() <= 2 * (kind == "JPEG")


def test_shrinking_averages_instead_of_picking(encode):
    checkers = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = decode(encode(checkers), Layout(height=32, width=32, channels=1)).pixels
    assert np.abs(small[0, 4:-4, 4:-4].astype(int) - 128).max() <= 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_a_file_cut_at_999_thousandths_is_bad(encode, noise, kind):
    data = encode(noise(200, 200, 3), kind)
    with pytest.raises(BadPicture):
        decode(data[: int(len(data) * 0.999)], COLOR)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "markup"),
        (b"\n  <svg xmlns='http://www.w3.org/2000/svg'/>", "markup"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"P6 1 1 255 abc", "Netpbm"),
        (b"hello", "not a picture"),
        (png_header(60000, 60000), "most is 64 million"),
        (png_header(9500, 9500), "9500x9500"),
        (png_header(30001, 1), "30001x1"),
    ],
)
def test_what_is_no_picture_says_why(data, reason):
    for read in (measure, lambda data: decode(data, COLOR)):
        with pytest.raises(BadPicture, match=reason):
            read(data)


def test_a_declared_giant_costs_no_memory():
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(BadPicture):
        decode(png_header(60000, 60000), COLOR)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


def test_a_large_jpeg_is_decoded_whole(noise):
    smooth = Image.fromarray(noise(16, 16, 3)).resize((1024, 1024), Image.Resampling.BICUBIC)
    file = BytesIO()
    smooth.save(file, "JPEG", quality=95)
    layout = Layout(height=32, width=32, channels=3)
    assert np.array_equal(decode(file.getvalue(), layout).pixels, fitted(Image.open(file), layout))
