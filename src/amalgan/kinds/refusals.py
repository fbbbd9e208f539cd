"""What kinds refuse, by words that the rest of the code asks for, and the reasons that users are given.

refuses("watermark") ─► a sentence where the kind cannot have it, nothing where it can
"""

from __future__ import annotations

from collections.abc import Mapping

PICTURES_ONLY = {
    "augment": "flips, shifts, turns and colors are of pictures",
    "backbone": "a network taught on ImageNet looks at pictures",
    "bits_per_pixel": "bits a pixel are of pictures; what others take is counted in bits an example",
    "change": "the changes of DiffAugment are of pictures",
    "code_map": "a code that is a map lies over a picture",
    "drawing": "{nouns} have no look of their own; they are shown as numbers",
    "files": "{nouns} go to tables and arrays",
    "gray_noise": "noise in gray levels is of pictures",
    "half_precision": "bfloat16 pays for convolutions",
    "heat": "heat maps are of pictures",
    "own_size": "a size of their own is what pictures have",
    "page": "a page that runs a model shows pictures",
    "psnr": "PSNR is of pictures; {nouns} have a squared error and R²",
    "restoring": "a restorer mends pictures",
    "size": "height and width are of pictures",
    "watermark": "{nouns} bear no watermark; only pictures do",
}
"""What a kind that says nothing else cannot have, and why."""
R_SQUARED = {"r_squared": "the share of the variance that is kept is of numbers on a line"}
"""What plain numbers have, and a kind may refuse."""
FILM = {"film": "a walk is a film of pictures"}
"""What kinds have that can be drawn, and one may refuse."""
CLEANING = {"cleaning": "{nouns} are restored by a model of the system restorer, if at all"}
"""What a kind refuses whose files are not cleaned of noise by any model that encodes and decodes."""
UNLIKE_PLAIN = PICTURES_ONLY | CLEANING
"""What plain numbers refuse."""
WORDS = UNLIKE_PLAIN | R_SQUARED | FILM
"""All that ``refuses`` can be asked."""


def all_but(*able: str) -> Mapping[str, str]:
    """What a kind refuses that has, of all that plain numbers refuse, what ``able`` names."""
    if unknown := set(able) - set(UNLIKE_PLAIN):
        raise KeyError(f"{', '.join(sorted(unknown))}: plain numbers refuse no such thing")
    return {what: why for what, why in UNLIKE_PLAIN.items() if what not in able}
