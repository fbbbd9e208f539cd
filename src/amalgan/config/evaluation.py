"""How much is evaluated where nothing else is asked for: one number for every command, function and study."""

MOST_EVALUATED = 10_000
"""Test examples, and as many generated ones, that are evaluated at most."""
