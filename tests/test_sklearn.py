"""The transformer is an estimator like any other: checked by scikit-learn's own tests, in a pipeline, in a search."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from amalgan.config.parts import Networks, Prior
from amalgan.config.systems import AutoencoderConfig, SupervisedConfig
from amalgan.errors import UsageError
from amalgan.sklearn import CodeTransformer

TINY = {"network": Networks(width=8, widest=16, hidden=8, layers=1), "prior": Prior(kind="gaussian")}
SMALL = AutoencoderConfig(code_size=2, **TINY)


def test_scikit_learns_own_checks_pass() -> None:
    found = check_estimator(CodeTransformer(images=64, settings=SMALL), on_fail=None, on_skip=None)
    assert len(found) > 30
    assert [one["check_name"] for one in found if one["status"] == "failed"] == []


def test_codes_come_back_as_rows_and_keep_the_class() -> None:
    X, y = load_wine(return_X_y=True)
    net = CodeTransformer(images=20_000, code_size=6).fit(X)
    codes = net.transform(X)
    assert codes.shape == (178, 6) and codes.dtype == np.float32
    assert list(net.get_feature_names_out()) == [f"codetransformer{at}" for at in range(6)]
    error = ((net.inverse_transform(codes) - X) / X.std(0)).std()
    assert error < 0.8, "as much as the mean of all rows would leave is 1"
    assert LogisticRegression(max_iter=1000).fit(codes, y).score(codes, y) > 0.9


def test_a_pipeline_can_be_searched() -> None:
    X, y = load_wine(return_X_y=True)
    line = make_pipeline(CodeTransformer(images=320, settings=None), LogisticRegression(max_iter=500))
    search = GridSearchCV(line, {"codetransformer__code_size": [2, 5]}, cv=2, n_jobs=1).fit(X, y)
    assert search.best_params_["codetransformer__code_size"] in (2, 5)
    assert search.best_estimator_[0].transform(X).shape[1] in (2, 5)


def test_pictures_a_model_file_and_a_pickle(tmp_path: Path) -> None:
    X, y = load_digits(return_X_y=True)
    settings = SupervisedConfig(code_size=4, **TINY)
    net = CodeTransformer("supervised", images=640, settings=settings, shape=(8, 8), scale=(0, 16))
    codes = net.fit(X, y).transform(X)
    again = net.inverse_transform(codes)
    assert again.shape == X.shape and again.min() >= 0 and again.max() <= 16
    assert net.model_.spec.classes == tuple("0123456789")
    net.model_.save(tmp_path / "m.safetensors")
    loaded = CodeTransformer(model=tmp_path / "m.safetensors", shape=(8, 8), scale=(0, 16)).fit(X[:2])
    copied: Any = pickle.loads(pickle.dumps(net))
    for other in (loaded, copied):
        assert np.array_equal(other.transform(X), codes)


def test_what_has_no_code_is_refused() -> None:
    with pytest.raises(UsageError, match="has no code"):
        CodeTransformer("gan").fit(np.zeros((20, 3)))
    with pytest.raises(UsageError, match="not 3 numbers a row"):
        CodeTransformer(shape=(8, 8)).fit(np.zeros((20, 3)))
