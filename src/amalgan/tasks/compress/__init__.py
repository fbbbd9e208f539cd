"""Examples in few bytes.

compress   example ◄─► whole numbers ◄─► bytes          packed   what lies compressed on a disk
"""
