"""One picture, restored: by a restorer, or, where large parts are missing, by what a generative model can show.

color, known ─┬─ the model restores ────────────► mend     any size, one answer
              └─ it encodes, decodes and draws ─► project  at its own size, as many answers as asked for
                    └ scaled to the model's size and back; what is known stays as it was
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from amalgan.core.errors import UsageError
from amalgan.data.decoding.full_picture import FullPicture
from amalgan.data.transforms.damage import larger
from amalgan.kinds import kind_of
from amalgan.systems.abilities import Decodes, Encodes, Restores, Samples
from amalgan.systems.model_file import Model
from amalgan.tasks.generate import DecoderName, check_decoder
from amalgan.tasks.restore.project import fill_holes, project
from amalgan.tasks.restore.windows import Mended, Picture, Repair, as_before, as_read, mend, restorer_of


@dataclass(frozen=True, kw_only=True)
class Answers:
    """How many fillings are wanted of a generative model, and which."""

    samples: int = 1
    decoder: DecoderName = "faithful"
    seed: int = 0

    def __post_init__(self) -> None:
        check_decoder(self.decoder)
        if self.samples < 1:
            raise UsageError(f"samples is {self.samples}; the least is 1")


ONE = Answers()


def check(model: Model, repair: Repair, answers: Answers = ONE) -> None:
    """Refuse what the model cannot do, before any picture is read.

    Raises:
        AbilityError: names the systems that can.
        UsageError: several answers are asked of a model that has one.
    """
    if not kind_of(model.spec).refuses("cleaning"):
        check_cleaning(model, repair, answers)
    elif isinstance(model.system, Restores) or repair.task != "inpaint":
        restorer_of(model, repair)
        if answers.samples > 1:
            raise UsageError(
                f"samples is {answers.samples}; a restorer has one answer. Several come from models that generate, "
                "as fusion, for --task inpaint."
            )
    else:
        for ability in (Encodes, Decodes, Samples):
            model.require(ability)


def check_cleaning(model: Model, repair: Repair, answers: Answers) -> None:
    """Refuse what is not the one task of kinds whose files any model cleans that encodes and decodes."""
    if repair != Repair(task="denoise") or answers.samples > 1:
        raise UsageError(
            f"models of {kind_of(model.spec).nouns} remove noise and do nothing else: give --task denoise alone."
        )
    for ability in (Encodes, Decodes):
        model.require(ability)


def clean_file(model: Model, data: bytes, text: dict[str, str]) -> bytes:
    """One file without its noise.

    Raises:
        BadPicture: it cannot be read, or the model does not take it.
    """
    encoder, decoder = model.require(Encodes), model.require(Decodes)

    def through(x: Tensor) -> Tensor:
        return decoder.decode(encoder.encode(x.to(model.device))).cpu()

    return kind_of(model.spec).cleaned(data, model.spec, through, text)


def restore(
    model: Model,
    color: Picture,
    repair: Repair,
    *,
    known: Float[Tensor, "1 H W"] | None = None,
    answers: Answers = ONE,
) -> list[Mended]:
    """One picture (c, H, W) in [-1, 1], restored; several times where that was asked for.

    Args:
        known: inpaint: 0 in holes, 1 elsewhere.

    Raises:
        AbilityError: the model cannot.
        UsageError: holes are to be filled and nobody says where they are.
    """
    check(model, repair, answers)
    if (known is None) == (repair.task == "inpaint"):
        raise UsageError("a mask says where holes are: it is needed to inpaint, and for nothing else")
    if isinstance(model.system, Restores):
        return [mend(model, color, repair, known)]
    assert known is not None
    return fill(model, color, known, answers)


def restore_picture(
    model: Model,
    whole: FullPicture,
    repair: Repair,
    *,
    known: NDArray[np.float32] | None = None,
    answers: Answers = ONE,
) -> list[FullPicture]:
    """One picture with all that came with it, restored; several times where that was asked for.

    Raises:
        AbilityError: the model cannot.
        UsageError: what is said of holes does not go with the task or the picture.
    """
    if known is not None and known.shape != whole.size:
        raise UsageError(f"the mask has shape {known.shape}, the picture {whole.size}; make them of one size")
    shown = None if known is None else torch.from_numpy(known)[None]
    found = restore(model, torch.from_numpy(whole.color), repair, known=shown, answers=answers)
    return [whole.now(color.numpy()) for color in found]


def fill(model: Model, color: Picture, known: Float[Tensor, "1 H W"], answers: Answers) -> list[Picture]:
    """The holes of one picture filled, each answer at the picture's own size."""
    channels, *size = model.spec.shape
    x = as_read(color, channels)
    shown = known[None].expand(len(x), -1, -1, -1)
    small = interpolate(fill_holes(x, shown), size, mode="bicubic", antialias=True).clamp(-1, 1)
    believed = (interpolate(shown, size, mode="area") > 0.999).float()
    found = project(
        model,
        small.to(model.device),
        believed.to(model.device),
        samples=answers.samples,
        decoder=answers.decoder,
        seed=answers.seed,
    )
    again = [larger(one.cpu(), color.shape[1:]) for one in found.unbind(1)]
    return [torch.where(known > 0, color, as_before(one, len(color))) for one in again]
