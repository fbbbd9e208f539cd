"""The validation curve: what the averaged weights reach on pictures that training never sees.

psnr      reconstructions of held-out pictures, dB (pooled error); higher is better
error     the same for vectors: mean squared error in standardized units; lower
restored  held-out pictures, damaged as in training and then restored, dB (pooled error); higher
frechet   generated against held-out examples, in the data's own features; lower. Costs a feature network,
          so it is measured only when --until or --patience asks for it or nothing else can be
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from amalgan.config.fields import check
from amalgan.core.errors import ConfigError
from amalgan.core.randomness import Draws
from amalgan.core.types import UNLABELED
from amalgan.data import Dataset
from amalgan.data.transforms.damage import Damaged, damaged
from amalgan.features import Features
from amalgan.kinds import kind_of
from amalgan.metrics.distortion import pooled_psnr
from amalgan.metrics.distribution import Moments, frechet_distance
from amalgan.systems.abilities import Decodes, Encodes, Generates, Restores
from amalgan.systems.base import System
from amalgan.training.processes import Processes
from amalgan.training.state import TrainState

MOST_EXAMPLES = 1000
RESTORED_AT_ONCE = 16
HIGHER_IS_BETTER = {"psnr": True, "error": False, "restored": True, "frechet": False}


@dataclass(frozen=True)
class Goal:
    """A measure and the value at which training may stop: ``psnr=24``."""

    measure: str
    value: float

    @classmethod
    def parse(cls, text: str) -> Goal:
        """Read ``measure=value``; raise ConfigError saying what is possible."""
        measure, _, value = text.partition("=")
        try:
            goal = cls(measure.strip(), float(value))
        except ValueError:
            goal = cls("", 0.0)
        check(
            (
                goal.measure in HIGHER_IS_BETTER and math.isfinite(goal.value),
                f"--until is {text!r}; write measure=value, as psnr=24. Measures: {', '.join(HIGHER_IS_BETTER)}",
            )
        )
        return goal

    def reached(self, value: float) -> bool:
        """Whether ``value`` is at least as good."""
        return better(self.measure, value, self.value) or value == self.value


def better(measure: str, value: float, than: float) -> bool:
    """Whether ``value`` beats ``than``."""
    return value > than if HIGHER_IS_BETTER[measure] else value < than


def possible(system: System) -> list[str]:
    """Measures that ``system`` can be validated by, the cheapest first."""
    names = []
    if isinstance(system, Encodes) and isinstance(system, Decodes):
        names.append("error" if kind_of(system.spec).refuses("psnr") else "psnr")
    return names + ["restored"] * isinstance(system, Restores) + ["frechet"] * isinstance(system, Generates)


def list_wanted(system: System, goal: Goal | None, patience: int | None) -> list[str]:
    """What to measure: the cheap one always, a dear one when asked for.

    Raises:
        ConfigError: ``system`` has nothing to measure that the goal or the patience could look at.
    """
    names = possible(system)
    if patience is not None and not names:
        raise ConfigError(["--patience: nothing of this system can be validated. Leave it out."])
    if goal is None:
        return names[:1]
    if goal.measure not in names:
        raise ConfigError(
            [f"--until {goal.measure}: this system is measured by {', '.join(names) or 'nothing'}"]
        )
    return list(dict.fromkeys([*names[:1], goal.measure]))


def hurt_alike(system: Restores, x: torch.Tensor) -> Damaged:
    """Pictures with the flaws that ``system`` mends, by turns; the same at every call."""
    draws = Draws(seed=0, round=0, total=len(x), device=str(x.device))
    return damaged(x, system.tasks, draws, noise=system.most_noise, known_level=0.0)


@dataclass
class Validate:
    """An action of the loop: measure, write the curve, keep the best, decide to stop."""

    data: Dataset
    processes: Processes
    features: Callable[[], Features]
    settle: Callable[[System], None]
    """Fits what is estimated, without which generating means nothing yet."""
    goal: Goal | None = None
    patience: int | None = None
    begun_images: Callable[[TrainState], float] = lambda state: 0.0
    """Before so many images some phase has not begun: no reason to stop, no weights to keep."""

    def __call__(self, state: TrainState) -> None:
        names = list_wanted(state.average, self.goal, self.patience)
        own = {name: torch.tensor(self.measure(name, state.average), device=self.device) for name in names}
        values = self.processes.mean(own)  # one number for all, or one process would stop without the others
        state.curve.append({"images": float(state.images), **values})
        if state.images < self.begun_images(state):
            return
        if self.goal and self.goal.reached(values[self.goal.measure]):
            state.stop = f"{self.goal.measure} reached {values[self.goal.measure]:.4g}"
        if self.patience is not None:
            self.keep_best(state, names[-1])

    @property
    def device(self) -> str:
        """Where the system is."""
        return self.processes.device

    def keep_best(self, state: TrainState, name: str) -> None:
        """Remember the averaged weights at the best value; stop when it was too long ago."""
        values = [point[name] for point in self.late(state)]
        best = max(values) if HIGHER_IS_BETTER[name] else min(values)
        since = len(values) - 1 - values.index(best)
        if since == 0:
            state.best = {key: tensor.clone() for key, tensor in state.average.state_dict().items()}
        if self.patience is not None and since >= self.patience:
            state.stop = f"no better {name} than {best:.4g} in {since} validations"

    def reached(self, state: TrainState) -> dict[str, float]:
        """The point of the curve whose weights are published: the best if it was kept, else the last."""
        if state.best is None:
            return state.curve[-1] if state.curve else {}
        name = list_wanted(state.average, self.goal, self.patience)[-1]
        return (max if HIGHER_IS_BETTER[name] else min)(self.late(state), key=lambda point: point[name])

    def late(self, state: TrainState) -> list[dict[str, float]]:
        """The points of the curve at which every phase had begun."""
        begun = self.begun_images(state)
        return [point for point in state.curve if point["images"] >= begun]

    def measure(self, name: str, system: System) -> float:
        """One measure of ``system`` on validation examples."""
        x = self.data.validation.take(self.data.validation.spaced(MOST_EXAMPLES))
        with torch.no_grad():
            if name == "restored":
                return self.restored(system, x)
            return self.frechet(system, x) if name == "frechet" else self.distortion(system, x)

    def distortion(self, system: System, x: torch.Tensor) -> float:
        """Pooled PSNR in dB, or mean squared error."""
        assert isinstance(system, Encodes) and isinstance(system, Decodes)
        decoded = torch.cat(
            [system.decode(system.encode(part.to(self.device))).cpu() for part in x.split(256)]
        )
        kind = kind_of(self.data.spec)
        if (peak := kind.peak()) is None:
            return float(kind.apart(decoded, x).square().mean())
        return pooled_psnr(kind.within(decoded), x, data_range=peak)

    def restored(self, system: System, x: torch.Tensor) -> float:
        """Pooled PSNR in dB of pictures that are always damaged alike."""
        assert isinstance(system, Restores)
        mended = torch.cat(
            [
                system.restore(hurt_alike(system, part.to(self.device))).cpu()
                for part in x.split(RESTORED_AT_ONCE)
            ]
        )
        return pooled_psnr(mended.clamp(-1, 1), x, data_range=2.0)

    def frechet(self, system: System, x: torch.Tensor) -> float:
        """Fréchet distance between as many generated as validation examples."""
        assert isinstance(system, Generates)
        look = self.features()
        self.settle(system)
        anything = torch.full((len(x),), UNLABELED, device=self.device)
        made = system.generate(anything, Draws(seed=0, round=0, total=len(x), device=self.device)).cpu()
        return frechet_distance(Moments.of(look(made)), Moments.of(look(x)))
