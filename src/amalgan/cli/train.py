"""``amalgan train``: flags to an ``Order``, and what it came to."""

from __future__ import annotations

import re
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, Literal, TypeVar

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.flags import Inline, Switch
from amalgan.cli.inputs import check_data
from amalgan.cli.output import Answer, table
from amalgan.cli.shared import DeviceName, PrecisionName
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import TrackerName
from amalgan.core.errors import UsageError
from amalgan.core.launchers import place
from amalgan.kinds import kind_named
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.training.run import Result

C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long to train; 5 minutes by default."""

    minutes: float | None = None
    """Wall-clock minutes from the start to the model, without reading; the machine decides how many images that is."""
    images: int | None = None
    """Number of training images in total, counted with repetition, and once for all networks."""
    until: str | None = None
    """Stop when a validation metric is reached, such as psnr=24, error=0.1 or frechet=5, once every phase has begun."""
    patience: int | None = None
    """Stop after N validations without improvement, and publish the best model."""


@dataclass(frozen=True, kw_only=True)
class Train(Generic[C]):
    """Train a system on DATA and write one model file.

    DATA is built-in data (digits, photos, iris, wine, breast_cancer, diabetes, grid, gaussians, drums, formulas, logs),
    a folder of images, of short sounds or of .txt files (sub-folders are classes; train/ and test/ are splits), a .zip
    or .tar of one, images by a pattern ('photos/**/*.jpg', quoted), a label file (.csv of file and label), shards of
    WebDataset ('shard-{000..003}.tar'), a .parquet table of images, an address (https://..., s3://...), a folder of IDX
    files (as MNIST), an .npz or .npy file, a .csv table of numbers, or recordings of sensors (--kind series).
    The run is a folder with log.jsonl, samples/, and a state to resume from. When training has ended,
    model.safetensors replaces the state.
    """

    claims_itself: ClassVar[bool] = True
    """Its folder is locked and looked at where the work is done, for Python too."""

    data: Positional[str]
    """What to train on."""
    system: str = "fusion"
    """System to train; amalgan systems lists them. The last groups of flags belong to the system."""
    out: Path | None = None
    """Folder of the run; by default runs/DATA-SYSTEM, and runs/DATA-SYSTEM-seedN with --seed N."""
    preset: Literal["quick", "base"] = "quick"
    """Size of the networks: quick for CPUs, base (about twice as wide and deep) for GPUs or long runs."""
    seed: int = 0
    """Seed of all random numbers; equal seeds give equal runs."""
    batch: int = 64
    """Images per round, over all processes together."""
    micro_batch: int | None = None
    """Compute at most N images at a time, to save memory; the result is the same up to rounding."""
    device: DeviceName = "auto"
    """Device to compute on; auto selects cuda, else mps, else cpu."""
    precision: PrecisionName = "auto"
    """Precision of layers; auto selects bfloat16 for images if the device is faster in it."""
    resume: Switch = False
    """Continue the run in --out from its last saved state."""
    accept_changes: Switch = False
    """Resume with another torch, device or number of threads than the run was begun with, which changes its result."""
    overwrite: Switch = False
    """Replace the run in --out."""
    init: Path | None = None
    """Model file whose weights a new run starts from."""
    keep_state: Switch = False
    """Keep the states of a run that has ended; they are larger than its model and are removed otherwise."""
    track: TrackerName | None = None
    """Tell a tracker of experiments what the log gets: TensorBoard, Weights & Biases, MLflow or Trackio (each an extra
    of its name)."""
    plugin: Path | None = None
    """Python file, or folder of one, that registers a system or a kind of data of your own."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""
    budget: Annotated[Budget, Inline] = field(default_factory=Budget)
    reading: Annotated[DataConfig, Inline] = field(default_factory=DataConfig)
    augment: Annotated[AugmentConfig, Inline] = field(default_factory=AugmentConfig)
    settings: Annotated[C, Inline]
    """The system's own."""

    def run(self, console: Console) -> Answer:
        """Train."""
        if self.budget.minutes is not None and self.budget.images is not None:
            raise UsageError("--minutes and --images are both given; give one of them.")
        check_data(self.data)
        from amalgan.training.run import Order, execute

        order = Order(
            data=self.data,
            system=self.system,
            settings=self.settings,
            out=self.out or Path("runs") / self.own_name,
            images=self.budget.images,
            minutes=self.budget.minutes,
            seed=self.seed,
            batch=self.batch,
            micro_batch=self.micro_batch,
            until=self.budget.until,
            patience=self.budget.patience,
            device=self.device,
            precision=self.precision,
            resume=self.resume,
            accept_changes=self.accept_changes,
            overwrite=self.overwrite,
            init=self.init,
            keep_state=self.keep_state,
            track=self.track,
            reading=self.reading,
            augment=self.augment,
        )
        return answer(execute(order, console))

    @property
    def own_name(self) -> str:
        """What the run's folder is called by default: seeds do not share one."""
        return f"{short_name(self.data)}-{self.system}" + (f"-seed{self.seed}" if self.seed else "")


def short_name(data: str) -> str:
    """A word or path as part of a folder's name."""
    return (
        re.sub(r"[^\w.-]+", "-", Path(data).resolve().stem if Path(data).exists() else data).strip("-.")
        or "data"
    )


def answer(result: Result) -> Answer:
    """What the run reached."""
    from amalgan.systems import model_file

    info = model_file.info(result.model)
    facts: dict[str, Any] = asdict(result) | {"model": str(result.model)}
    rows = {
        "model": facts["model"],
        "images": f"{result.images:,}" + (f" (stopped: {result.stopped})" if result.stopped else ""),
        "CPU time": f"{result.cpu_seconds:,.0f} s",
        **{name.replace("_", " "): f"{value:.4g}" for name, value in result.metrics.items()},
        "try": tried(result.model.parent, info),
    }
    return Answer(facts=facts, text=table(rows), skipped=result.skipped, place=place())


def tried(run: Path, info: dict[str, Any]) -> str:
    """A command that shows what the model can do."""
    own, plugin = info["abilities"], registry.plugin_flags(info["system"], info["spec"]["kind"])
    drawn = not kind_named(info["spec"]["kind"]).refuses("drawing")
    if "quantize" in own:
        words = ["compress", run, "DATA", "--out", "packed.amg"]
    elif "restore" in own:
        words = ["restore", run, "PICTURES", "--task", info["config"]["tasks"][0], "--out", "restored"]
    elif "generate" in own or "encode" not in own:
        words = ["generate", run, "--count", "64", "--out", f"new.{'png' if drawn else 'npz'}"]
    else:
        words = ["embed", run, "DATA", "--out", "codes.npz"]
    return shlex.join(map(str, ["amalgan", *words, *plugin]))
