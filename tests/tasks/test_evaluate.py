"""An evaluation's numbers are what they are called, and models whose quality is known get it said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import r2_score
from torch import Tensor, nn

from amalgan.config.data import DataConfig
from amalgan.core.errors import UsageError
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import Draws
from amalgan.core.types import DataSpec
from amalgan.data import Dataset, Records, open_data, to_pixels
from amalgan.data.dataset.subsets import picked
from amalgan.data.decoding.pixels import delivered
from amalgan.evaluation.evaluate import Evaluation, evaluate
from amalgan.features import Features
from amalgan.systems.base import System
from amalgan.systems.model_file import Model
from amalgan.tasks.reconstruct import reconstruct

Trained = Callable[[str, str], Model]

GENERATION = {
    "frechet_distance",
    "kernel_distance",
    "frechet_floor",
    "precision",
    "recall",
    "density",
    "coverage",
    "modes",
    "modes_real",
    "mode_divergence",
    "mode_divergence_real",
    "copies",
    "copies_baseline",
    "copies_p_value",
    "label_agreement",
    "label_agreement_real",
}
CRITIC = {"critic_overfit", "anomaly_auroc"}
CODES = {"linear_probe", "knn_accuracy", "linear_probe_components", "knn_accuracy_components"}
FAITHFUL = {
    "psnr",
    "psnr_pca",
    "psnr_mean",
    "ssim",
    "frechet_distance_reconstruction",
    "denoising_gain",
    "bits_per_pixel",
}
REALISTIC = {
    "psnr_realistic",
    "ssim_realistic",
    "frechet_distance_reconstruction_realistic",
    "spread",
    "psnr_cost",
    "realism_gain",
    "frechet_distance_faithful",
}


class Playback(System):
    """A "generator" that returns given examples in order."""

    def __init__(self, spec: DataSpec, records: Records) -> None:
        super().__init__(None, spec)
        self.weight = nn.Parameter(torch.zeros(1))
        self.held = records.take(slice(None))

    def generate(self, label: Tensor, draws: Draws) -> Tensor:
        return self.held[(torch.arange(len(label)) + draws.round * CHUNK) % len(self.held)]


class Mirror(System):
    """The code of an example is the example."""

    def __init__(self, spec: DataSpec) -> None:
        super().__init__(None, spec)
        self.weight = nn.Parameter(torch.zeros(1))

    def encode(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def decode(self, code: Tensor) -> Tensor:
        return code.reshape(-1, *self.spec.shape)


def model_of(system: System) -> Model:
    return Model(system, {"system": "test", "spec": system.spec.__dict__}, "0" * 16)


@pytest.fixture(scope="module")
def fused(trained: Trained, digits: Dataset, judge: Features) -> Evaluation:
    return evaluate(trained("fusion", "digits"), digits, features=judge)


def test_everything_applies_to_a_fused_model_and_is_finite(fused: Evaluation, judge: Features) -> None:
    assert set(fused.metrics) == set(fused.names) == GENERATION | FAITHFUL | REALISTIC | CODES | CRITIC
    told = {key: value for key, value in fused.metrics.items() if value is not None}
    # bits a pixel need a PSNR that the tiny model does not reach
    assert set(fused.metrics) - set(told) - {"bits_per_pixel"} == set(judge.unfit)
    assert all(np.isfinite(value) for value in told.values())
    assert json.loads(json.dumps(fused.to_json(), allow_nan=False))["metrics"] == fused.metrics
    assert list(fused.to_json()) == [
        "n",
        "split",
        "overlap",
        "seed",
        "features",
        "judge",
        "metrics",
        "names",
        "intervals",
        "warnings",
    ]


def test_names_state_n_split_and_features_and_warn_of_few_samples(fused: Evaluation, digits: Dataset) -> None:
    n = len(digits.test)
    assert fused.n == n and fused.split == "test" and fused.features is not None
    assert fused.names["frechet_distance"] == (
        f"Fréchet distance (n={n}, below 2048), {n} generated against {n} of the test split by content hash, "
        f"features {fused.features}, interval without the share that few examples add"
    )
    compared = [
        name for key, name in fused.names.items() if key.startswith(("frechet", "kernel", "precision"))
    ]
    assert len(compared) == 7 and all(fused.features in name for name in compared)
    assert all("below" in name or "not given" in name for name in compared)
    assert all(str(n) in fused.names[key] and "interval" in fused.names[key] for key in CODES)
    assert any("is small" in warning and "frechet_floor" in warning for warning in fused.warnings)


def test_psnr_is_that_of_the_eight_bit_pictures(fused: Evaluation, trained: Trained, digits: Dataset) -> None:
    model = trained("fusion", "digits")
    real = to_pixels(digits.test.take(slice(None)), digits.spec)
    for decoder, key in (("faithful", "psnr"), ("realistic", "psnr_realistic")):
        decoded = torch.cat(list(reconstruct(model, digits.test, decoder=decoder)))  # type: ignore[arg-type]
        theirs = peak_signal_noise_ratio(real, to_pixels(decoded, digits.spec), data_range=255)
        assert fused.metrics[key] == pytest.approx(theirs, abs=1e-4)


def test_a_split_may_begin_in_the_middle_of_a_chunk(trained: Trained, digits: Dataset) -> None:
    """As the test pictures of MNIST do: they follow 60,000 others in their store."""
    model, held_out = trained("fusion", "digits"), digits.records.select(slice(100, 500))
    chunks = [len(x) for _, x in held_out.chunks()]
    assert chunks[0] < CHUNK and chunks != [len(batch.x) for batch in held_out.batches(CHUNK)]
    found = evaluate(model, replace(digits, test=held_out), features=None)
    decoded = torch.cat(list(reconstruct(model, held_out)))
    theirs = peak_signal_noise_ratio(
        to_pixels(held_out.take(slice(None)), digits.spec), to_pixels(decoded, digits.spec), data_range=255
    )
    assert found.metrics["psnr"] == pytest.approx(theirs, abs=1e-4)


class Dimmer(Mirror):
    """Darker than it was: SSIM's luminance is what tells."""

    def decode(self, code: Tensor) -> Tensor:
        return (super().decode(code) + 1) * 0.6 - 1


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_picture_metrics_are_those_of_the_files(tmp_path: Path, mode: str) -> None:
    """The reference implementation is given the files' own pixels, and what is darker, rounded."""
    files = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    files = files if mode == "RGB" else files[..., 0]
    for number, pixels in enumerate(files):
        place = tmp_path / ("test" if number % 2 else "train") / f"{number}.png"
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(place)
    data = open_data(tmp_path, DataConfig(cache=str(tmp_path / "cache")))
    found = evaluate(model_of(Dimmer(data.spec)), data, features=None).metrics
    expected = [(one, np.round(one * 0.6).astype("u1")) for one in files[1::2]]
    assert len(data.test) == len(expected)
    options = {"channel_axis": -1 if mode == "RGB" else None, "gaussian_weights": True, "sigma": 1.5}
    similar = [structural_similarity(a, b, use_sample_covariance=False, **options) for a, b in expected]
    assert found["ssim"] == pytest.approx(np.mean(similar), abs=1e-5)
    pairs = [np.stack(side) for side in zip(*expected, strict=True)]
    assert found["psnr"] == pytest.approx(peak_signal_noise_ratio(*pairs), abs=1e-4)


