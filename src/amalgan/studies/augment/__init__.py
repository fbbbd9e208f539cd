"""More training examples from a model, on disk, and whether they help a classifier."""
