"""Codes as integers, and integers as bytes.

frequency_tables ─► range_coder ─► amg_file                bytes on disk; these know no network and no float
base ─┬─► transform_coder                                  codes of any model
      ├─► context_coder, taught through context_model      the codec's maps, each number told by those before it
      └─► letter_coder                                     strings, without loss
coders                                                     which of the three the tensors of a model's file make
"""
