"""The Python API: what the command line does, on arrays.

    compare ─► Comparison
    train ─► Model ─► generate · reconstruct · encode · decode · compress · classify · detect · evaluate
    load(path) ─► Model

At this door pictures are uint8 (H, W) or (H, W, C) arrays, one or many, or PIL images; vectors are float arrays in
the data's own units. What comes out has the number of examples first: uint8 (N, H, W) or (N, H, W, 3), or float32
(N, D). Pictures of another size are fitted as the data reader fits them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from amalgan import files, modelfile, registry
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.data import Dataset, open_data, to_pixels
from amalgan.data.held import Examples, examples
from amalgan.errors import UsageError
from amalgan.features import Features, features_of
from amalgan.streams import Draws, key
from amalgan.studies.compare import Comparison, Request
from amalgan.studies.compare import compare as carried_out
from amalgan.studies.report.exploration import explore
from amalgan.studies.report.one import report
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.tasks import compress
from amalgan.tasks.classify import probabilities, require_classes
from amalgan.tasks.detect import Detection, of_chunks
from amalgan.tasks.evaluate import Evaluation, evaluate
from amalgan.tasks.generate import CHUNK, DecoderName, generate
from amalgan.tasks.reconstruct import redraw
from amalgan.tasks.walk import two, walk
from amalgan.training.processes import DeviceName, PrecisionName, resolve
from amalgan.training.run import Order, execute
from amalgan.types import DataSpec


def train(
    system: str,
    data: str | Path | NDArray[Any],
    *,
    minutes: float | None = None,
    images: int | None = None,
    out: str | Path | None = None,
    settings: Any = None,
    until: str | None = None,
    patience: int | None = None,
    seed: int = 0,
    batch: int = 64,
    micro_batch: int | None = None,
    device: DeviceName = "auto",
    precision: PrecisionName = "auto",
    resume: bool = False,
    overwrite: bool = False,
    init: str | Path | None = None,
    reading: DataConfig = DataConfig(),  # noqa: B008 - frozen
    augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
    quiet: bool = False,
) -> Model:
    """Train ``system`` on ``data`` (a word, a path, or an array) and return the model.

    Args:
        minutes: wall time, 5 when neither this nor ``images`` is given.
        images: pictures to draw in all, instead of minutes.
        out: the run's folder; without one nothing is kept on disk (``model.save`` writes the model).
        settings: the system's configuration, as ``FusionConfig(code_size=32).preset("base")``.
        quiet: show no progress on stderr.

    Raises:
        AmalganError: as the command line does, with the same sentences.
    """
    if minutes is not None and images is not None:
        raise UsageError("minutes and images are both given; give one of them")
    with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
        order = Order(
            data=named(data, Path(scratch)),
            system=system,
            settings=settings if settings is not None else registry.config_class(system)(),
            out=Path(out or Path(scratch) / "run"),
            images=images,
            minutes=minutes,
            until=until,
            patience=patience,
            seed=seed,
            batch=batch,
            micro_batch=micro_batch,
            device=device,
            precision=precision,
            resume=resume,
            overwrite=overwrite,
            init=Path(init) if init is not None else None,
            reading=reading,
            augment=augment,
        )
        return load(execute(order, Console(stderr=True, quiet=quiet)).model, device=device)


def compare(
    data: str | Path,
    systems: Sequence[str],
    *,
    out: str | Path,
    seeds: int = 3,
    cpu_minutes: float | None = None,
    images: int | None = None,
    parameters: int | None = None,
    tries: int = 1,
    jobs: int = 1,
    seed: int = 0,
    count: int = 10_000,
    batch: int = 64,
    preset: Literal["quick", "base"] = "quick",
    precision: PrecisionName = "auto",
    plugin: str | Path | None = None,
    samples: Sequence[str] = (),
    overwrite: bool = False,
    reading: DataConfig = DataConfig(),  # noqa: B008 - frozen
    augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
    quiet: bool = False,
) -> Comparison:
    """Train ``systems`` on ``data`` with one budget, each in processes of its own, and say which is best for what.

    The same call goes on with a comparison that was stopped. ``Comparison.report`` is what ``out/report.json`` holds.

    Args:
        cpu_minutes: of training a cell, 2 when no budget is given.
        samples: examples made elsewhere as rows: ``"name=x.npz"``.
        plugin: a file that registers systems of your own; the cells load it too.

    Raises:
        AmalganError: as the command line does; a cell that fails is a row of the report instead.
    """
    request = Request(
        data=str(data),
        systems=tuple(systems),
        out=Path(out),
        seeds=seeds,
        cpu_minutes=cpu_minutes,
        images=images,
        parameters=parameters,
        tries=tries,
        jobs=jobs,
        seed=seed,
        count=count,
        batch=batch,
        preset=preset,
        precision=precision,
        plugin=Path(plugin) if plugin is not None else None,
        samples=tuple(samples),
        overwrite=overwrite,
        reading=reading,
        augment=augment,
    )
    return carried_out(request, Console(stderr=True, quiet=quiet))


def named(data: str | Path | NDArray[Any], scratch: Path) -> str:
    """``data`` as a word or a path; an array is put into a file."""
    if not isinstance(data, np.ndarray):
        return str(data)
    with files.replacing(scratch / "array.npy") as part, part.open("wb") as file:
        np.save(file, data, allow_pickle=False)
    return str(scratch / "array.npy")


def load(path: str | Path, *, device: DeviceName = "cpu") -> Model:
    """Read a model file, or the model of a run's folder.

    Raises:
        ModelFileError: missing, foreign, damaged, of a newer format, or of a system that is not known here.
    """
    return Model(modelfile.load(path, resolve(device)))


@dataclass(frozen=True)
class Model:
    """A trained model."""

    held: modelfile.Model
    """The system itself, for those who go on in torch: ``model.held.system``."""

    @property
    def spec(self) -> DataSpec:
        """What the model reads and makes."""
        return self.held.spec

    @property
    def info(self) -> dict[str, Any]:
        """What its file says of it: system, config, abilities, training, data, metrics, versions; and its digest."""
        return self.held.header | {"digest": self.held.digest}

    def generate(
        self, count: int, *, label: str | None = None, seed: int = 0, decoder: DecoderName | None = None
    ) -> NDArray[Any]:
        """``count`` new examples, of the class ``label`` if one is named."""
        parts = generate(self.held, count, label=label, seed=seed, decoder=decoder)
        return self._out(torch.cat([torch.empty(0, *self.spec.shape), *parts]))

    def reconstruct(self, x: Examples, *, decoder: DecoderName = "faithful", seed: int = 0) -> NDArray[Any]:
        """Each example, encoded and decoded again; ``seed`` draws what the realistic decoder adds."""
        parts = self._chunks(self._in(x), "reconstruct", seed)
        return self._out(torch.cat([redraw(self.held, part, draws, decoder).cpu() for part, draws in parts]))

    def walk(
        self,
        *,
        between: Examples | None = None,
        frames: int = 60,
        label: str | None = None,
        seed: int = 0,
        decoder: DecoderName | None = None,
    ) -> NDArray[np.uint8]:
        """Frames uint8 (T, H, W[, 3]) of a closed walk, through random codes or ``between`` two pictures and back."""
        ends = None if between is None else two(self._in(between))
        return self._out(
            walk(self.held, between=ends, frames=frames, label=label, seed=seed, decoder=decoder)
        )

    def encode(self, x: Examples) -> NDArray[np.float32]:
        """The code of each example, float32 (N, K)."""
        encode = self.held.require(Encodes).encode
        codes = torch.cat([encode(part).cpu() for part, _ in self._chunks(self._in(x), "encode")])
        return np.asarray(codes.numpy(), np.float32)

    def decode(self, code: NDArray[Any]) -> NDArray[Any]:
        """The faithful decode of codes (N, K), or of one (K,)."""
        decode = self.held.require(Decodes).decode
        codes = torch.from_numpy(np.atleast_2d(np.asarray(code, np.float32)))
        return self._out(torch.cat([decode(part).cpu() for part, _ in self._chunks(codes, "decode")]))

    def compress(self, x: Examples, *, quality: int | None = None) -> bytes:
        """One example as bytes, those of an .amg file; ``quality`` 1 takes the fewest."""
        return compress.one(self.held, self._in(x), quality)

    def decompress(self, data: bytes) -> NDArray[Any]:
        """The example in what ``compress`` gave: uint8 (H, W) or (H, W, 3), or float32 (D,)."""
        return self._out(compress.decoded(self.held, [compress.one_code(self.held, data)]))[0]

    def classify(self, x: Examples) -> NDArray[np.float32]:
        """The probability of each class, float32 (N, classes), in the order of ``spec.classes``."""
        require_classes(self.held)
        found = [probabilities(self.held, part).cpu() for part, _ in self._chunks(self._in(x), "classify")]
        return np.asarray(torch.cat([torch.zeros(0, len(self.spec.classes)), *found]).numpy(), np.float32)

    def detect(self, x: Examples, *, normals: Examples) -> Detection:
        """How strange each example is beside ``normals``, normal ones that the model was not trained on."""
        return of_chunks(self.held, self._in(x).split(CHUNK), self._in(normals).split(CHUNK))

    def evaluate(self, data: str | Path | NDArray[Any], *, count: int = 10_000, seed: int = 0) -> Evaluation:
        """Every metric that applies, on at most ``count`` examples of the test split of ``data``."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found, features = self._opened(data, Path(scratch))
            return evaluate(self.held, found, features=features, count=count, seed=seed)

    def report(
        self, data: str | Path | NDArray[Any], out: str | Path, *, count: int = 10_000, seed: int = 0
    ) -> Path:
        """Write a page on the model into the folder ``out`` (report.html, report.json); return the page's path."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found, features = self._opened(data, Path(scratch))
            return report(self.held, found, features=features, count=count, seed=seed).write(Path(out))

    def explore(
        self, data: str | Path | NDArray[Any], out: str | Path, *, count: int = 500, seed: int = 0
    ) -> Path:
        """Write a page on the model's code and what it looks at into the folder ``out``; return the page's path."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found = open_data(named(data, Path(scratch)), like=self.spec, at_least=1)
            words = ("MODEL", data if isinstance(data, str) else "DATA")
            return explore(self.held, found, count=count, seed=seed, named=words).write(Path(out))

    def save(self, path: str | Path) -> None:
        """Write the model as one file."""
        modelfile.republish(Path(path), self.held)

    def _opened(self, data: str | Path | NDArray[Any], scratch: Path) -> tuple[Dataset, Features | None]:
        """What the model is judged on, and the feature network where there is anything to learn it from."""
        found = open_data(named(data, scratch), like=self.spec, at_least=1)
        device = str(next(self.held.system.parameters()).device)
        return found, features_of(found, device=device) if len(found.train) else None

    def _in(self, x: Examples) -> torch.Tensor:
        return examples(x, self.spec)

    def _out(self, x: torch.Tensor) -> NDArray[Any]:
        return to_pixels(x, self.spec)

    def _chunks(self, x: torch.Tensor, purpose: str, seed: int = 0) -> Iterator[tuple[torch.Tensor, Draws]]:
        device = str(next(self.held.system.parameters()).device)
        for number, part in enumerate(x.split(CHUNK)):
            draws = Draws(seed=key(seed, purpose), round=number, total=CHUNK, count=len(part), device=device)
            yield part.to(device), draws
