"""A model card: what a model is, what it learned from, how good it is, and what it cannot do."""
