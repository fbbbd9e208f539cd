"""What a model is used for: plain functions from (model, input, options) to a result.

A task asks the model for abilities, never for its system, and works in chunks, so memory does not grow with the
number of examples. Nothing here prints or writes; the doors do.
"""
