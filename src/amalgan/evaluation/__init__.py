"""Every number that says how good a model is, each with the name that it must not be shown without."""
