"""Training: from a data set and a system to a run folder and a model file.

run ─► budget (minutes ─► images) ─► state (fresh or resumed) ─► loop ─► settle ─► publish
                                          │                        └─ hooks: save, log, show, validate
                                          └─ processes: the one place that knows of other processes
"""
