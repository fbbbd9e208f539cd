"""The Python API: what the command line does, on arrays.

compare ─► Comparison       train ─► Model       load(path) ─► Model        (``model`` has it)
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from amalgan.api.live import Live, notebook
from amalgan.api.model import Model, load
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.fields import from_arguments
from amalgan.config.run import DeviceName, PrecisionName, TrackerName
from amalgan.config.sizes import Preset
from amalgan.config.train_options import TrainOptions
from amalgan.core.arguments import check_arguments
from amalgan.core.errors import Interrupted, UsageError
from amalgan.core.randomness import generators_kept
from amalgan.data.dataset.in_memory import named, reading_of
from amalgan.studies.compare import Comparison
from amalgan.studies.compare import compare as carried_out
from amalgan.systems import registry
from amalgan.training import state
from amalgan.training.events import Callback, Teller, refuse_other
from amalgan.training.folder import MODEL
from amalgan.training.run import execute


@generators_kept()
@check_arguments
def train(
    system: str,
    data: Any,
    y: Any = None,
    *,
    layout: Literal["NHWC", "NCHW"] | None = None,
    minutes: float | None = TrainOptions.minutes,
    images: int | None = TrainOptions.images,
    out: str | Path | None = TrainOptions.out,
    settings: Any = None,
    preset: Preset = TrainOptions.preset,
    until: str | None = TrainOptions.until,
    patience: int | None = TrainOptions.patience,
    seed: int = TrainOptions.seed,
    batch: int = TrainOptions.batch,
    micro_batch: int | None = TrainOptions.micro_batch,
    average_half_life: int = TrainOptions.average_half_life,
    validate_every: int | None = TrainOptions.validate_every,
    device: DeviceName = TrainOptions.device,
    precision: PrecisionName = TrainOptions.precision,
    resume: bool = TrainOptions.resume,
    accept_changes: bool = TrainOptions.accept_changes,
    overwrite: bool = TrainOptions.overwrite,
    init: str | Path | None = TrainOptions.init,
    keep_state: bool = TrainOptions.keep_state,
    plugin: str | Path | None = TrainOptions.plugin,
    reading: DataConfig = DataConfig(),  # noqa: B008 - frozen
    augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
    track: TrackerName | None = TrainOptions.track,
    quiet: bool = False,
    callbacks: Sequence[Callback] | Callback = (),
) -> Model:
    """Train ``system`` on ``data`` and return the model.

    ``data`` is a name as on the command line (built-in data, path, pattern, address), an array or tensor (uint8, or
    floats in [0, 1]), a list of PIL images, arrays or paths, (x, y), a torch Dataset or DataLoader, a
    ``datasets.Dataset``, or a table of pandas or polars. All other arguments are the flags of ``amalgan train``.

    Args:
        y: labels, integers or text, one per example, if ``data`` has none.
        layout: axes of image arrays; by default NCHW for torch tensors, and NHWC for everything else.
        minutes: wall-clock time from the start to the model, without reading; 5 if ``images`` is not given either.
        images: number of training images in total, counted with repetition, instead of ``minutes``.
        out: folder of the run. Without it nothing stays on disk (``model.save`` writes the model), unless training is
            interrupted: then the error names the folder with the saved state.
        keep_state: keep the saved states when training has ended; they are removed otherwise.
        settings: the system's configuration, such as ``FusionConfig(code_size=32)``.
        preset: size of the networks where no ``settings`` are given.
        quiet: show no progress, on stderr or in a notebook.
        callbacks: functions that receive every ``Event`` of the run, in the first process. An exception in one ends
            training like an interruption: the state is saved, and the exception is raised.
        track: send losses, metrics and sample grids to an experiment tracker; needs the extra of its name.

    Raises:
        AmalganError: with the messages of the command line.
    """
    arguments = locals()
    given = refuse_other(callbacks)
    display = None if quiet else notebook()
    teller = Teller(given if display is None else (*given, Live(display)))
    if track is not None and out is None:
        raise UsageError("track is given without out, so nothing would be kept. Give out, the run's folder.")
    with workspace(out, teller) as scratch:
        options = from_arguments(
            TrainOptions,
            arguments,
            data=named(data, scratch, y, layout),
            settings=settings_of(system, settings, preset, plugin),
            out=out or scratch / "run",
            reading=reading_of(data, scratch, reading),
        )
        return load(execute(options, Console(stderr=True, quiet=quiet), teller=teller).model, device=device)


def settings_of(system: str, settings: Any, preset: Preset, plugin: str | Path | None) -> Any:
    """``settings``, or those of ``system`` at the size of ``preset``; a system of a plugin is loaded first.

    Raises:
        UsageError: settings and a preset are both given.
    """
    if plugin is not None:
        registry.load_plugin(Path(plugin))
    if settings is None:
        plain = registry.config_class(system)()
        return plain if preset == TrainOptions.preset else plain.preset(preset)
    if preset != TrainOptions.preset:
        raise UsageError("settings and preset are both given; give one of them, or settings.preset(...)")
    return settings


@contextmanager
def workspace(out: str | Path | None, teller: Teller) -> Iterator[Path]:
    """Yield a temporary folder; it is kept, and named, where training without ``out`` was interrupted and saved.

    A callback that raises interrupts too; its error says where the folder is.
    """
    scratch = Path(tempfile.mkdtemp(prefix="amalgan-"))
    kept = False
    try:
        yield scratch
    except Interrupted as stopped:
        kept = out is None and saved_in(scratch / "run")
        if not kept and out is None:
            raise Interrupted(
                f"stopped by {stopped.signal}; nothing was saved yet.", stopped.number
            ) from None
        if kept:
            raise Interrupted(
                f"stopped by {stopped.signal}; the state is saved. Go on by the same call with "
                f"out={str(scratch / 'run')!r}, resume=True.",
                stopped.number,
            ) from None
        raise
    except BaseException as error:
        kept = out is None and teller.failed and saved_in(scratch / "run")
        if kept:
            error.add_note(f"Go on by the same call with out={str(scratch / 'run')!r}, resume=True.")
        raise
    finally:
        if not kept:
            shutil.rmtree(scratch, ignore_errors=True)


def saved_in(run: Path) -> bool:
    """Whether the folder of a run holds a state to go on from, or a model."""
    return state.exists(run / state.STATE) or (run / MODEL).exists()


@generators_kept()
@check_arguments
def compare(
    data: str | Path,
    systems: Sequence[str] = CompareOptions.systems,
    *,
    out: str | Path,
    seeds: int = CompareOptions.seeds,
    cpu_minutes: float | None = CompareOptions.cpu_minutes,
    images: int | None = CompareOptions.images,
    parameters: int | None = CompareOptions.parameters,
    tries: int = CompareOptions.tries,
    jobs: int = CompareOptions.jobs,
    seed: int = CompareOptions.seed,
    count: int = CompareOptions.count,
    batch: int = CompareOptions.batch,
    preset: Preset = CompareOptions.preset,
    device: DeviceName = CompareOptions.device,
    precision: PrecisionName = CompareOptions.precision,
    plugin: str | Path | None = CompareOptions.plugin,
    samples: Sequence[str] = CompareOptions.samples,
    overwrite: bool = CompareOptions.overwrite,
    reading: DataConfig = DataConfig(),  # noqa: B008 - frozen
    augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
    quiet: bool = False,
) -> Comparison:
    """Train ``systems`` on ``data`` with one budget, each in processes of its own, and say which is best for what.

    The same call goes on with a comparison that was stopped. ``Comparison.report`` is what ``out/report.json`` holds.
    All arguments but ``quiet`` are the flags of ``amalgan compare``.

    Args:
        cpu_minutes: of training a cell, 2 when no budget is given; on an accelerator, minutes of the clock.
        samples: examples made elsewhere as rows: ``"name=x.npz"``.
        plugin: a file that registers systems or kinds of your own; the cells load it too.

    Raises:
        AmalganError: as the command line does; a cell that fails is a row of the report instead.
    """
    options = from_arguments(CompareOptions, locals())
    return carried_out(options, Console(stderr=True, quiet=quiet))
