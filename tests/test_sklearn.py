"""The estimators are like any other: checked by scikit-learn's own tests, in a pipeline, in a search."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import amalgan as ag
from amalgan.config.parts import Adam, Networks, Prior
from amalgan.config.systems import AutoencoderConfig, SupervisedConfig
from amalgan.core.errors import UsageError
from amalgan.sklearn import AmalganClassifier, AnomalyDetector, CodeTransformer

TINY = {"network": Networks(width=8, widest=16, hidden=8, layers=1), "prior": Prior(kind="gaussian")}
SMALL = AutoencoderConfig(code_size=2, **TINY)


QUICK = SupervisedConfig(code_size=8, optimizer=Adam(rate=0.03, warmup_rounds=2), **TINY)
ESTIMATORS = {
    "CodeTransformer": (CodeTransformer(images=64, settings=SMALL), 46),
    "AmalganClassifier": (AmalganClassifier(images=640, settings=QUICK), 55),
    "AnomalyDetector": (AnomalyDetector(images=320, settings=SMALL), 46),
}


@pytest.mark.filterwarnings("ignore:X has .* rows, of which")
@pytest.mark.parametrize("name", ESTIMATORS)
def test_scikit_learns_own_checks_pass(name: str) -> None:
    estimator, checks = ESTIMATORS[name]
    found = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(found) >= checks
    assert [one["check_name"] for one in found if one["status"] == "failed"] == []


def test_a_classifier_learns_and_keeps_names_of_classes() -> None:
    X, y = load_wine(return_X_y=True)
    names = np.array(["Barolo", "Grignolino", "Barbera"])[y]
    net = AmalganClassifier(images=10_000, code_size=8)
    assert cross_val_score(net, X, names, cv=2).mean() > 0.85
    found = net.fit(X, names)
    assert found.classes_.tolist() == ["Barbera", "Barolo", "Grignolino"]
    probable = found.predict_proba(X)
    assert np.allclose(probable.sum(1), 1) and (found.classes_[probable.argmax(1)] == found.predict(X)).all()
    copied: Any = pickle.loads(pickle.dumps(found))
    assert np.array_equal(copied.predict_proba(X), probable)


def test_a_classifier_of_more_than_ten_classes_keeps_them_apart() -> None:
    X = np.repeat(np.eye(12), 30, axis=0) * 5
    y = np.repeat(np.arange(12) * 7 - 20, 30)
    net = AmalganClassifier(images=20_000, code_size=12).fit(X, y)
    assert (net.predict(np.eye(12) * 5) == np.arange(12) * 7 - 20).all()


def test_a_classifier_takes_a_model_file_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    X, y = load_digits(return_X_y=True)
    shape = {"shape": (8, 8), "scale": (0, 16)}
    net = AmalganClassifier(images=640, settings=QUICK, **shape).fit(X, y)
    net.model_.save(tmp_path / "m.safetensors")
    again = AmalganClassifier(model=tmp_path / "m.safetensors", **shape).fit(X[:200], y[:200])
    assert np.array_equal(again.predict(X[:50]), net.predict(X[:50]))
    with pytest.raises(UsageError, match=r"class 'x' is none of the model's: 0, 1, 2"):
        AmalganClassifier(model=tmp_path / "m.safetensors", **shape).fit(X[:2], ["x", "y"])
    with pytest.raises(UsageError, match="tells no classes; take supervised"):
        AmalganClassifier("autoencoder").fit(X, y)


def around(count: int, seed: int, middle: float = 0.0) -> Any:
    """Rows near a plane in eight dimensions, or ``middle`` away from it."""
    random = np.random.default_rng(seed)
    plane = random.normal(size=(count, 2)) @ np.random.default_rng(0).normal(size=(2, 8))
    return plane + middle + random.normal(0, 0.1, (count, 8))


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3])
def test_alarms_are_false_as_often_as_was_asked_for(alpha: float) -> None:
    net = AnomalyDetector(alpha=alpha, images=4000, code_size=2).fit(around(1000, 1))
    false, spread = (
        (net.predict(around(2000, 2)) == -1).mean(),
        np.sqrt(alpha * (1 - alpha) * (1 / 200 + 1 / 2000)),
    )
    assert abs(false - alpha) < 4 * spread
    assert (net.predict(around(200, 3, middle=3)) == -1).mean() > 0.9


def test_a_score_orders_what_p_values_cannot_tell_apart() -> None:
    net = AnomalyDetector(images=2000, code_size=2).fit(around(400, 1))
    rows = np.concatenate([around(100, 2), around(100, 3, middle=3), around(100, 4, middle=9)])
    p, score = net.p_value(rows), net.score_samples(rows)
    step = 1 / (len(next(iter(net.normal_.values()))) + 1)
    assert ((p - score >= 0) & (p - score < step / 2)).all()
    assert ((p <= net.alpha) == (net.predict(rows) == -1)).all()
    assert len(np.unique(p[100:])) == 1 < len(np.unique(score[100:]))
    copied: Any = pickle.loads(pickle.dumps(net))
    assert np.array_equal(copied.score_samples(rows), score)


def test_too_few_rows_for_alpha_are_told_and_no_share_is_refused() -> None:
    with pytest.warns(UserWarning, match="no p-value is below 1 / 11, so alpha = 0.05 raises no alarm"):
        net = AnomalyDetector(images=64, settings=SMALL).fit(around(20, 1))
    assert (net.predict(around(50, 2, middle=9)) == 1).all()
    with pytest.raises(UsageError, match="alpha is 5; it is a share"):
        AnomalyDetector(alpha=5).fit(around(20, 1))


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


def test_the_page_on_scikit_learn_runs() -> None:
    page = (Path(__file__).parents[1] / "docs" / "sklearn.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    X, y = load_wine(return_X_y=True)
    told = {
        "X": X,
        "y": y,
        "ag": ag,
        "make_pipeline": make_pipeline,
        "LogisticRegression": LogisticRegression,
    }
    exec(code, told)
    assert told["probable"].shape == (178, 3) and len(told["alarms"]) == len(told["p"]) == 178
    assert set(np.unique(told["labels"], return_counts=True)[1]) == {71}


def test_the_page_tells_how_many_checks_there_are() -> None:
    page = (Path(__file__).parents[1] / "docs" / "sklearn.md").read_text()
    for name, (_, checks) in ESTIMATORS.items():
        assert f"| `{name}` | `sklearn.utils.estimator_checks` | {checks} |" in page
