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
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import TrackerName
from amalgan.core.arguments import check_arguments
from amalgan.core.errors import Interrupted, UsageError
from amalgan.core.randomness import generators_kept
from amalgan.data.dataset.in_memory import named, reading_of
from amalgan.studies.compare import Comparison, Request
from amalgan.studies.compare import compare as carried_out
from amalgan.systems import registry
from amalgan.training import state
from amalgan.training.events import Callback, Teller, refuse_other
from amalgan.training.folder import MODEL
from amalgan.training.processes import DeviceName, PrecisionName
from amalgan.training.run import Order, execute


@generators_kept()
@check_arguments
def train(
    system: str,
    data: Any,
    y: Any = None,
    *,
    layout: Literal["NHWC", "NCHW"] | None = None,
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
    keep_state: bool = False,
    reading: DataConfig = DataConfig(),  # noqa: B008 - frozen
    augment: AugmentConfig = AugmentConfig(),  # noqa: B008 - frozen
    quiet: bool = False,
    callbacks: Sequence[Callback] | Callback = (),
    track: TrackerName | None = None,
) -> Model:
    """Train ``system`` on ``data`` and return the model.

    ``data`` is a name as on the command line (built-in data, path, pattern, address), an array or tensor (uint8, or
    floats in [0, 1]), a list of PIL images, arrays or paths, (x, y), a torch Dataset or DataLoader, a
    ``datasets.Dataset``, or a table of pandas or polars.

    Args:
        y: labels, integers or text, one per example, if ``data`` has none.
        layout: axes of image arrays; by default NCHW for torch tensors, and NHWC for everything else.
        minutes: wall-clock time from the start to the model, without reading; 5 if ``images`` is not given either.
        images: number of training images in total, counted with repetition, instead of ``minutes``.
        out: folder of the run. Without it nothing stays on disk (``model.save`` writes the model), unless training is
            interrupted: then the error names the folder with the saved state.
        keep_state: keep the saved states when training has ended; they are removed otherwise.
        settings: the system's configuration, such as ``FusionConfig(code_size=32).preset("base")``.
        quiet: show no progress, on stderr or in a notebook.
        callbacks: functions that receive every ``Event`` of the run, in the first process. An exception in one ends
            training like an interruption: the state is saved, and the exception is raised.
        track: send losses, metrics and sample grids to an experiment tracker; needs the extra of its name.

    Raises:
        AmalganError: with the messages of the command line.
    """
    given = refuse_other(callbacks)
    display = None if quiet else notebook()
    teller = Teller(given if display is None else (*given, Live(display)))
    if track is not None and out is None:
        raise UsageError("track is given without out, so nothing would be kept. Give out, the run's folder.")
    if minutes is not None and images is not None:
        raise UsageError("minutes and images are both given; give one of them")
    with workspace(out, teller) as scratch:
        order = Order(
            data=named(data, scratch, y, layout),
            system=system,
            settings=settings if settings is not None else registry.config_class(system)(),
            out=Path(out or scratch / "run"),
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
            keep_state=keep_state,
            track=track,
            reading=reading,
            decoded=reading_of(data, scratch, reading).cache,
            augment=augment,
        )
        return load(execute(order, Console(stderr=True, quiet=quiet), teller=teller).model, device=device)


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
    device: DeviceName = "cpu",
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
        cpu_minutes: of training a cell, 2 when no budget is given; on an accelerator, minutes of the clock.
        samples: examples made elsewhere as rows: ``"name=x.npz"``.
        plugin: a file that registers systems or kinds of your own; the cells load it too.

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
        device=device,
        precision=precision,
        plugin=Path(plugin) if plugin is not None else None,
        samples=tuple(samples),
        overwrite=overwrite,
        reading=reading,
        augment=augment,
    )
    return carried_out(request, Console(stderr=True, quiet=quiet))
