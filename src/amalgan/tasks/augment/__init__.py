"""New training examples from a model, and a verdict on whether they help.

additions, smote ─► augment ─► files        training sets ─► classifiers ─► verification ─► verify: the verdict
"""
