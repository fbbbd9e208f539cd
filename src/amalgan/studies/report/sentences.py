"""What the numbers of one model say, in plain words, each with the number it rests on.

From fewer than 200 examples nothing is said without its interval, and what has none is not said at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from amalgan.evaluation.evaluate import Evaluation
from amalgan.metrics.statistics import FEW
from amalgan.studies.html.numbers import number, percent

ALIKE = 0.02
"""Shares that differ by less are called alike."""
SUSPICIOUS = 0.01


def between(interval: tuple[float, float], write: Callable[[float], str]) -> str:
    """An interval in words."""
    return f"95 % interval {write(interval[0])} to {write(interval[1])}"


def surely(
    value: float, interval: tuple[float, float] | None, n: int, write: Callable[[float], str] = number
) -> str:
    """A number of ``n`` examples in words; its interval goes with it where they are few."""
    if n >= FEW or interval is None:
        return write(value)
    within = interval[0] <= value <= interval[1]
    more = "" if within else ", without the share that few examples add"
    return f"{write(value)} ({between(interval, write)}{more})"


@dataclass(frozen=True)
class Known:
    """What may be said of an evaluation."""

    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    n: int
    noun: str
    """What examples are called, in the plural."""

    @classmethod
    def of(cls, found: Evaluation, noun: str) -> Known:
        """Everything that was measured, and has an interval where examples are few."""
        sure = {
            key: value
            for key, value in found.metrics.items()
            if value is not None and (found.n >= FEW or key in found.intervals or key in CERTAIN)
        }
        return cls(sure, found.intervals, found.n, noun)

    def has(self, *keys: str) -> bool:
        """Whether all of those may be said."""
        return set(keys) <= self.metrics.keys()

    def say(self, key: str, write: Callable[[float], str] = number) -> str:
        """One number in words."""
        return surely(self.metrics[key], self.intervals.get(key), self.n, write)


CERTAIN = {"copies_p_value"}
"""What accounts for chance by itself."""


def sentences(found: Evaluation, noun: str) -> list[str]:
    """The summary of an evaluation; what was not measured is left out.

    Args:
        noun: what examples are called, in the plural.
    """
    known = Known.of(found, noun)
    said = [sentence for write in SENTENCES for sentence in write(known)]
    return said or [f"None of the measures applies to this model on these {noun}."]


def realism(known: Known) -> Iterator[str]:
    """How far generated examples are from real ones."""
    noun = known.noun
    if known.has("frechet_distance"):
        beside = ""
        if known.has("frechet_floor"):
            no_farther = known.metrics["frechet_distance"] <= known.metrics["frechet_floor"]
            so = "no farther than" if no_farther else "farther than"
            beside = f", {so} real training {noun} ({known.say('frechet_floor')}, about the best there is)"
        yield (
            f"New {noun} stand at a Fréchet distance of {known.say('frechet_distance')} from the test {noun}{beside}."
        )
    if known.has("precision"):
        yield f"{known.say('precision', percent)} of them lie among real ones (precision)."
    if known.has("recall"):
        yield f"{known.say('recall', percent)} of the real ones lie among them (recall)."


def obedience(known: Known) -> Iterator[str]:
    """Whether the class asked for is the class made."""
    if known.has("label_agreement"):
        real = "label_agreement_real"
        beside = f"; of real test {known.noun}, {known.say(real, percent)}" if known.has(real) else ""
        obeyed = known.say("label_agreement", percent)
        yield f"Asked for a class, {obeyed} of new {known.noun} are recognized as it{beside}."


def novelty(known: Known) -> Iterator[str]:
    """Whether it repeats what it was trained on."""
    if not known.has("copies", "copies_baseline", "copies_p_value"):
        return
    shares = (
        f"{known.say('copies', percent)} of the new ones lie suspiciously near to one, against "
        f"{known.say('copies_baseline', percent)} of unseen real ones"
    )
    if known.metrics["copies_p_value"] < SUSPICIOUS:
        yield (
            f"It repeats training {known.noun}: {shares}. Do not use it where the training data must stay private."
        )
    else:
        yield f"No sign that it repeats training {known.noun}: {shares}."


def closeness(known: Known) -> Iterator[str]:
    """What reconstructions keep."""
    if known.has("psnr"):
        yield f"Reconstructions x′ of test {known.noun} reach {known.say('psnr')} dB."
        yield from baselines(known)
    elif known.has("squared_error"):
        missed = known.say("squared_error", percent)
        yield f"Reconstructions x′ of test {known.noun} miss {missed} of the variance."
    if known.has("psnr_cost", "realism_gain"):
        yield two_decoders(known)


def baselines(known: Known) -> Iterator[str]:
    """What the reconstructions do not beat."""
    psnr = known.metrics["psnr"]
    if known.has("psnr_mean") and psnr <= known.metrics["psnr_mean"]:
        yield (
            f"DO NOT USE THIS MODEL for reconstruction: the mean training picture alone reaches "
            f"{known.say('psnr_mean')} dB, so its code says nothing about a picture. Train longer."
        )
    elif known.has("psnr_pca") and psnr <= known.metrics["psnr_pca"]:
        yield (
            f"As many principal components as the code has entries reach {known.say('psnr_pca')} dB: for "
            "reconstruction this model is no gain. Train longer."
        )


def two_decoders(known: Known) -> str:
    """What the realistic decode costs, and gives."""
    lost, gained = known.metrics["psnr_cost"], known.intervals.get("realism_gain")
    by = surely(abs(lost), turned(known.intervals.get("psnr_cost"), lost), known.n, "{:.2f}".format)
    cost = f"gives up {by} dB" if lost > 0 else f"is {by} dB nearer to the original"
    difference = "the Fréchet distance of x′ less that of x″ is " + number(known.metrics["realism_gain"])
    if gained is None or gained[0] <= 0 <= gained[1]:
        so = "whether it looks more real is inconclusive"
    else:
        so = "it looks more real" if gained[0] > 0 else "it looks less real"
    within = f", {between(gained, number)}" if gained else ""
    return f"The realistic decode x″ {cost}, and {so}: {difference}{within}."


def turned(interval: tuple[float, float] | None, sign: float) -> tuple[float, float] | None:
    """The interval of the negative, where ``sign`` is not positive."""
    return interval if interval is None or sign > 0 else (-interval[1], -interval[0])


def meaning(known: Known) -> Iterator[str]:
    """What codes know of the classes."""
    if not known.has("linear_probe"):
        return
    base = known.metrics.get("linear_probe_components")
    beside = (
        ""
        if base is None
        else f"; as many principal components name {known.say('linear_probe_components', percent)}"
    )
    yield (
        f"From its code, a linear classifier names the class of {known.say('linear_probe', percent)} of test "
        f"{known.noun}{beside}."
    )
    if base is not None and known.metrics["linear_probe"] < base - ALIKE:
        yield "For classification these codes are no gain: principal components do better."


SENTENCES: tuple[Callable[[Known], Iterator[str]], ...] = (
    realism,
    obedience,
    novelty,
    closeness,
    meaning,
)
