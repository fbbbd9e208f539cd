"""Strings as numbers and back, how they are read, the 6-gram's arithmetic, and the coder's exactness."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from amalgan.config.data import DataConfig
from amalgan.config.parts import Networks
from amalgan.core.errors import BitstreamError, DataError
from amalgan.core.randomness import build_seeded
from amalgan.core.types import DataSpec
from amalgan.data import open_data, to_pixels
from amalgan.data.readers import grammars
from amalgan.kinds import kind_named
from amalgan.kinds.text.coding import of_writer
from amalgan.kinds.text.grams import LetterGrams
from amalgan.kinds.text.letters import facts_of, points_of, texts_of, to_ids, to_points
from amalgan.kinds.text.networks import Hidden, StringEncoder, Writer

WORDS = ["abba", "cab", "a", "bacca", "abc" * 5]
TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=128)
SMALL = Networks(width=4, hidden=16)


def spec_of(texts: list[str]) -> DataSpec:
    return DataSpec(kind="text", shape=(128,), facts=facts_of([points_of(texts)]))


SPEC = spec_of(WORDS)


def writer() -> Writer:
    return build_seeded(lambda: Writer(SMALL, SPEC, 6), 0).eval()


@given(st.lists(TEXT, min_size=1, max_size=5))
def test_strings_come_back_from_numbers(texts: list[str]) -> None:
    x = to_ids(points_of(texts), SPEC)
    assert x.dtype == torch.float32 and texts_of(to_points(x, SPEC)).tolist() == texts


def test_facts_say_the_vocabulary() -> None:
    assert SPEC.facts == {"letters": "abc", "longest": 15, "mean_length": 5.6}
    assert to_ids(points_of(["abz"]), SPEC)[0, :4].tolist() == [1, 2, 4 + ord("z"), 0]


def test_what_is_hidden_cannot_be_seen() -> None:
    x, code = to_ids(points_of(WORDS), SPEC), torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
    net, none = writer(), torch.zeros(5, dtype=torch.bool)
    whole = torch.ones(5, net.steps, dtype=torch.bool)
    told = net.logits(code, x, Hidden(whole, none))
    other = net.logits(code, x.roll(1, 0), Hidden(whole, none))
    assert torch.allclose(told[:, 0], other[:, 0])  # lengths differ behind the first place
    unseen = net.logits(code, x, Hidden(~whole, ~none))
    assert torch.allclose(unseen, net.logits(torch.zeros_like(code), x), atol=1e-6)
    assert not torch.allclose(unseen[:, 0], net.logits(code, x)[:, 0], atol=1e-3)


def test_surprise_is_that_of_the_letters() -> None:
    net, x, code = writer(), to_ids(points_of(["ab"]), SPEC), torch.ones(1, 6)
    found = net.surprise(code, x)[0]
    log_p = net.logits(code, x).log_softmax(2)[0]
    expected = [-log_p[at, letter].item() for at, letter in enumerate([1, 2, 0])]
    assert found[:3].tolist() == pytest.approx(expected, abs=1e-5) and not found[3:].any()


def test_writing_takes_the_likeliest_letters() -> None:
    net, code = writer(), torch.randn(7, 6, generator=torch.Generator().manual_seed(1))
    written = net.write(code)
    logits = net.logits(code, written)
    for row, length in enumerate((written > 0).sum(1).tolist()):
        until = min(length + 1, net.steps)
        assert torch.equal(logits[row, :until].argmax(1).float(), written[row, :until])


def test_codes_have_the_size_that_noise_is_measured_by() -> None:
    code = StringEncoder(SMALL, SPEC, 6, unit=True)(to_ids(points_of(WORDS), SPEC))
    assert code.square().mean(1).tolist() == pytest.approx([1.0] * 5, abs=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=4), st.integers(0, 3))
def test_the_coder_loses_nothing(texts: list[str], word: int) -> None:
    coder = of_writer(writer(), torch.randn(3, 6, generator=torch.Generator().manual_seed(2)))
    ids = to_ids(points_of(texts), SPEC).long().numpy()
    packed = coder.pack_all(ids, np.full(len(texts), word))
    assert (coder.read_all(packed) == ids).all()
    assert coder.pack_all(ids[:1], np.full(1, word)) == packed[:1]  # alone or among others


def test_the_coder_says_what_is_damaged() -> None:
    coder = of_writer(writer(), torch.zeros(0, 6))
    with pytest.raises(BitstreamError, match="damaged"):
        coder.read_all([b"\xff" * 40 + b"\0"])


def test_few_bits_are_few_bytes() -> None:
    net = writer()
    coder, x = of_writer(net, torch.zeros(0, 6)), to_ids(points_of(WORDS), SPEC)
    bits = net.surprise(torch.zeros(5, 6), x).sum(1) / math.log(2)
    sizes = [len(one) for one in coder.pack_all(x.long().numpy(), np.zeros(5, np.int64))]
    assert all(size <= math.ceil(bit / 8) + 1 for size, bit in zip(sizes, bits.tolist(), strict=True))


def test_the_6_gram_is_that_of_witten_and_bell() -> None:
    grams = LetterGrams(["aab", "ab"], order=2)
    once = {"a": 3, "b": 2, "\0": 2}
    flat = {letter: (count + 3 / 4) / (7 + 3) for letter, count in once.items()}
    assert grams.probability("a", "b") == pytest.approx((2 + 2 * flat["b"]) / (3 + 2))
    assert sum(grams.probability("a", one) for one in once) == pytest.approx(1 - 2 / 5 * 3 / 40)
    assert set(grams.generate(200)) >= {"ab", "aab"}
    assert grams.perplexity(["ab"]) == pytest.approx(2 ** (grams.bits("ab") / 3))


def test_tables_are_read_by_column(tmp_path: Path) -> None:
    rows = "\n".join(f"{row},C{row},k{row % 2}" for row in range(40))
    (tmp_path / "x.csv").write_text(f"size,smiles,label\n{rows}\n9,,k0\n")
    found = open_data(tmp_path / "x.csv", DataConfig(kind="text", cache=str(tmp_path / "cache")))
    texts = to_pixels(found.records.take(slice(None)), found.spec).tolist()
    assert texts[:2] == ["C0", "C1"] and len(texts) == 40 and found.spec.classes == ("k0", "k1")
    wrong = DataConfig(kind="text", text_column="name", cache=str(tmp_path / "cache"))
    with pytest.raises(DataError, match="no column 'name'"):
        open_data(tmp_path / "x.csv", wrong)


def test_parquet_is_read_by_column(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {"text": [f"line {row}" for row in range(20)], "class": ["a", "b"] * 10}
    parquet.write_table(arrow.table(columns), tmp_path / "x.parquet")
    found = open_data(tmp_path / "x.parquet", DataConfig(kind="text", cache=str(tmp_path / "cache")))
    assert len(found.records) == 20 and found.spec.classes == ("a", "b")


def test_what_is_cut_and_changed_is_said(tmp_path: Path) -> None:
    lines = [f"line\t{row}" for row in range(20)] + ["", "long" * 40]
    (tmp_path / "x.txt").write_bytes("\n".join(lines).encode() + b"\n\xe9t\xe9\n")
    found = open_data(tmp_path / "x.txt", DataConfig(cache=str(tmp_path / "cache")))
    texts = to_pixels(found.records.take(slice(None)), found.spec).tolist()
    assert texts[0] == "line 0" and texts[20] == "long" * 32 and texts[21] == "été"
    assert any("longer than 128 letters" in warning for warning in found.inspection.warnings)


def test_made_strings_are_what_they_say() -> None:
    made = grammars.formulas()
    assert len(made) == len({text for text, _ in made}) == grammars.COUNT
    assert all(
        eval(text, {"x": 1.5, "y": 2.5, "z": 3.5}) is not None for text, _ in made[:50] if "/" not in text
    )
    assert {event for _, event in grammars.logs()} == set(grammars.EVENTS)


def test_wrong_letters_are_counted_in_shares() -> None:
    kind = kind_named("text")
    real, made = to_ids(points_of(["abba", "cab"]), SPEC), to_ids(points_of(["abbc", "cab"]), SPEC)
    assert kind.apart(made, real).square().mean(1).tolist() == pytest.approx([1 / 5, 0.0])
    assert [one.measure(made, real).tolist() for one in kind.likenesses()] == [[0.0, 1.0]]
