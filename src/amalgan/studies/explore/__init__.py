"""The exploration of one model: what its code means, whether it repeats its data, and what its networks look at.

model, data ─► subject ─┬─► directions        what directions of the code do ─┐
                        ├─► nearest_training  nearest training examples ──────┼─► explore.html, explore.json
                        └─► attribution       what the networks look at ──────┘

strips    rows of pictures under numbers     bars    vectors, entry by entry
"""

from amalgan.studies.explore.explore import Exploration, explore

__all__ = ["Exploration", "explore"]
