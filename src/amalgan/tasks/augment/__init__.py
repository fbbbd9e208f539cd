"""New training examples from a model, and a verdict on whether they help.

additions, smote ─► augment ─► files        arms ─► lessons ─► verification ─► verify: the verdict
"""