def test_the_same_seed_gives_the_same_numbers(
    fused: Evaluation, trained: Trained, digits: Dataset, judge: Features
) -> None:
    model = trained("fusion", "digits")
    assert evaluate(model, digits, features=judge).metrics == fused.metrics
    assert (
        evaluate(model, digits, features=judge, seed=1).metrics["frechet_distance"]
        != fused.metrics["frechet_distance"]
    )


def test_a_gan_is_judged_by_what_it_generates(trained: Trained, digits: Dataset, judge: Features) -> None:
    assert set(evaluate(trained("gan", "digits"), digits, features=judge).metrics) == GENERATION | CRITIC


def test_vectors_have_an_error_in_standardized_units(trained: Trained, wine: Dataset) -> None:
    model = trained("autoencoder", "wine")
    found = evaluate(model, wine, features=Features("entries", nn.Identity(), labeled=False, measured=True))
    x = wine.test.take(slice(None))
    decoded = torch.cat(list(reconstruct(model, wine.test)))
    assert found.metrics["squared_error"] == pytest.approx(float((decoded - x).square().mean()), rel=1e-5)
    assert "standardized" in found.names["squared_error"]
    theirs = r2_score(x.numpy(), decoded.numpy(), multioutput="variance_weighted")
    assert found.metrics["r_squared"] == pytest.approx(theirs, rel=1e-5)
    assert not {"psnr", "ssim", "label_agreement"} & set(found.metrics)


