"""How often a JPEG must be gone over to be decoded: bounded before a decoder begins."""

from __future__ import annotations

from amalgan.core.errors import BadPicture

MOST_SCANS, MOST_SCANNED = 100, 2 * 10**9
"""Scans of a JPEG, and pixels over all of them: encoders write about ten scans."""
START_OF_SCAN, END = 0xDA, 0xD9
SCAN = b"\xff\xda"
ALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""Second bytes of markers without a length, and of what is no marker."""


def require_few_scans(data: bytes, pixels: int) -> None:
    """Refuse a JPEG that a decoder would work through too often: each scan goes over all of its pixels."""
    most = max(1, min(MOST_SCANS, MOST_SCANNED // max(1, pixels)))
    if data.count(SCAN) > most and (found := jpeg_scans(data)) > most:
        raise BadPicture(
            f"has {found:,} scans over {pixels:,} pixels; the most here is {most:,}. Open and save it again"
        )


def jpeg_scans(data: bytes) -> int:
    """How many scans the first picture of a JPEG file has, by its markers alone; nothing is decoded."""
    at, scans = 2, 0
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        marker = data[at + 1]
        if marker == END:
            break
        if marker == 0xFF:  # filling
            at += 1
            continue
        scans += marker == START_OF_SCAN
        alone = marker in ALONE
        at += 2 if alone else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return scans
