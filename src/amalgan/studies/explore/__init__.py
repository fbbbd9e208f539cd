"""The exploration of one model: what its code means, whether it repeats its data, and what its networks look at.

model, data ─► subject ─┬─► ways    what directions of the code do ─┐
                        ├─► kin     nearest training examples ──────┼─► whole ─► explore.html, explore.json
                        └─► looks   what the networks look at ──────┘

strips    rows of pictures under numbers     bars    vectors, entry by entry
"""

from amalgan.studies.explore.explore import Exploration, explore

__all__ = ["Exploration", "explore"]
