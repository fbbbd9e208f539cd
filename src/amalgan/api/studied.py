"""What is said of a model, and made with it, on data: a file, folder or array that is read as training reads it.

data ─► opened as the model reads it ─► evaluate · report · explore · card · augment
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from amalgan.api.loaded import Loaded
from amalgan.config.evaluation import MOST_EVALUATED
from amalgan.core.arguments import check_arguments
from amalgan.core.randomness import generators_kept
from amalgan.evaluation.evaluate import Evaluation, evaluate
from amalgan.studies.augment.augment import Asked, augment
from amalgan.studies.augment.verify import SEEDS
from amalgan.studies.card.card import card
from amalgan.studies.explore import explore
from amalgan.studies.report.report import report
from amalgan.tasks.augment.additions import PolicyName
from amalgan.tasks.generate import DecoderName


class Studied(Loaded):
    """What a model file holds, looked at on data."""

    @generators_kept()
    @check_arguments
    def evaluate(
        self, data: str | Path | NDArray[Any], *, count: int = MOST_EVALUATED, seed: int = 0
    ) -> Evaluation:
        """Every metric that applies, on at most ``count`` examples of the test split of ``data``."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found, features = self._opened(data, Path(scratch))
            return evaluate(self.model, found, features=features, count=count, seed=seed)

    @generators_kept()
    @check_arguments
    def report(
        self, data: str | Path | NDArray[Any], out: str | Path, *, count: int = MOST_EVALUATED, seed: int = 0
    ) -> Path:
        """Write a page on the model into the folder ``out`` (report.html, report.json); return the page's path."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found, features = self._opened(data, Path(scratch))
            return report(self.model, found, features=features, count=count, seed=seed).write(Path(out))

    @generators_kept()
    @check_arguments
    def explore(
        self, data: str | Path | NDArray[Any], out: str | Path, *, count: int = 500, seed: int = 0
    ) -> Path:
        """Write a page on the model's code and what it looks at into the folder ``out``; return the page's path."""
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found = self._shown(data, Path(scratch))
            words = ("MODEL", data if isinstance(data, str) else "DATA")
            return explore(self.model, found, count=count, seed=seed, named=words).write(Path(out))

    @generators_kept()
    @check_arguments
    def card(
        self,
        data: str | Path | NDArray[Any] | None = None,
        *,
        out: str | Path | None = None,
        license: str | None = None,
        count: int = MOST_EVALUATED,
        seed: int = 0,
    ) -> str:
        """The model card as Markdown, with metrics on ``data`` where it is given.

        Args:
            out: a folder that gets it as README.md, and samples.png beside it.
            license: an identifier, as ``apache-2.0``; by default the card names none.

        Raises:
            ForeignFile: ``out`` has a README.md that is not ours, or that was edited.
        """
        with tempfile.TemporaryDirectory(prefix="amalgan-") as scratch:
            found, measured = None, None
            if data is not None:
                found, features = self._opened(data, Path(scratch))
                measured = evaluate(self.model, found, features=features, count=count, seed=seed)
            made = card(self.model, data=found, evaluation=measured, license=license)
        if out is not None:
            made.write(Path(out))
        return made.text

    @generators_kept()
    @check_arguments
    def augment(
        self,
        data: str | Path,
        out: str | Path,
        *,
        policy: PolicyName | None = None,
        times: float | None = None,
        balance: bool = False,
        strength: float | None = None,
        decoder: DecoderName | None = None,
        seed: int = 0,
        verify: bool = False,
        seeds: int = SEEDS,
        steps: int | None = None,
    ) -> dict[str, Any]:
        """Write new training examples into the folder ``out``; return what ``amalgan augment --json`` prints."""
        asked = Asked(
            policy=policy,
            times=times,
            balance=balance,
            strength=strength,
            decoder=decoder,
            seed=seed,
            verify=verify,
            seeds=seeds,
            steps=steps,
            named=("MODEL", str(data)),
        )
        return augment(self.model, str(data), asked, Path(out)).facts
