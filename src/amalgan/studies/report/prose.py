"""What the numbers of one model say, in plain words, each with the number it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from amalgan.studies.report.numbers import number, percent

Metrics = Mapping[str, float | None]

ALIKE = 0.02
"""Shares that differ by less are called alike."""
SUSPICIOUS = 0.01


def sentences(metrics: Metrics, noun: str) -> list[str]:
    """The summary of an evaluation; what was not measured is left out.

    Args:
        noun: what examples are called, in the plural.
    """
    known = {key: value for key, value in metrics.items() if value is not None}
    said = [sentence for write in SENTENCES for sentence in write(known, noun)]
    return said or [f"None of the measures applies to this model on these {noun}."]


def realism(known: Mapping[str, float], noun: str) -> Iterator[str]:
    """How far generated examples are from real ones."""
    if "frechet_distance" not in known:
        return
    reached, floor = known["frechet_distance"], known.get("frechet_floor")
    beside = ""
    if floor is not None:
        so = "no farther than" if reached <= floor else "farther than"
        beside = f", {so} real training {noun} ({number(floor)}, about the best there is)"
    yield f"New {noun} stand at a Fréchet distance of {number(reached)} from the test {noun}{beside}."
    if "precision" in known and "recall" in known:
        yield (
            f"{percent(known['precision'])} of them lie among real ones (precision), and {percent(known['recall'])} "
            "of the real ones lie among them (recall)."
        )


def obedience(known: Mapping[str, float], noun: str) -> Iterator[str]:
    """Whether the class asked for is the class made."""
    if "label_agreement" in known:
        real = known.get("label_agreement_real")
        beside = "" if real is None else f"; of real test {noun}, {percent(real)}"
        yield f"Asked for a class, {percent(known['label_agreement'])} of new {noun} are recognized as it{beside}."


def novelty(known: Mapping[str, float], noun: str) -> Iterator[str]:
    """Whether it repeats what it was trained on."""
    if not {"copies", "copies_baseline", "copies_p_value"} <= known.keys():
        return
    shares = (
        f"{percent(known['copies'])} of the new ones lie suspiciously near to one, against "
        f"{percent(known['copies_baseline'])} of unseen real ones"
    )
    if known["copies_p_value"] < SUSPICIOUS:
        yield f"It repeats training {noun}: {shares}. Do not use it where the training data must stay private."
    else:
        yield f"No sign that it repeats training {noun}: {shares}."


def closeness(known: Mapping[str, float], noun: str) -> Iterator[str]:
    """What reconstructions keep."""
    if "psnr" in known:
        yield f"Reconstructions x′ of test {noun} reach {number(known['psnr'])} dB."
    elif "squared_error" in known:
        share = known["squared_error"]
        yield f"Reconstructions x′ of test {noun} miss {percent(share)} of the variance."
    if "psnr" in known and "psnr_realistic" in known:
        yield from two_decoders(known)


def two_decoders(known: Mapping[str, float]) -> Iterator[str]:
    """What the realistic decode costs, and gives."""
    lost = known["psnr"] - known["psnr_realistic"]
    real = [known.get(f"frechet_distance_reconstruction{suffix}") for suffix in ("_realistic", "")]
    if real[0] is None or real[1] is None:
        return
    cost = f"gives up {lost:.2f} dB" if lost > 0 else f"is {-lost:.2f} dB nearer to the original"
    gain = "looks more real" if real[0] < real[1] else "looks no more real"
    yield (
        f"The realistic decode x″ {cost} and {gain}: its Fréchet distance is {number(real[0])}, that of x′ "
        f"{number(real[1])}."
    )


def meaning(known: Mapping[str, float], noun: str) -> Iterator[str]:
    """What codes know of the classes."""
    if "linear_probe" not in known:
        return
    told, base = known["linear_probe"], known.get("linear_probe_components")
    beside = "" if base is None else f"; as many principal components name {percent(base)}"
    yield f"From its code, a linear classifier names the class of {percent(told)} of test {noun}{beside}."
    if base is not None and told < base - ALIKE:
        yield "For classification these codes are no gain: principal components do better."


SENTENCES: tuple[Callable[[Mapping[str, float], str], Iterator[str]], ...] = (
    realism,
    obedience,
    novelty,
    closeness,
    meaning,
)
