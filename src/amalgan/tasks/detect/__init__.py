"""What does not belong.

signals ─► normals: what is usual ─► detect: p-values, alarms ─► heat: where
"""
