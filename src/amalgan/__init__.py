"""Autoencoders and GANs in one model file."""

__version__ = "0.1.0"
