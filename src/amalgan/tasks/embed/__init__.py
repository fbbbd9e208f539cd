"""Codes for a whole collection, and what they tell of it.

embed ─► neighbors, similar (near-duplicates) ─► lineup (a sheet), map (a page)
"""
