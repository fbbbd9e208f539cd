"""Wrong use of the Python door is answered by a sentence, whatever the argument and the method."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

import amalgan as ag
from amalgan.core.arguments import check_arguments, fits, hints_of
from amalgan.core.errors import AmalganError, UsageError


@check_arguments
def everything(
    count: int, *, rate: float = 1.0, name: str | None = None, on: bool = False, kind: Literal["a", "b"] = "a"
) -> tuple[Any, ...]:
    return count, rate, name, on, kind


@pytest.mark.parametrize(
    ("words", "named", "message"),
    [
        ((3.0,), {}, "count is float 3.0; expected a whole number"),
        ((True,), {}, "count is bool True; expected a whole number"),
        (("3",), {}, "count is '3'; expected a whole number"),
        ((None,), {}, "count is NoneType None; expected a whole number"),
        ((3,), {"rate": "much"}, "rate is 'much'; expected a number"),
        ((3,), {"rate": float("nan")}, "rate is float nan; expected a number"),
        ((3,), {"name": 7}, "name is int 7; expected text or None"),
        ((3,), {"on": 1}, "on is int 1; expected True or False"),
        ((3,), {"kind": 1}, "kind is int 1; expected 'a' or 'b'"),
        ((), {}, "missing a required argument"),
        ((3,), {"more": 1}, "unexpected keyword argument 'more'"),
    ],
)
def test_what_does_not_fit_is_refused(words: Any, named: Any, message: str) -> None:
    with pytest.raises(UsageError, match=f"everything: .*{message}"):
        everything(*words, **named)


def test_what_fits_goes_through() -> None:
    assert everything(np.int64(3), rate=1, name="x", on=np.bool_(True)) == (3, 1, "x", True, "a")
    assert everything(3, rate=np.float32(0.5), kind="b")[1] == 0.5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ag.Model:
    place = tmp_path_factory.mktemp("arguments")
    x = (np.random.default_rng(0).random((64, 8, 8)) * 255).astype("u1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(place))
        return ag.train("autoencoder", x, images=64, quiet=True)


ODD: tuple[Any, ...] = (None, 3.5, -1, 10**30, "x", b"x", Path("a.png"), object(), [], [None], {}, math.nan)


def calls() -> list[tuple[str, str]]:
    """Every argument of every public method that does not train or write a page."""
    found = []
    for name in ("generate", "reconstruct", "restore", "walk", "encode", "decode", "compress", "decompress"):
        keys = [key for key in inspect.signature(getattr(ag.Model, name)).parameters if key != "self"]
        found += [(name, key) for key in keys]
    return found


@pytest.mark.parametrize(("name", "key"), calls())
def test_no_odd_argument_ends_in_a_raw_error(name: str, key: str, model: ag.Model) -> None:
    method: Callable[..., Any] = getattr(model, name)
    x = np.zeros((1, 8, 8), np.uint8)
    sound: dict[str, Any] = {"count": 1, "x": x, "code": model.encode(x), "frames": 3, "picture": x[0]}
    sound |= {"task": "denoise", "data": model.compress(x) if name == "decompress" else b""}
    known = inspect.signature(method).parameters
    for value in ODD:
        given = {word: thing for word, thing in sound.items() if word in known} | {key: value}
        if name == "generate" and key == "count" and isinstance(value, int) and value > 10**6:
            continue  # as many as were asked for
        try:
            method(**given)
        except AmalganError:
            continue


def test_every_public_method_is_checked() -> None:
    for name, method in inspect.getmembers(ag.Model, inspect.isfunction):
        assert name.startswith("_") or hasattr(method, "__wrapped__"), name


def test_hints_of_other_kinds_are_left_to_their_readers() -> None:
    assert fits(object(), np.ndarray) and set(hints_of(everything)) == {"count", "rate", "name", "on", "kind"}


def test_codes_that_are_not_finite_are_warned_of(model: ag.Model) -> None:
    code = np.stack([model.encode(np.zeros((8, 8), np.uint8))[0]] * 3)
    code[1, 0] = np.nan
    with pytest.warns(RuntimeWarning, match="1 of 3 codes hold numbers that are not finite"):
        assert model.decode(code).shape == (3, 8, 8)
