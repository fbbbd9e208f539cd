"""What a file is, by its first bytes: a picture that is read, or something else, by its name.

    bytes ─► a format of FORMATS ─────────────────────────► opened by Pillow; PNG: checksums first
         └─► HEIC, JPEG XL, where a plug-in is installed ─► opened by the plug-in
         └─► anything else ───────────────────────────────► BadPicture: what it is, and the way out

Only what was looked into is called damaged: bytes that begin as a format that is read, and go on as it cannot.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from amalgan.core.errors import BadPicture

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
READ = "PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF are read"
PLUGINS = {
    "HEIC": ("HEIF", "pillow_heif", "pillow-heif"),
    "JPEG XL": ("JXL", "pillow_jxl", "pillow-jxl-plugin"),
}
"""Formats that Pillow reads with a plug-in: its name for them, the module, and the package it comes in."""
ENDINGS = tuple(
    f".{kind}".encode()
    for kind in ("png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl")
)
"""Of the names of pictures. Only where names must do: what a file is, its bytes say."""
CONVERT = "Convert it to PNG or JPEG"
UNPACK = "Unpack it, and give the folder"
GIVE_ITSELF = "Give the file itself as the data, or unpack it"
STARTS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%!PS", "PostScript, which is never opened", CONVERT),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript, which is never opened", CONVERT),
    (0, b"%PDF", "a PDF, not a picture", CONVERT),
    (0, b"PK\x03\x04", "a ZIP archive, not a picture", GIVE_ITSELF),
    (0, b"\x1f\x8b", "gzip data, not a picture", UNPACK),
    (0, b"BZh", "bzip2 data, not a picture", UNPACK),
    (0, b"\xfd7zXZ\0", "xz data, not a picture", UNPACK),
    (0, b"(\xb5/\xfd", "Zstandard data, not a picture", UNPACK),
    (0, b"7z\xbc\xaf'\x1c", "a 7z archive, not a picture", UNPACK),
    (0, b"Rar!", "a RAR archive, not a picture", UNPACK),
    (257, b"ustar", "a tar archive, not a picture", GIVE_ITSELF),
    (0, b"PAR1", "a Parquet table, not a picture", GIVE_ITSELF),
    (0, b"ARROW1", "an Arrow table, not a picture", "Write its pictures out"),
    (0, b"\x89HDF", "an HDF5 file, not a picture", "Write its arrays to .npz"),
    (0, b"CDF", "a netCDF file, not a picture", "Write its arrays to .npz"),
    (0, b"MATLAB 5.0", "a MATLAB file, not a picture", "Write its arrays to .npz"),
    (0, b"\x93NUMPY", "a NumPy array, not a picture", "Give the file itself as the data"),
    (0, b"SQLite format 3", "an SQLite database, not a picture", "Write its pictures out"),
    (344, b"n+1\0", "a NIfTI volume", "Write its slices out as 16-bit PNG or .npy"),
    (344, b"ni1\0", "a NIfTI volume", "Write its slices out as 16-bit PNG or .npy"),
    (128, b"DICM", "a DICOM file", "Write its pixels out as 16-bit PNG or .npy, as pydicom can"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", CONVERT),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture", CONVERT),
    (0, b"8BPS", "a Photoshop file", CONVERT),
    (0, b"gimp xcf", "a GIMP file", CONVERT),
    (0, b"v/1\x01", "an OpenEXR picture", "Convert it to 16-bit PNG or .npy"),
    (0, b"#?RADIANCE", "a Radiance HDR picture", "Convert it to 16-bit PNG or .npy"),
    (0, b"DDS ", "a DDS texture", CONVERT),
    (0, b"qoif", "a QOI picture", CONVERT),
    (0, b"\0\0\x01\0", "an icon (ICO)", CONVERT),
    (0, b"SIMPLE  =", "a FITS file", "Write its arrays to .npy"),
    (0, b"\x1aE\xdf\xa3", "a film (Matroska or WebM)", "Write its frames out as pictures"),
    (0, b"OggS", "sound or film (Ogg)", "Write its frames out as pictures"),
    (0, b"fLaC", "sound (FLAC), not a picture", "Make spectrograms of it first"),
    (0, b"ID3", "sound (MP3), not a picture", "Make spectrograms of it first"),
    (8, b"WAVE", "sound (WAV), not a picture", "Make spectrograms of it first"),
    (8, b"AVI ", "a film (AVI)", "Write its frames out as pictures"),
    (0, b"\x7fELF", "a program", "Remove it"),
)
"""Place, bytes, what a file with them is, what to do."""
BRANDS = {
    "HEIC": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    "a camera's raw file (CR3)": (b"crx ",),
    "a film (MP4 or QuickTime)": (
        b"isom",
        b"iso2",
        b"mp41",
        b"mp42",
        b"qt  ",
        b"M4V ",
        b"3gp4",
        b"avc1",
        b"dash",
    ),
}
"""What an ISO base media file is, by its brand."""
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    "PNG": (b"\x89PNG",),
    "JPEG": (b"\xff\xd8\xff",),
    "GIF": (b"GIF8",),
    "BMP": (b"BM",),
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "WebP": (b"RIFF",),
    "AVIF": (b"\0\0\0\x1cftypavi", b"\0\0\0 ftypavi", b"\0\0\0\x18ftypavi"),
}
ANCILLARY = 0x20
"""The bit of the first letter of a PNG chunk without which its pixels are whole."""


def is_picture(name: bytes) -> bool:
    """Return whether a file is called as pictures are."""
    return name.strip().lower().endswith(ENDINGS)


def opened(data: bytes) -> Image.Image:
    """The picture in ``data``, its header read.

    Raises:
        BadPicture: it is none that is read; says what it is.
    """
    if not data:
        raise BadPicture("is empty")
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        name = brand(data)
        if name in PLUGINS:
            return by_plugin(name, data)
        raise BadPicture(f"is {description(data)}") from error


def by_plugin(name: str, data: bytes) -> Image.Image:
    """A picture of a format of ``PLUGINS``.

    Raises:
        BadPicture: its plug-in is not installed.
    """
    kind, module, package = PLUGINS[name]
    if find_spec(module) is None and kind not in Image.OPEN:
        raise BadPicture(f"is {name}, which is not read. {CONVERT}, or pip install {package}")
    if kind not in Image.OPEN:
        plugin = import_module(module)
        register = getattr(plugin, "register_heif_opener", None)
        if register is not None:
            register()
    return Image.open(BytesIO(data), formats=(kind,))


def brand(data: bytes) -> str | None:
    """HEIC, JPEG XL, or another format that a file of ISO base media or JPEG XL says it is."""
    if data.startswith((b"\xff\x0a", b"\0\0\0\x0cJXL ")):
        return "JPEG XL"
    if data[4:8] != b"ftyp":
        return None
    return next((name for name, brands in BRANDS.items() if data[8:12] in brands), None)


def description(data: bytes) -> str:
    """What bytes are that Pillow does not open as a format of ``FORMATS``, and what to do."""
    if (named := brand(data)) is not None:
        return f"{named}, which is not read. {CONVERT}"
    for place, start, what, way in STARTS:
        if data[place : place + len(start)] == start:
            refused = "" if "," in what else ", which is not read"
            return f"{what}{refused}. {way}"
    for name, begins in BEGINNINGS.items():
        if data.startswith(begins):
            return _unreadable(name, data)
    return _other(data)


def _unreadable(name: str, data: bytes) -> str:
    if name == "PNG" and (chunk := damaged_chunk(data, any_kind=True)):
        return f"a PNG whose {chunk} chunk is damaged. Download or save it again"
    if name == "TIFF":
        return (
            "a TIFF of a kind that is not read (as more than four bands), or damaged. "
            "Save it as gray or RGB of 8 or 16 bits, or put more bands into .npy"
        )
    article = "an" if name == "AVIF" else "a"
    return f"{article} {name} that is damaged or of a kind that is not read. Save it again"


def _other(data: bytes) -> str:
    text = data[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if text.startswith(b"<"):
        return "markup (SVG or HTML), not a picture"
    if data[:1] == b"P" and data[1:2] in b"1234567fF" and data[2:3].isspace():
        return f"a Netpbm file (PBM, PGM, PPM), not a picture that is read. {CONVERT}"
    if (
        data[:256].isascii()
        and data[:256].decode().replace("\n", "").replace("\r", "").replace("\t", "").isprintable()
    ):
        return f"text, not a picture; {READ}. Keep it elsewhere"
    return f"damaged or not a picture; {READ}"


def chunks(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Name and soundness of each chunk of a PNG, up to where the file ends (W3C PNG 5.3)."""
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        end = place + 8 + length
        if end + 4 > len(data):
            return
        checksum = int.from_bytes(data[end : end + 4], "big")
        yield name, zlib.crc32(memoryview(data)[place + 4 : end]) == checksum
        place = end + 4


def damaged_chunk(data: bytes, *, any_kind: bool = False) -> str | None:
    """The first chunk of a PNG whose checksum is wrong, of those that make its pixels or of ``any_kind``, if any."""
    for name, sound in chunks(data):
        if not sound and (any_kind or not name[0] & ANCILLARY):
            return name.decode("ascii", "replace") if name.isalpha() else "first"
    return None


def check_sums(data: bytes, format: str | None) -> None:
    """Refuse a PNG that Pillow would decode in spite of a wrong checksum.

    Raises:
        BadPicture: a chunk that makes its pixels is damaged.
    """
    if format == "PNG" and (chunk := damaged_chunk(data)):
        raise BadPicture(f"is damaged: the checksum of its {chunk} chunk is wrong. Download or save it again")
