"""``restore``: pictures mended and holes filled, file by file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_data, check_out, model_at
from amalgan.cli.model_outputs import noun, provenance
from amalgan.cli.output import Answer
from amalgan.cli.parts import keep_part, part_of
from amalgan.cli.shared import DecoderName, Loading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.config.systems.restoration import RestoringTask
from amalgan.core.errors import DataError, UsageError
from amalgan.core.words import counted
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.systems.model_file import Model
    from amalgan.tasks.restore.restore_files import Job, Outcome


@dataclass(frozen=True, kw_only=True)
class Restore:
    """Restore the images of DATA: noise, holes, lost detail, JPEG artifacts.

    A model of the system restorer mends pictures of any size. Models that encode, decode and generate, as fusion, fill
    large holes in pictures of their own kind. Names, formats, transparency, EXIF and color profiles are kept. Bad files
    are skipped and listed (exit code 3). What was done before is not done again.

    A model of sounds that encodes and decodes removes noise from sounds. Models of series restore recordings (.csv,
    .npy, or a folder of them): --task gaps fills missing stretches, --task denoise removes noise. Time, class and all
    other cells are kept.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """A picture, or pictures as amalgan train takes them: a folder, an archive, a pattern."""
    out: Path
    """Folder for the restored images, with their names."""
    task: RestoringTask | Literal["gaps"]
    """Remove noise, fill holes, enlarge, or remove what JPEG has added; gaps: fill what is missing in recordings."""
    sigma: float | None = None
    """denoise: the noise's deviation in gray levels of 255; by default the model judges for itself."""
    factor: Literal[2, 3, 4] = 2
    """upscale: how many times as wide and high."""
    mask: str | None = None
    """inpaint: a picture that is white where something is missing, a folder of such with the names of DATA, or the
    color of what is missing, as '#ff00ff'."""
    samples: int = 1
    """inpaint, by models that generate: so many different fillings of each picture."""
    decoder: DecoderName = "faithful"
    """For inpaint with a model that generates: the decoder that fills holes; realistic is sharper if available."""
    seed: int = 0
    """Seed of the fillings."""
    format: Literal["same", "png"] = "same"
    """Write in each picture's own format (JPEG, WebP and AVIF at high quality), or all as PNG, without loss."""
    follow_links: Switch = False
    """Read links that leave the folder, as data sets have them that are made of links."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Restore and write."""
        from amalgan.tasks.restore.restore_files import pictures_at, restore_files

        model = model_at(self.model, self.loading)
        if kind_of(model.spec).of_recordings:
            return self.recordings(model, console)
        task = self.of_pictures()
        self.check()
        shard = self.sharing.part
        job = self.job(model, task)
        source = pictures_at(self.data, follow_links=self.follow_links)
        with console.status("restoring ...") as status:
            found = restore_files(job, source, shown_progress(status.update), shard)
        if not shard.is_whole:
            self.keep(job.model, found)
        if shard.is_whole and found.skipped and not found.n:
            more = f" So are all {len(found.skipped):,}." if len(found.skipped) > 1 else ""
            raise DataError(f"{found.skipped[0]['name']} {found.skipped[0]['reason']}.{more}")
        facts: dict[str, Any] = {
            "out": str(self.out),
            "task": self.task,
            "n": found.n,
            "written": found.written,
            "samples": self.samples,
            "shard": self.sharing.shard,
            "digest": job.model.digest,
            "skipped": found.skipped,
        }
        text = f"{counted(found.n, noun(job.model))} in {self.out}"
        text += "" if found.written else "; nothing was written: all of it was there already"
        return Answer(facts=facts, text=text, skipped=found.skipped)

    def recordings(self, model: Model, console: Console) -> Answer:
        """Restore recordings and write."""
        from amalgan.tasks.restore import recording_files

        check_data(self.data)
        check_out(self.out, self.data)
        if self.task not in ("gaps", "denoise"):
            raise UsageError(
                f"--task {self.task} is for pictures; recordings have --task gaps and --task denoise."
            )
        if self.mask is not None or self.samples != 1 or self.sharing.shard is not None:
            raise UsageError("--mask, --samples and --shard are for pictures; leave them out.")
        job = recording_files.Job(
            model=model,
            task=self.task,
            out=self.out,
            decoder=self.decoder,
            seed=self.seed,
            follow_links=self.follow_links,
        )
        with console.status("restoring ...") as status:
            found = recording_files.restore_recordings(job, self.data, shown_progress(status.update))
        if found.skipped and not found.n:
            raise DataError(f"{found.skipped[0]['name']} {found.skipped[0]['reason']}.")
        facts = {"out": str(self.out), "task": self.task, "digest": model.digest, **asdict(found)}
        done = "filled" if self.task == "gaps" else "replaced"
        text = f"{counted(found.n, 'recording')} in {self.out}: {counted(found.filled, 'value')} {done}"
        text += f", {found.left:,} left as they were" if found.left else ""
        return Answer(facts=facts, text=text, skipped=found.skipped)

    def of_pictures(self) -> RestoringTask:
        """The task, if it is one of pictures."""
        if self.task == "gaps":
            raise UsageError(
                "--task gaps is for recordings; pictures have holes: --task inpaint --mask MASK."
            )
        return self.task

    def keep(self, model: Model, found: Outcome) -> None:
        """Note in the folder which part it is."""
        from amalgan.tasks.restore.restore_files import LOG

        names = ("task", "sigma", "factor", "mask", "samples", "decoder", "seed", "format")
        options = {name: getattr(self, name) for name in names}
        log = [self.out / LOG] if (self.out / LOG).exists() else []
        places = [self.out / name for name in found.files] + log
        part = part_of(self, "restore", model, options, found.n, follow_links=self.follow_links)
        keep_part(self.out, places, part)

    def check(self) -> None:
        """Refuse what does not go together."""
        check_data(self.data)
        check_out(self.out, self.data)
        if self.out.is_file():
            raise UsageError(f"--out {self.out} is a file; give a folder.")
        if (self.mask is None) == (self.task == "inpaint"):
            raise UsageError(
                "--mask says where holes are: --task inpaint needs it, and nothing else takes it."
            )

    def job(self, model: Model, task: RestoringTask) -> Job:
        """What is to be done, as tasks know it."""
        from amalgan.data.readers.holes import holes
        from amalgan.tasks.restore.restore import Answers
        from amalgan.tasks.restore.restore_files import Job
        from amalgan.tasks.restore.windows import Repair

        return Job(
            model=model,
            repair=Repair(task=task, sigma=self.sigma, factor=self.factor),
            answers=Answers(samples=self.samples, decoder=self.decoder, seed=self.seed),
            out=self.out,
            text=provenance(model, seed=self.seed) | {"Source": "restored by a trained model"},
            holes=None if self.mask is None else holes(self.mask),
            as_png=self.format == "png",
            source=self.data,
        )


def shown_progress(show: Callable[[str], None]) -> Callable[[int, int], None]:
    """Tells how many are done, and about how long the others take."""
    started_at = time.monotonic()

    def tell(done: int, of: int) -> None:
        left = (time.monotonic() - started_at) / done * (of - done)
        show(f"restoring: {done:,} of {of:,}, about {left:,.0f} s left ...")

    return tell
