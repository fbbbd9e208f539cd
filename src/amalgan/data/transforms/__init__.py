"""Random changes to examples: augmentation, corruption, damage."""
