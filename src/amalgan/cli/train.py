"""``amalgan train``, and what it came to."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Generic, TypeVar

from rich.console import Console

from amalgan.cli.inputs import check_data
from amalgan.cli.output import Answer, table
from amalgan.config.flags import Inline, Switch
from amalgan.config.train_options import TrainOptions
from amalgan.core.launchers import place
from amalgan.kinds import kind_named
from amalgan.systems import registry

if TYPE_CHECKING:
    from amalgan.training.run import Result

C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class Train(TrainOptions, Generic[C]):
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

    settings: Annotated[C, Inline]
    """The system's own."""
    config: Path | None = None
    """Repeat a run on DATA: options that are not given are those of this run.json, or of the one in this folder."""
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Train."""
        check_data(self.data)
        from amalgan.training.run import execute

        return answer(execute(self, console))


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
