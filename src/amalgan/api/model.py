"""A trained model as Python holds it: arrays and PIL images go in, arrays come out.

    load(path) ─► Model ─► generate · reconstruct · restore · walk · interpolate · encode · decode · compress
                       ├─► classify · detect · trace · export, for other programs · push, to the hub
                       ├─► embed · map · duplicates, of a collection                      (``collected``)
                       └─► evaluate · report · explore · card · augment, on data          (``studied``)

At this door pictures are uint8 (H, W) or (H, W, C) arrays, one or many, or PIL images; vectors are float arrays in
the data's own units. What comes out has the number of examples first: uint8 (N, H, W) or (N, H, W, 3), or float32
(N, D). Pictures of another size are fitted as the data reader fits them; restored ones keep their own.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from amalgan.api.collected import Collected
from amalgan.config.run import DeviceName
from amalgan.config.systems.restoration import RestoringTask
from amalgan.core.arguments import check_arguments
from amalgan.core.limits import CHUNK
from amalgan.core.randomness import generators_kept
from amalgan.data.dataset.in_memory import Examples, examples, unscaled
from amalgan.data.decoding.full_picture import of_python_value
from amalgan.data.writing.full_picture import to_array
from amalgan.features.patches import PatchesName
from amalgan.studies.card.push import push
from amalgan.systems import model_file
from amalgan.systems.abilities import Decodes, Encodes
from amalgan.tasks.classify import probabilities, require_classes
from amalgan.tasks.compress import compress
from amalgan.tasks.detect.detect import Detection, of_chunks, taught
from amalgan.tasks.detect.flaws import Flaws
from amalgan.tasks.detect.patch_networks import patch_network
from amalgan.tasks.detect.signals import PATCHES
from amalgan.tasks.export.export import Exported, export
from amalgan.tasks.generate import DecoderName, generate
from amalgan.tasks.reconstruct import redraw
from amalgan.tasks.restore.restore import Answers, restore_picture
from amalgan.tasks.restore.windows import Repair
from amalgan.tasks.trace.forensics import Changed
from amalgan.tasks.trace.trace import Known, Reals, Trace, trace
from amalgan.tasks.walk.interpolate import interpolate
from amalgan.tasks.walk.walk import two, walk
from amalgan.training.processes import resolve


@generators_kept()
@check_arguments
def load(path: str | Path, *, device: DeviceName = "cpu") -> Model:
    """Read a model file, the model of a run's folder, or one on the hub: ``hf://user/name`` or ``...@revision``.

    Raises:
        ModelFileError: missing, foreign, damaged, of a newer format, or of a system that is not known here.
        UsageError: a model on the hub needs the hub extra.
    """
    return Model(model_file.load(path, resolve(device)))


class Model(Collected):
    """A trained model."""

    @generators_kept()
    @check_arguments
    def generate(
        self,
        count: int,
        *,
        label: str | int | None = None,
        seed: int = 0,
        decoder: DecoderName | None = None,
        temperature: float = 1.0,
        watermark: bool = False,
    ) -> NDArray[Any]:
        """Return ``count`` new examples, of the class ``label`` if given: uint8 (N, H, W[, 3]) or float32 (N, D).

        Args:
            temperature: standard deviation of the random numbers; below 1, examples are more typical, less varied.
            watermark: mark the images so that ``trace`` recognizes them.
        """
        parts = generate(
            self.model,
            count,
            label=None if label is None else str(label),
            seed=seed,
            decoder=decoder,
            temperature=temperature,
            watermark=watermark,
        )
        return self._out(torch.cat([torch.empty(0, *self.spec.shape), *parts]))

    @generators_kept()
    @check_arguments
    def reconstruct(self, x: Examples, *, decoder: DecoderName = "faithful", seed: int = 0) -> NDArray[Any]:
        """Encode and decode each example; ``seed`` determines the noise of the realistic decoder."""
        parts = self._chunks(self._in(x), "reconstruct", seed)
        return self._out(torch.cat([redraw(self.model, part, draws, decoder).cpu() for part, draws in parts]))

    @generators_kept()
    @check_arguments
    def restore(
        self,
        picture: NDArray[Any] | Image.Image,
        *,
        task: RestoringTask,
        sigma: float | None = None,
        factor: int = 2,
        mask: NDArray[Any] | None = None,
        samples: int = 1,
        decoder: DecoderName = "faithful",
        seed: int = 0,
    ) -> NDArray[Any]:
        """Restore one image of any size: uint8 (H, W) or (H, W, 3), or uint16 (H, W) if it had 16 bits.

        Args:
            sigma: for denoise, standard deviation of the noise, in gray levels of 255; by default estimated.
            factor: for upscale, the scale factor of width and height.
            mask: for inpaint, (H, W), nonzero where pixels are missing.
            samples: for inpaint by models that generate, the number of fillings, on a new first axis if more than one.
        """
        repair = Repair(task=task, sigma=None if sigma is None else float(sigma), factor=factor)
        answers = Answers(samples=samples, decoder=decoder, seed=seed)
        known = None if mask is None else (np.asarray(mask) == 0).astype(np.float32)
        found = restore_picture(self.model, of_python_value(picture), repair, known=known, answers=answers)
        arrays = [to_array(one) for one in found]
        return arrays[0] if samples == 1 else np.stack(arrays)

    @generators_kept()
    @check_arguments
    def walk(
        self,
        *,
        between: Examples | None = None,
        frames: int = 60,
        label: str | int | None = None,
        seed: int = 0,
        decoder: DecoderName | None = None,
        temperature: float = 1.0,
    ) -> NDArray[np.uint8]:
        """Return frames, uint8 (T, H, W[, 3]), of a closed walk through random codes, or ``between`` two images."""
        ends = None if between is None else two(self._in(between))
        film = walk(
            self.model,
            between=ends,
            frames=frames,
            label=None if label is None else str(label),
            seed=seed,
            decoder=decoder,
            temperature=temperature,
        )
        return self._out(film)

    @generators_kept()
    @check_arguments
    def interpolate(
        self, between: Examples, *, steps: int = 8, seed: int = 0, decoder: DecoderName | None = None
    ) -> NDArray[Any]:
        """``steps`` examples from one of the two in ``between`` to the other, both included; vectors too.

        Args:
            decoder: by default the realistic one where there is one; ``seed`` draws what it adds, the same in each.
        """
        return self._out(interpolate(self.model, self._in(between), steps=steps, seed=seed, decoder=decoder))

    @generators_kept()
    @check_arguments
    def encode(self, x: Examples) -> NDArray[np.float32]:
        """Return the code of each example, float32 (N, K)."""
        encode = self.model.require(Encodes).encode
        codes = torch.cat([encode(part).detach().cpu() for part, _ in self._chunks(self._in(x), "encode")])
        return np.asarray(codes.numpy(), np.float32)

    @generators_kept()
    @check_arguments
    def decode(self, code: NDArray[Any]) -> NDArray[Any]:
        """Decode codes (N, K), or one code (K,), with the faithful decoder."""
        decode = self.model.require(Decodes).decode
        codes = self._codes(code)
        return self._out(torch.cat([decode(part).cpu() for part, _ in self._chunks(codes, "decode")]))

    @generators_kept()
    @check_arguments
    def compress(self, x: Examples, *, quality: int | None = None) -> bytes:
        """Compress one example to the bytes of an .amg file; ``quality`` 1 is the smallest."""
        own_size = compress.any_size(self.model)
        return compress.one(self.model, examples(x, self.spec, own_size=own_size), quality)

    @generators_kept()
    @check_arguments
    def decompress(self, data: bytes) -> NDArray[Any]:
        """Decompress bytes from ``compress``: uint8 (H, W) or (H, W, 3), or float32 (D,)."""
        return self._out(compress.decode_chunk(self.model, [compress.one_code(self.model, data)]))[0]

    @generators_kept()
    @check_arguments
    def classify(self, x: Examples) -> NDArray[np.float32]:
        """Return the probability of each class, float32 (N, classes), in the order of ``spec.classes``."""
        require_classes(self.model)
        found = [
            probabilities(self.model, part).detach().cpu()
            for part, _ in self._chunks(self._in(x), "classify")
        ]
        return np.asarray(torch.cat([torch.zeros(0, len(self.spec.classes)), *found]).numpy(), np.float32)

    @generators_kept()
    @check_arguments
    def detect(
        self,
        x: Examples,
        *,
        normals: Examples,
        known: Examples | None = None,
        outside: bool = False,
        patches: PatchesName | None = None,
    ) -> Detection:
        """Return how unusual each example is, compared with ``normals``, normal examples that were not in training.

        ``known`` are other normal examples, best the training data. With a hundred or more, the joint distribution of
        the scores is fitted to them; ``outside`` adds features of a network trained on ImageNet (imagenet extra).

        ``patches`` searches for small flaws: it compares patches of each image at its own size with those of ``known``,
        in the features of ``imagenet`` or of the model (``own``); ``auto`` is imagenet if it is installed.
        """
        flaws = None if patches is None else self._flaws(known, patches)
        parts = None if known is None else self._in(known).split(CHUNK)
        learned = taught(self.model, parts, outside=outside)
        found = of_chunks(self.model, self._in(x).split(CHUNK), self._in(normals).split(CHUNK), *learned)
        if flaws is None:
            return found
        return found.with_signal(PATCHES, *(flaws.column(unscaled(side, self.spec)) for side in (x, normals)))

    def _flaws(self, known: Examples | None, patches: PatchesName) -> Flaws:
        """What is learned of the patches of known normal examples."""
        patch_network(self.model, patches)
        pictures = [] if known is None else unscaled(known, self.spec)
        return Flaws.learned(self.model, patches, pictures, len(pictures))

    @generators_kept()
    @check_arguments
    def trace(
        self, x: Examples, *, reals: str | Path | NDArray[Any] | None = None, changed: Changed = "coded"
    ) -> Trace:
        """Find which examples this model made, by its watermark or, with real images ``reals``, by a learned score.

        ``reals`` are best the training data. ``made(rate)`` of the result flags at most a fraction ``rate`` of real
        images, also of those that ``changed``: by JPEG, or by scaling, too.
        """
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            known = None
            if reals is not None:
                found = self._shown(reals, Path(scratch))
                known = Known.of(self.model, Reals.of(self.model, found), changed)
            return trace(self.model, self._in(x).split(CHUNK), known)

    @generators_kept()
    @check_arguments
    def export(self, out: str | Path) -> list[Exported]:
        """Write the model as checked ONNX files into ``out``; export.json describes their inputs and outputs.

        Raises:
            UsageError: onnx, onnxscript or onnxruntime is missing (the export extra), or ``out`` holds another model.
            ExportError: a file does not compute the same as the model.
        """
        return export(self.model, Path(out), tell=lambda file: None)

    @check_arguments
    def push(
        self,
        repository: str,
        *,
        private: bool = False,
        revision: str | None = None,
        license: str | None = None,
        card: str | Path | None = None,
    ) -> str:
        """Write the model and its card into a repository of the Hugging Face hub; return the address of the commit.

        Args:
            repository: ``user/name``, which is made where there is none.
            private: make a new one private; one that everybody can read is refused.
            revision: a branch, which is made where there is none.
            license: an identifier for the card, as ``apache-2.0``.
            card: a folder with README.md that replaces the repository's; by default one is written where there is none.

        Raises:
            UsageError: the name cannot be, or the hub extra is not installed.
            ModelFileError: no token, no right to write, or no connection.
        """
        folder = None if card is None else Path(card)
        return push(
            self.model, repository, private=private, revision=revision, license=license, card_folder=folder
        )