def test_pictures_of_the_test_split_score_perfectly(digits: Dataset, judge: Features) -> None:
    fit = replace(judge, unfit={})
    found = evaluate(model_of(Playback(digits.spec, digits.test)), digits, features=fit)
    assert found.metrics["frechet_distance"] == pytest.approx(0, abs=1e-6)
    assert found.metrics["frechet_floor"] is not None and found.metrics["frechet_floor"] > 1
    assert found.metrics["recall"] > 0.9 and found.metrics["coverage"] > 0.9  # type: ignore[operator]
    assert found.metrics["precision"] == pytest.approx(
        0.95, abs=0.02
    )  # 5 % look more damaged than the others
    assert "label_agreement" not in found.metrics, "what a system that hears no label agrees with is chance"
    assert found.metrics["copies"] == found.metrics["copies_baseline"]
    assert not any("repeats" in warning for warning in found.warnings)


def test_a_generator_that_returns_training_pictures_is_found_out(digits: Dataset, judge: Features) -> None:
    found = evaluate(model_of(Playback(digits.spec, digits.train)), digits, features=judge)
    assert found.metrics["copies"] == 1 and "verdict: copies" in found.names["copies"]
    assert any("repeats training examples" in warning for warning in found.warnings)


def test_a_measure_that_would_be_fooled_is_not_given_and_says_why(digits: Dataset, judge: Features) -> None:
    fooled = replace(judge, unfit={"precision": "it does not rank a above b", "frechet_distance": "nor c"})
    found = evaluate(model_of(Playback(digits.spec, digits.train)), digits, features=fooled, count=100)
    for key in ("precision", "frechet_distance", "frechet_floor"):
        assert found.metrics[key] is None and "not given: on this data" in found.names[key]
    assert any("it does not rank a above b" in warning for warning in found.warnings)
    assert found.metrics["kernel_distance"] is not None


def test_gray_tiles_and_noise_are_not_vouched_for(digits: Dataset, judge: Features) -> None:
    class Gray(Playback):
        def generate(self, label: Tensor, draws: Draws) -> Tensor:
            return torch.zeros(len(label), *self.spec.shape)

    class Noise(Playback):
        def generate(self, label: Tensor, draws: Draws) -> Tensor:
            return draws.normal("noise", *self.spec.shape)

    for kind in (Gray, Noise):
        found = evaluate(model_of(kind(digits.spec, digits.test)), digits, features=replace(judge, unfit={}))
        assert found.metrics["precision"] == found.metrics["recall"] == 0
        assert found.metrics["frechet_distance"] > 10 * found.metrics["frechet_floor"]  # type: ignore[operator]


def test_components_and_the_mean_picture_are_beside_the_psnr(digits: Dataset) -> None:
    """The code of a mirror has as many entries as a picture: so many components lose nothing but rounding."""
    found = evaluate(model_of(Mirror(digits.spec)), digits, features=None).metrics
    train, test = digits.train.take(slice(None)), digits.test.take(slice(None))
    error = (delivered(train.mean(0, keepdim=True), digits.spec) - test).square().mean()
    assert found["psnr_mean"] == pytest.approx(float(10 * torch.log10(4 / error)), abs=0.05)
    assert found["psnr_pca"] is None or found["psnr_pca"] > found["psnr_mean"] + 20  # type: ignore[operator]


def test_label_agreement_counts_classes_that_were_obeyed(digits: Dataset, judge: Features) -> None:
    by_class = [digits.test.select(np.flatnonzero(digits.test.labels == number)[:5]) for number in range(10)]

    class Obedient(Playback):
        def generate(self, label: Tensor, draws: Draws) -> Tensor:
            return torch.cat([by_class[max(0, int(number))].take([0]) for number in label])

    found = evaluate(model_of(Obedient(digits.spec, digits.test)), digits, features=judge)
    assert found.metrics["label_agreement"] is not None and found.metrics["label_agreement"] > 0.85


