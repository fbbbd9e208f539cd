"""What is measured in every cell: a catalog of measures, in groups that each know how to judge.

    GROUPS ─► judge(model or outside examples, trial) ─► scores        reference(trial) ─► scores shared by all cells
          └─► measures: key, title, unit, which way is better, group, headline

Another task joins a comparison by one more entry in ``GROUPS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from amalgan.evaluation.evaluate import all_scores
from amalgan.evaluation.scores.additions import addition_scores, outside_additions
from amalgan.evaluation.scores.generation import outside_scores
from amalgan.evaluation.scores.score import Outside, Score, Trial
from amalgan.evaluation.scores.sets import outside_set_scores
from amalgan.evaluation.scores.utility import outside_utility, real_utility, utility_scores
from amalgan.evaluation.scores.variety import outside_variety, variety_scores
from amalgan.kinds.registry import all_kinds
from amalgan.systems.model_file import Model

Subject = Model | Outside


@dataclass(frozen=True)
class Measure:
    """One column of a comparison."""

    key: str
    title: str
    unit: str
    higher_is_better: bool | None
    """None where it says something, but nothing good or bad."""
    group: str
    headline: bool = False
    """Headline measures are compared and tested; their number decides the correction."""


def nothing(trial: Trial) -> Iterable[Score]:
    """No scores."""
    return ()


@dataclass(frozen=True)
class MeasureGroup:
    """Measures that come from one way of judging."""

    measures: tuple[Measure, ...]
    judge: Callable[[Subject, Trial], Iterable[Score]]
    """The scores of a model or of outside examples; none where it does not apply."""
    reference: Callable[[Trial], Iterable[Score]] = nothing
    """Scores that depend on the data alone, taken once and shown in every row."""


def either(
    of_model: Callable[[Model, Trial], Iterable[Score]],
    of_outside: Callable[[Outside, Trial], Iterable[Score]],
) -> Callable[[Subject, Trial], Iterable[Score]]:
    """Judge a model in one way, outside examples in another."""
    return lambda subject, trial: (
        of_outside(subject, trial) if isinstance(subject, Outside) else of_model(subject, trial)
    )


def outside_everything(outside: Outside, trial: Trial) -> Iterator[Score]:
    """What ``all_scores`` gives that applies to examples made elsewhere."""
    yield from outside_scores(outside, trial)
    yield from outside_set_scores(outside, trial)


EVALUATION = MeasureGroup(
    (
        Measure("frechet_distance", "Fréchet distance", "", False, "generation", headline=True),
        Measure("kernel_distance", "Kernel distance", "", False, "generation"),
        Measure("frechet_floor", "Fréchet distance of real examples", "", None, "generation"),
        Measure("outer_distance", "ImageNet kernel distance", "‰", False, "generation"),
        Measure("outer_distance_faithful", "ImageNet kernel distance, decoder x′", "‰", False, "generation"),
        Measure("outer_floor", "ImageNet kernel distance of real examples", "‰", None, "generation"),
        Measure("precision", "Precision", "share", True, "generation"),
        Measure("recall", "Recall", "share", True, "generation"),
        Measure("density", "Density", "", True, "generation"),
        Measure("coverage", "Coverage", "share", True, "generation"),
        Measure("frechet_distance_faithful", "Fréchet distance, decoder x′", "", False, "generation"),
        Measure("label_agreement", "Label agreement", "share", True, "generation"),
        Measure("label_agreement_real", "Label agreement of real examples", "share", None, "generation"),
        Measure("modes", "Modes found", "", True, "novelty"),
        Measure("modes_real", "Modes found in real examples", "", None, "novelty"),
        Measure("mode_divergence", "Divergence of modes", "nats", False, "novelty"),
        Measure("mode_divergence_real", "Divergence of modes of real examples", "nats", None, "novelty"),
        Measure("near_modes", "Examples near a mode", "share", True, "novelty"),
        Measure("near_modes_real", "Real examples near a mode", "share", None, "novelty"),
        Measure("copies", "Copies of training examples", "share", False, "novelty"),
        Measure("copies_baseline", "Copies among new real examples", "share", None, "novelty"),
        Measure("copies_p_value", "Chance of so many copies", "p", None, "novelty"),
        Measure("critic_overfit", "Overfitting of the critic", "share", None, "novelty"),
        Measure("psnr", "PSNR of x′", "dB", True, "reconstruction", headline=True),
        Measure("psnr_pca", "PSNR of principal components", "dB", None, "reconstruction"),
        Measure("psnr_mean", "PSNR of the mean picture", "dB", None, "reconstruction"),
        Measure("psnr_cost", "PSNR that realism costs", "dB", False, "reconstruction"),
        Measure("realism_gain", "Distance that realism gains", "", True, "reconstruction"),
        Measure("ssim", "SSIM of x′", "", True, "reconstruction"),
        Measure("squared_error", "Squared error of x′", "", False, "reconstruction", headline=True),
        Measure("r_squared", "R² of x′", "share", True, "reconstruction"),
        Measure("frechet_distance_reconstruction", "Fréchet distance of x′", "", False, "reconstruction"),
        Measure("psnr_realistic", "PSNR of x″", "dB", True, "reconstruction"),
        Measure("ssim_realistic", "SSIM of x″", "", True, "reconstruction"),
        Measure("squared_error_realistic", "Squared error of x″", "", False, "reconstruction"),
        Measure("r_squared_realistic", "R² of x″", "share", True, "reconstruction"),
        Measure(
            "frechet_distance_reconstruction_realistic", "Fréchet distance of x″", "", False, "reconstruction"
        ),
        Measure(
            "outer_distance_reconstruction", "ImageNet kernel distance of x′", "‰", False, "reconstruction"
        ),
        Measure(
            "outer_distance_reconstruction_realistic",
            "ImageNet kernel distance of x″",
            "‰",
            False,
            "reconstruction",
        ),
        Measure("spread", "Spread of x″", "", None, "reconstruction"),
        Measure("denoising_gain", "Denoising gain", "dB", True, "reconstruction"),
        Measure("linear_probe", "Linear probe of codes", "share", True, "codes", headline=True),
        Measure("knn_accuracy", "Nearest neighbors of codes", "share", True, "codes"),
        Measure("linear_probe_components", "Linear probe of components", "share", None, "codes"),
        Measure("knn_accuracy_components", "Nearest neighbors of components", "share", None, "codes"),
        Measure("bits_per_pixel", "Bits a pixel at equal PSNR", "bits", False, "codes"),
        Measure("bits", "Bits of a code", "bits", False, "codes"),
        Measure("bits_fixed", "Bits of a code without a prior", "bits", None, "codes"),
        Measure("classifier_accuracy", "Classifier accuracy", "share", True, "classes", headline=True),
        Measure("classifier_log_loss", "Log loss of the classifier", "nats", False, "classes"),
        Measure("classifier_calibration_error", "Calibration error of the classifier", "", False, "classes"),
        Measure("anomaly_auroc", "AUROC of spoiled examples", "", True, "anomalies"),
    ),
    either(all_scores, outside_everything),
)
VARIETY = MeasureGroup(
    (
        Measure("variety", "Variety", "of real", None, "novelty"),
        Measure("spacing", "Spacing", "of real", None, "novelty"),
    ),
    either(variety_scores, outside_variety),
)
UTILITY = MeasureGroup(
    (
        Measure(
            "accuracy_from_samples", "Accuracy, trained on samples", "share", True, "utility", headline=True
        ),
        Measure("accuracy_from_real", "Accuracy, trained on real", "share", None, "utility"),
    ),
    either(utility_scores, outside_utility),
    real_utility,
)
ADDITIONS = MeasureGroup(
    (Measure("accuracy_gained", "Augmentation utility", "points", True, "utility"),),
    either(addition_scores, outside_additions),
)
GROUPS: tuple[MeasureGroup, ...] = (EVALUATION, VARIETY, UTILITY, ADDITIONS)

COSTS = (
    Measure("images_per_second", "Training speed", "images/CPU-s", True, "cost", headline=True),
    Measure(
        "images_per_device_second", "Training speed on the device", "images/s", True, "cost", headline=True
    ),
    Measure("cpu_seconds", "Training time", "CPU-s", False, "cost"),
    Measure("device_seconds", "Training time on the device", "s", False, "cost"),
    Measure("parameters_trained", "Parameters trained", "", None, "cost", headline=True),
    Measure("parameters_model", "Numbers in the model file", "", None, "cost"),
    Measure("flops_train", "Work of training, an image", "FLOP", False, "cost"),
    Measure("flops_generate", "Work to generate one", "FLOP", False, "cost"),
    Measure("flops_encode", "Work to encode one", "FLOP", False, "cost"),
    Measure("generate_1_ms", "Time to generate 1", "ms", False, "cost"),
    Measure("generate_64_ms", "Time to generate 64", "ms", False, "cost"),
    Measure("reconstruct_1_ms", "Time to reconstruct 1", "ms", False, "cost"),
    Measure("peak_memory_mib", "Peak memory of training", "MiB", False, "cost"),
    Measure("device_memory_mib", "Peak memory of training on the device", "MiB", False, "cost"),
)
"""What a model takes to be trained and used; measured by ``costs``, not by a judge."""

MEASURED_TIMES = frozenset(
    {
        "images_per_second",
        "images_per_device_second",
        "cpu_seconds",
        "device_seconds",
        "generate_1_ms",
        "generate_64_ms",
        "reconstruct_1_ms",
        "peak_memory_mib",
        "device_memory_mib",
    }
)
"""Keys of what no two runs agree on. Everything else in a report follows from its plan."""


def catalog() -> Iterator[Measure]:
    """Every measure there is."""
    found = [*chain(*(group.measures for group in GROUPS), COSTS)]
    known = {measure.key for measure in found}
    return chain(found, (measure for measure in of_kinds() if measure.key not in known))


def of_kinds() -> Iterator[Measure]:
    """What only some kinds of data have."""
    for alike in chain(*(kind.likenesses() for kind in all_kinds())):
        for suffix, decoder in (("", "x′"), ("_realistic", "x″")):
            title = f"{alike.title} of {decoder}"
            yield Measure(f"{alike.key}{suffix}", title, alike.unit, alike.higher_is_better, "reconstruction")
    for one in chain(*(kind.set_measures() for kind in all_kinds())):
        yield Measure(one.key, one.title, one.unit, one.higher_is_better, "generation")


def score_subject(subject: Subject, trial: Trial) -> list[Score]:
    """Every score that applies to ``subject``."""
    return [score for group in GROUPS for score in group.judge(subject, trial)]


def references(trial: Trial) -> list[Score]:
    """Every score that depends on the data alone."""
    return [score for group in GROUPS for score in group.reference(trial)]
