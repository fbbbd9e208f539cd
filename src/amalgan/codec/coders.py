"""The coders that a model can be published with: which one the tensors of its file make."""

from __future__ import annotations

from torch import Tensor

from amalgan.codec.base import Coder
from amalgan.codec.context_coder import MapCoder
from amalgan.codec.letter_coder import LetterCoder
from amalgan.codec.transform_coder import TransformCoder


def coder_of(tensors: dict[str, Tensor]) -> Coder:
    """Return the coder that a file's tensors make.

    Raises:
        ValueError: they make none.
    """
    if "letter" in tensors:
        return LetterCoder.of(tensors)
    return MapCoder.of(tensors) if "base" in tensors else TransformCoder.of(tensors)
