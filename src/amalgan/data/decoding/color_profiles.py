"""Embedded color profiles: what a picture's numbers mean, as sRGB.

    RGB, gray or CMYK with an ICC profile (ICC.1:2022) ─► sRGB          without one, or with sRGB's own: as it is

A profile that is damaged, or of another kind than its picture, says nothing about it.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms

SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
"""The color space that a profile must have for a mode."""


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture with its color profile applied; its alpha stays."""
    profile = image.info.get("icc_profile")
    if not isinstance(profile, bytes) or not profile:
        return image
    plain = _without_alpha(image)
    transform = _transform(profile, plain.mode)
    if transform is None:
        return image
    applied = ImageCms.applyTransform(plain, transform)
    if applied is None:
        return image
    found = applied.convert("L") if plain.mode == "L" else applied
    if image.has_transparency_data:
        found.putalpha(image.convert("RGBA").getchannel("A"))
    return found


def from_lab(image: Image.Image) -> Image.Image:
    """A picture in Lab as sRGB."""
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # only when asked to work in place
    return converted


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode in SPACES:
        return image
    return image.convert("L" if image.mode in ("LA", "La", "1") else "RGB")


@lru_cache(maxsize=64)
def _transform(profile: bytes, mode: str) -> Any:
    """What turns the numbers of a mode into sRGB; None where there is nothing to turn."""
    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        if own.profile.xcolor_space.strip() != SPACES[mode] or "sRGB" in ImageCms.getProfileDescription(own):
            return None
        return ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), mode, "RGB")
    except Exception:  # a damaged profile says nothing about the picture
        return None
