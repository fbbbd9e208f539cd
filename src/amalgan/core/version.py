"""The version of the package, which what it writes names."""

__version__ = "0.1.0"
