"""Models as estimators of scikit-learn: for pipelines, searches and cross-validation.

    X (n, d) ─┬─► CodeTransformer ──► codes (n, K), and back
    X, y ─────┼─► AmalganClassifier ► classes and their probabilities
    X ────────┴─► AnomalyDetector ──► 1 for what is normal, -1 for what is not, at a rate of false alarms

    rows   what they share: rows become examples, a model is trained on them and kept

Rows are vectors, or pictures laid out flat where ``shape`` says so. Pickling, which scikit-learn does to copy and to
work in parallel, keeps the model as the bytes of its file. ``amalgan.Resampler`` is the sampler for imbalanced-learn.
"""

from __future__ import annotations

from amalgan.sklearn.anomalies import AnomalyDetector
from amalgan.sklearn.classes import AmalganClassifier
from amalgan.sklearn.codes import CodeTransformer

__all__ = ["AmalganClassifier", "AnomalyDetector", "CodeTransformer"]
