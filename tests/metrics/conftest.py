"""Shapes in the signatures are enforced while these tests run."""

from jaxtyping import install_import_hook

install_import_hook("amalgan.metrics", "beartype.beartype")
