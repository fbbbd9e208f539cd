"""What a direction changes, in words: true of decodes, and silent where nothing stands out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from amalgan.data import Dataset
from amalgan.studies.page.changes import LOOKED_AT, STEPS, Ends, ends_of, gained, quantities, words_of
from amalgan.studies.page.codes import collect_codes, directions
from amalgan.systems.model_file import Model
from amalgan.tasks.explore.directions import class_means, decoded, encode_all, principal


def colored(red: float, green: float, blue: float) -> Tensor:
    """Images that differ a little in brightness alone."""
    return torch.tensor([red, green, blue])[None, :, None, None] + torch.linspace(-0.1, 0.1, 16).reshape(
        16, 1, 1, 1
    ).expand(16, 3, 4, 4)


def test_a_gain_in_brightness_is_called_so_at_both_ends() -> None:
    dark, bright, among = (quantities(colored(*(one,) * 3)) for one in (-0.5, 0.5, 0.0))
    assert words_of(dark, bright, among) == Ends(behind="darker", ahead="brighter")
    assert words_of(bright, dark, among) == Ends(behind="brighter", ahead="darker")
    assert str(words_of(among, among, among)) == ""


def test_both_ends_are_said_or_the_one_that_has_words() -> None:
    found = [
        str(Ends(behind=behind, ahead=ahead))
        for behind, ahead in (("a", "b"), ("a", ""), ("", "b"), ("", ""))
    ]
    assert found == ["a ↔ b", "away from a", "toward b", ""]


def test_colors_and_places_are_measured() -> None:
    assert torch.allclose(
        quantities(colored(0.5, 0, -0.25))["warmth"], torch.tensor(0.75, dtype=torch.float64)
    )
    right = torch.zeros(1, 1, 3, 3)
    right[..., 2] = 1
    found = quantities(right)
    assert float(found["right"]) == pytest.approx(1 / 3) and float(found["bottom"]) == pytest.approx(0)
    assert float(found["contrast"]) == pytest.approx(float(right.std(correction=0))) and "warmth" not in found


def test_a_class_is_named_if_there_is_a_fifth_more_of_it() -> None:
    before, names = torch.tensor([0] * 10), ("cat", "dog")
    assert gained(before, torch.tensor([0] * 8 + [1] * 2), names) == "dog"
    assert gained(before, torch.tensor([0] * 9 + [1]), names) == ""


def test_words_are_true_of_a_trained_model(digits: tuple[Model, Dataset]) -> None:
    model, data = digits
    found = collect_codes(model, data)
    assert found is not None
    code, label = found
    means = class_means(code, label)
    assert means is not None
    named = 0
    for one in principal(code, 8):
        ends = ends_of(model, one, code, means)
        some = code[:: len(code) // LOOKED_AT][:LOOKED_AT]
        for words, sign in ((ends.behind, -1), (ends.ahead, 1)):
            moved, still = decoded(model, some + sign * STEPS * one.step), decoded(model, some)
            for word in filter(None, words.split(", ")):
                named += 1
                if word in model.spec.classes:
                    number = model.spec.classes.index(word)
                    counts = [(means.nearest(encode_all(model, x)) == number).sum() for x in (moved, still)]
                    assert counts[0] > counts[1]
                if word in ("brighter", "darker"):
                    assert (float(moved.mean() - still.mean()) > 0) == (word == "brighter")
    assert named >= 4
    notes = [one["note"] for one in directions(model, code, label) if one["group"] == "What varies most"]
    assert sum(" · " in note for note in notes) >= 2 and all("of the variance" in note for note in notes)
