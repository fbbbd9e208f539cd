"""Integers to bytes and back: ``tables`` of frequencies, the ``entropy`` coder, the ``container`` on disk.

It knows no network and no float: what a decoder computes with comes from the file of the model, as integers.
"""
