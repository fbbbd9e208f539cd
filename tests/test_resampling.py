"""The sampler is one of imbalanced-learn's: checked by its own tests, in its pipeline, in what data came in."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from amalgan import Resampler
from amalgan.config.parts import Networks, Prior
from amalgan.config.systems import AutoencoderConfig
from amalgan.core.errors import TargetError, UsageError

TINY = AutoencoderConfig(
    code_size=2, network=Networks(width=8, widest=16, hidden=8, layers=1), prior=Prior(kind="gaussian")
)
SAMPLER = Resampler(images=320, settings=TINY)
X, Y = make_classification(300, n_classes=3, n_informative=4, weights=[0.2, 0.3, 0.5], random_state=0)


def test_imbalanced_learns_own_checks_pass() -> None:
    checks = pytest.importorskip("imblearn.utils.estimator_checks")
    found = list(checks.estimator_checks_generator(SAMPLER))
    names = [check.func.__name__ for _, check in found]
    assert len(names) >= 15 and "check_samplers_sparse" in names
    skipped = []
    for estimator, check in found:
        try:
            check(estimator)
        except Exception as error:
            assert type(error).__name__ == "SkipTest", f"{check.func.__name__}: {error}"
            skipped.append(check.func.__name__)
    assert all("pandas" in name for name in skipped)


def test_it_stands_in_a_pipeline_of_imbalanced_learn() -> None:
    pipeline = pytest.importorskip("imblearn.pipeline")
    line = pipeline.make_pipeline(SAMPLER, LogisticRegression())
    assert cross_val_score(line, X, Y, cv=3).mean() > 0.5


def test_what_is_lacking_is_told_before_anything_is_made() -> None:
    sizes = Counter(Y.tolist())
    wanted = {name: max(sizes.values()) - size for name, size in sizes.items() if size < max(sizes.values())}
    assert Resampler().fit(X, Y).sampling_strategy_ == wanted
    _, classes = SAMPLER.fit_resample(X, Y)
    assert set(Counter(classes.tolist()).values()) == {max(sizes.values())}


@pytest.mark.parametrize("kind", [list, csr_matrix, np.asarray])
def test_data_comes_back_as_what_it_came_in(kind: type) -> None:
    given = X.tolist() if kind is list else kind(X)
    more, _ = SAMPLER.fit_resample(given, Y)
    dense, _ = SAMPLER.fit_resample(X, Y)
    assert type(more) is type(given)
    assert np.array_equal(np.asarray(more.toarray() if kind is csr_matrix else more), dense)
    assert np.array_equal(dense[: len(X)], X)


def test_new_examples_of_a_class_are_like_it() -> None:
    rows = np.concatenate(
        [np.random.default_rng(0).normal(at, 0.3, (n, 5)) for at, n in ((-3, 20), (3, 200))]
    )
    classes = np.repeat(["few", "many"], [20, 200])
    more, names = Resampler(images=4000, settings=AutoencoderConfig(code_size=3)).fit_resample(rows, classes)
    made = more[220:]
    assert (names[220:] == "few").all() and len(made) == 180
    assert abs(made.mean() + 3) < 0.5 and np.abs(made + 3).max() < 3


@pytest.mark.parametrize("y", [np.zeros(20), np.linspace(0, 1, 20), np.ones((20, 3), int)])
def test_what_holds_no_classes_is_refused_as_scikit_learn_expects(y: np.ndarray) -> None:
    for error in (ValueError, TargetError, UsageError):
        with pytest.raises(error, match=r"class"):
            SAMPLER.fit_resample(X[:20], y)