def test_what_is_not_finite_is_none_and_its_name_says_why(digits: Dataset) -> None:
    found = evaluate(model_of(Mirror(digits.spec)), digits, features=None)
    assert found.metrics["psnr"] is None and "not finite: inf" in found.names["psnr"]
    assert found.metrics["ssim"] == pytest.approx(1)
    assert found.features is None and "no feature network" in found.warnings[0]
    json.dumps(found.to_json(), allow_nan=False)


def test_codes_that_are_the_pixels_do_as_well_as_all_their_components(digits: Dataset) -> None:
    """A rotation changes no distance."""
    found = evaluate(model_of(Mirror(digits.spec)), digits, features=None).metrics
    assert found["knn_accuracy"] == pytest.approx(found["knn_accuracy_components"], abs=0.006)
    assert found["knn_accuracy"] is not None and found["knn_accuracy"] > 0.95


def test_sets_too_small_for_a_metric_leave_it_out_and_say_so(digits: Dataset, judge: Features) -> None:
    fit = replace(judge, unfit={})
    found = evaluate(model_of(Playback(digits.spec, digits.train)), digits, features=fit, count=4)
    assert found.n == 4 and found.metrics["precision"] is None
    assert "5 nearest neighbors were asked for" in found.names["precision"]
    assert any(warning.startswith("precision: ") for warning in found.warnings)
    assert found.metrics["frechet_distance"] is not None


def test_data_of_another_kind_and_senseless_counts_are_refused(digits: Dataset, wine: Dataset) -> None:
    model = model_of(Mirror(digits.spec))
    with pytest.raises(UsageError, match="opened as 13 numbers, the model reads 8x8 gray"):
        evaluate(model, wine, features=None)
    with pytest.raises(UsageError, match="at least 2"):
        evaluate(model, digits, features=None, count=1)
    other = model_of(Mirror(replace(wine.spec, center=tuple(2 * value for value in wine.spec.center))))
    with pytest.raises(UsageError, match="differ in units"):
        evaluate(other, wine, features=None)


def test_delivered_pictures_are_those_of_the_files(digits: Dataset) -> None:
    spec = digits.spec
    x = 1.3 * torch.randn(5, *spec.shape, generator=torch.Generator().manual_seed(0))
    assert torch.equal(delivered(delivered(x, spec), spec), delivered(x, spec))
    assert np.array_equal(to_pixels(delivered(x, spec), spec), to_pixels(x, spec))
    real = digits.test.take(slice(20))
    assert torch.equal(delivered(real, spec), real)
    vectors = DataSpec(kind="vector", shape=(digits.spec.size,))
    assert torch.equal(delivered(x.flatten(1), vectors), x.flatten(1))


def test_picks_are_few_distinct_and_in_order(digits: Dataset) -> None:
    found = picked(digits.train, 50, seed=0)
    assert len(found) == 50 and (np.diff(found.index) > 0).all()
    assert not np.array_equal(found.index, picked(digits.train, 50, seed=1).index)
    assert picked(digits.test, 10_000, seed=0) is digits.test
    assert prod(found.take(slice(None)).shape) == 50 * 64


@pytest.mark.parametrize("data", ["digits", "wine"])
def test_a_discrete_code_has_its_bits_counted(
    trained: Trained, request: pytest.FixtureRequest, data: str
) -> None:
    model, opened = trained("quantized", data), request.getfixturevalue(data)
    found = evaluate(model, opened, features=None)
    with torch.no_grad():
        bits = model.system.bits(model.system.encode(opened.test.take(slice(None))))  # type: ignore[operator]
    assert found.metrics["bits"] == pytest.approx(bits.double().mean().item(), rel=1e-6)
    assert found.metrics["bits_fixed"] == model.system.config.resolved(opened.spec).code_size * 3
    assert 0 < found.metrics["bits"] < found.metrics["bits_fixed"]
    assert "-log2 p" in found.names["bits"] and "of the test split" in found.names["bits"]
