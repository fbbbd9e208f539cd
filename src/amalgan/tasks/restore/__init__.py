"""Damaged pictures made whole.

restore_files ─► restore ─┬─► mend: a restorer, window by window
                          └─► project: large holes, by a model of such pictures
"""
