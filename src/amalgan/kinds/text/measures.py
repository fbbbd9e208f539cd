"""What can be said of a set of new strings, beside that of a 6-gram of letters, which is always measured too.

    new strings ──────────┐
    as many of a 6-gram ──┼─► unique, new, valid, perplexity both ways
    held-out strings ─────┘   (perplexity: what the 6-gram of the one side makes of the other)

Perplexity of the new strings under a 6-gram of training strings says whether each looks right; that of held-out strings
under a 6-gram of the new ones says whether nothing is missing (reverse perplexity, Zhao et al. 2018, arXiv:1706.04223).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from amalgan.core.types import DataSpec
from amalgan.kinds.measures import SetMeasure
from amalgan.kinds.text.grams import LetterGrams
from amalgan.kinds.text.judge import NAME, LetterRuns
from amalgan.kinds.text.letters import points_of, to_ids
from amalgan.metrics.distribution import Moments, frechet_distance

Valid = Callable[[Sequence[str]], Sequence[bool]]
GRAMS = "_6gram"
"""What is added to the key of a measure of the 6-gram's strings."""
OWN = {
    "unique": ("Different strings", True, "share of {n} {what} strings that are different"),
    "new": ("New strings", True, "share of the different {valid}{what} strings that are no training string"),
    "valid": ("Valid strings", True, "share of {n} {what} strings that the command of --valid calls valid"),
    "perplexity": (
        "Perplexity of strings",
        False,
        "perplexity, letters between which a 6-gram of the training strings is undecided, over {n} {what} strings",
    ),
    "reverse_perplexity": (
        "Reverse perplexity",
        False,
        "perplexity of the held-out strings, under a 6-gram of {n} {what} strings",
    ),
}
MEASURES = (
    *(SetMeasure(key, title, higher) for key, (title, higher, _) in OWN.items()),
    *(SetMeasure(f"{key}{GRAMS}", f"{title} of a 6-gram", None) for key, (title, _, _) in OWN.items()),
    SetMeasure("perplexity_real", "Perplexity of real strings", None),
    SetMeasure(f"frechet_distance{GRAMS}", "Fréchet distance of a 6-gram", None),
)


def compute_measures(
    made: Sequence[str],
    train: Sequence[str],
    test: Sequence[str],
    *,
    spec: DataSpec,
    valid: Valid | None,
    seed: int,
) -> Iterator[tuple[str, float, str]]:
    """Yield key, value and full name of each measure, of ``made`` and of as many strings of a 6-gram."""
    grams = LetterGrams(train)
    rival = grams.generate(len(made), seed)
    for suffix, what, strings in (("", "new", made), (GRAMS, "6-gram's", rival)):
        for key, value in scores_of(strings, grams, train, test, valid):
            said = OWN[key][2].format(n=len(strings), what=what, valid="valid " if valid else "")
            yield f"{key}{suffix}", value, said
    name = f"perplexity, the same over {len(test)} held-out strings"
    yield "perplexity_real", grams.perplexity(test), name
    name = f"Fréchet distance of {len(rival)} 6-gram's strings against {len(test)} held-out ones, features {NAME}"
    yield f"frechet_distance{GRAMS}", frechet(rival, test, spec), name


def frechet(made: Sequence[str], real: Sequence[str], spec: DataSpec) -> float:
    """The Fréchet distance of two sets of strings in the kind's judge."""
    look = LetterRuns()
    moments = [Moments.of(look(to_ids(points_of(side), spec)).double()) for side in (made, real)]
    return frechet_distance(*moments)


def scores_of(
    strings: Sequence[str], grams: LetterGrams, train: Sequence[str], test: Sequence[str], valid: Valid | None
) -> Iterator[tuple[str, float]]:
    """Key and value of each measure of one set; an empty string is neither valid nor new."""
    count = max(1, len(strings))
    fine = [text for text in strings if text]
    if valid is not None:
        fine = [text for text, good in zip(fine, valid(fine), strict=True) if good]
        yield "valid", len(fine) / count
    yield "unique", len(set(strings)) / count
    known = set(train)
    yield "new", len(set(fine) - known) / max(1, len(set(fine)))
    yield "perplexity", grams.perplexity(strings)
    yield "reverse_perplexity", LetterGrams(strings).perplexity(test)
