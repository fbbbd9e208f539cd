"""A kind of data is one room: what an example is, and all that follows from it.

    registry    names and what they stand for: ``kind_of(spec)``          image    pictures (C, H, W)
    protocol    what is asked of a kind                                    vector   rows of numbers (D,)
    plain       what holds where a kind says nothing else

Nothing else asks which kind it has. It asks the kind for a function (``drawn``, ``masked``, ``encoder`` ...) or whether
it refuses something, and why (``refuses("watermark")``). A further kind is one more folder, here or in a plugin:
``docs/adding-a-kind.md``.
"""

from amalgan.kinds.protocol import Kind as Kind
from amalgan.kinds.registry import kind_named as kind_named
from amalgan.kinds.registry import kind_of as kind_of
from amalgan.kinds.registry import names as names
from amalgan.kinds.registry import register as register
from amalgan.kinds.registry import text_of as text_of
