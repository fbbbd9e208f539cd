"""A picture of any proportions, made into a size: cut, filled, or distorted.

crop      the largest middle part of the right proportions, scaled        pad      all of it, scaled, on the background
stretch   all of it, distorted                                            cut      the middle, at its own scale
"""

from __future__ import annotations

from PIL import Image

from amalgan.data.decoding.layout import Layout


def fit(image: Image.Image, layout: Layout) -> Image.Image:
    """The picture at the layout's size."""
    if (image.height, image.width) == (layout.height, layout.width):
        return image
    target = (layout.width, layout.height)
    if layout.fit == "pad":
        return _padded(image, layout)
    if layout.fit == "cut" and image.width >= layout.width and image.height >= layout.height:
        left, top = (image.width - layout.width) // 2, (image.height - layout.height) // 2
        return image.crop((left, top, left + layout.width, top + layout.height))
    box = None if layout.fit == "stretch" else _cropping_box(image, layout)
    return image.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)


def _cropping_box(image: Image.Image, layout: Layout) -> tuple[float, float, float, float]:
    """The largest centered part of ``image`` with the layout's proportions."""
    scale = min(image.width / layout.width, image.height / layout.height)
    width, height = layout.width * scale, layout.height * scale
    left, top = (
        max(0.0, (image.width - width) / 2),
        max(0.0, (image.height - height) / 2),
    )  # rounding may go below
    return (left, top, min(left + width, image.width), min(top + height, image.height))


def _padded(image: Image.Image, layout: Layout) -> Image.Image:
    scale = min(layout.width / image.width, layout.height / image.height)
    width = min(max(round(image.width * scale), 1), layout.width)
    height = min(max(round(image.height * scale), 1), layout.height)
    small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    ground = Image.new("RGB", (layout.width, layout.height), layout.background).convert(image.mode)
    ground.paste(small, ((layout.width - width) // 2, (layout.height - height) // 2))
    return ground
