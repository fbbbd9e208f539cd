"""A film of a walk through what a model can make."""
