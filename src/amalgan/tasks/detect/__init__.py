"""What does not belong.

signals ─► normals: what is usual ─► detect: p-values, alarms ─► heat: where
patch_memory ─► flaws: a picture's strangest patch ─► flaw_records: of records, and where
"""
