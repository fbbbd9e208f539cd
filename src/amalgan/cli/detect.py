"""``detect``: how strange pictures are to a model that was trained on normal ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rich.console import Console
from rich.table import Table
from tyro.conf import Positional

from amalgan.cli.batch_progress import pace
from amalgan.cli.inputs import check_out, data_for, looked_through, model_at, related, stream_for
from amalgan.cli.model_outputs import skipped_of
from amalgan.cli.output import Answer, say, table
from amalgan.cli.parts import check_all, check_rows_out, write_part
from amalgan.cli.shared import Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.errors import UsageError
from amalgan.core.words import counted

if TYPE_CHECKING:
    from torch import Tensor

    from amalgan.core.journal import Journal
    from amalgan.data import Dataset
    from amalgan.data.dataset.streaming import Stream
    from amalgan.systems.model_file import Model
    from amalgan.tasks.detect.detect import Detection
    from amalgan.tasks.detect.flaw_records import FlawsOf
    from amalgan.tasks.detect.normals import Sides


@dataclass(frozen=True, kw_only=True)
class Detect:
    """Find examples of DATA that look anomalous to a model of normal ones.

    By how unlikely their code and the errors of their decode are together, where the training data is at hand, else by
    each for itself. Of recordings, strange windows in a row become stretches of time, with start, stop and p-value
    (x.stretches.csv). Scores become p-values beside normal examples that the model was not trained on. A run that was
    stopped goes on where it was; bad files are skipped and listed (exit code 3).
    """

    model: Positional[Path]
    """A model file or a run's folder, trained on normal examples."""
    data: Positional[str]
    """What to judge: all that amalgan train takes, and single pictures."""
    out: Path
    """Where to write a row an example: x.csv."""
    normals: str | None = None
    """Normal examples to compare with; of the model's training data, what it was not trained on is taken. By default
    the validation split of DATA."""
    anomaly: str | None = None
    """Classes of DATA that are anomalous, with commas between: are they found?"""
    rate: float = 0.05
    """The share of normal examples that may raise a false alarm."""
    control: Literal["each", "discoveries"] = "each"
    """each: --rate is as said; discoveries: it is the share of alarms that are false (Benjamini-Hochberg)."""
    split: Literal["auto", "test", "all"] = "auto"
    """auto: the test split of DATA where it has its own or gives the normals, else everything."""
    outside: Switch = False
    """Let a network taught on ImageNet judge too (needs the imagenet extra, and the training data): it tells kinds of
    things that the model has never seen."""
    patches: Literal["auto", "imagenet", "own"] | None = None
    """Search for small flaws: each part of a picture at its own size, tile by tile, beside parts of normal ones; in the
    features of a network taught on ImageNet, the model's own, or (auto) imagenet if it is installed."""
    maps: Path | None = None
    """Folder for a picture of each alarm: itself, its decode, and where that is unusually wrong; with --patches, the
    whole picture, and where its parts are unlike normal ones."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Judge and write."""
        self.check()
        shard = self.sharing.part
        model, config = model_at(self.model, self.loading), self.reading.config()
        stream = looked_through(stream_for(self.data, config, model.spec, shard=shard), console)
        beside = data_for(self.normals, config, console, like=model.spec) if self.normals else None
        anomalies = [one for one in (self.anomaly or "").split(",") if one]
        self.check_patches(model)
        chosen = self.chosen(model, stream, beside, anomalies)
        flaws = self.flaws(model, chosen, stream, console) if self.patches else None
        found, journal = self.found(model, chosen, console, flaws)
        alarms = found.alarms(self.rate, self.control)
        written = self.write(found, alarms, model, stream, beside, flaws.name if flaws else None)
        journal.remove()
        self.explain_silence(found, model, console)
        skipped = stream.skipped + (skipped_of(beside) if beside else [])
        facts = {
            "n": len(found),
            "split": chosen.split,
            "overlap": related(model, stream, chosen.judged, console) if shard.is_whole else None,
            "shard": self.sharing.shard,
            "normals": {
                "n": found.normals,
                "of": chosen.source,
                "smallest_p": found.smallest,
                "overlap": related(model, beside or stream, chosen.normal, console),
            },
            "signals": list(found.score),
            "patches": flaws.name if flaws else None,
            "rate": self.rate,
            "control": self.control,
            "alarms": int(alarms.sum()),
            "stretches": self.write_stretches(found, chosen, alarms),
            "judged": found.judged(anomalies, alarms) if anomalies else None,
            "out": str(self.out),
            "written": written,
            "maps": self.write_maps(model, chosen, alarms, found, flaws) if self.maps else None,
            "system": model.name,
            "digest": model.digest,
            "skipped": skipped,
        }
        return Answer(facts=facts, text=summarize(facts), skipped=skipped)

    def check(self) -> None:
        """Refuse what cannot be done, before anything is read."""
        from amalgan.tasks.detect.detect import check_rate

        check_rate(self.rate)
        check_rows_out(self.out, self.sharing.part)
        check_all(self.sharing.part, self.split)
        self.sharing.refuse_with(anomaly=self.anomaly, maps=self.maps)
        for place in filter(None, (self.out, self.maps)):
            check_out(place, self.data)

    def check_patches(self, model: Model) -> None:
        """Refuse --patches where no network has maps for them, before anything is judged."""
        from amalgan.tasks.detect.patch_networks import patch_network

        if self.patches:
            patch_network(model, self.patches)

    def explain_silence(self, found: Detection, model: Model, console: Console) -> None:
        """Say why nothing can raise an alarm, or a signal is missing."""
        from amalgan.tasks.judging import why_silent

        if found.smallest > self.rate:
            say(console, f"note: {found.describe_silence(self.rate)}")
        if why := why_silent(model):
            say(console, f"note: {why}")

    def write_stretches(self, found: Detection, chosen: Sides, alarms: Tensor) -> list[dict[str, Any]] | None:
        """Write the strange stretches of recordings beside the table, and return them; None of other data."""
        from amalgan.tasks.detect.stretches import beside_table, stretches_of, write_stretches

        stretches = stretches_of(found, chosen.judged, alarms)
        if stretches is None:
            return None
        if self.sharing.part.is_whole:
            write_stretches(beside_table(self.out), stretches)
        return [asdict(one) for one in stretches]

    def chosen(self, model: Model, stream: Stream, beside: Dataset | None, anomalies: list[str]) -> Sides:
        """What is judged, and the normal examples that it is compared with."""
        from amalgan.tasks.detect.normals import sides, sides_of_part, with_known

        if stream.shard.is_whole:
            chosen = sides(model, stream.dataset, beside, anomalies=anomalies, split=self.split)
        else:
            chosen = sides_of_part(model, stream, beside)
            self.refuse_own(stream, model)
        return with_known(chosen) if self.patches else chosen

    def write(
        self,
        found: Detection,
        alarms: Tensor,
        model: Model,
        stream: Stream,
        beside: Dataset | None,
        patches: str | None,
    ) -> bool:
        """Write the table, or the part of one; return whether it was not there already."""
        if stream.shard.is_whole:
            return found.write(self.out, alarms)
        options: dict[str, Any] = {"rate": self.rate, "control": self.control, "outside": self.outside}
        options |= {"patches": patches} if patches else {}
        options |= {"normals": beside and beside.fingerprint}
        return write_part(self.out, found.columns(), stream.part("detect", model.digest, options))

    def refuse_own(self, stream: Stream, model: Model) -> None:
        """Refuse DATA as --normals, of which a run over all would judge what it does not compare with."""
        assert self.normals is not None
        if stream_for(self.normals, self.reading.config(), model.spec).listing == stream.listing:
            raise UsageError(
                "--normals is DATA itself, of which --shard knows no splits. Give other normals."
            )

    def flaws(self, model: Model, chosen: Sides, stream: Stream, console: Console) -> FlawsOf:
        """What is learned of the patches of known normals."""
        from amalgan.core.shards import WHOLE
        from amalgan.data.dataset.full_size import FullSize
        from amalgan.tasks.detect.flaw_records import FlawsOf, why_uncalibrated

        assert self.patches is not None
        config = self.reading.config()
        judged = FullSize(self.data, config, model.spec, WHOLE if stream.whole_store else stream.shard)
        normals = FullSize(self.normals or self.data, config, model.spec)
        if why := why_uncalibrated(chosen.judged, chosen.normal):
            say(console, f"note: {why}")
        with console.status("learning what normal patches are ..."):
            return FlawsOf.learned(model, self.patches, chosen, judged, normals)

    def found(
        self, model: Model, chosen: Sides, console: Console, flaws: FlawsOf | None
    ) -> tuple[Detection, Journal]:
        """The scores, and where they are kept until they are written."""
        from amalgan.core.journal import Journal
        from amalgan.tasks.detect.detect import detect_on
        from amalgan.tasks.detect.outside import Outside
        from amalgan.tasks.detect.record_scores import key_for
        from amalgan.tasks.detect.signals import Joint, signals

        with console.status("learning what is normal ..."):
            joint = Joint.of(model, chosen.known)
            outside = Outside.of(model, chosen.known) if self.outside else None
        columns = len(signals(model, chosen.normal.take([0]), joint, outside)) + (flaws is not None)
        key = key_for(model, chosen, self.outside, flaws.name if flaws else None)
        journal = Journal.beside(self.out, key, "<f8", (columns,))
        with pace(console, "judging", len(chosen.judged), journal.count) as shown:
            return detect_on(journal, model, chosen, joint, shown.follow, outside, flaws), journal

    def write_maps(
        self, model: Model, chosen: Sides, alarms: Tensor, found: Detection, flaws: FlawsOf | None
    ) -> int:
        """Write the maps of those that raise an alarm; return how many."""
        from amalgan.core.files import below, refuse_foreign, write_bytes
        from amalgan.data.readers.inputs import refuse_inputs
        from amalgan.data.writing.grids import png_bytes, png_names
        from amalgan.tasks.detect.heat import maps, usual
        from amalgan.tasks.detect.signals import PATCHES

        assert self.maps is not None
        picked = chosen.judged.select(alarms.nonzero()[:, 0].numpy())
        places = [below(self.maps, name) for name in png_names(picked.names)]
        refuse_inputs(places, self.data)
        refuse_foreign(places)
        if flaws is None:
            pictures = maps(model, picked, usual(model, chosen.normal))
        else:
            pictures = flaws.maps(picked, found.normal[PATCHES])
        for place, picture in zip(places, pictures, strict=True):
            write_bytes(place, png_bytes(picture))
        return len(picked)


def summarize(facts: dict[str, Any]) -> Table:
    """What was found, for people."""
    normals, split = facts["normals"], "all" if facts["split"] == "all" else "test split"
    what = "of normal examples" if facts["control"] == "each" else "of alarms, if false"
    rows = {
        "judged": f"{facts['n']:,} ({split}), by {', '.join(facts['signals'])}",
        "beside": f"{counted(normals['n'], 'normal example')}: {normals['of']}; smallest p {normals['smallest_p']:.3g}",
        "alarms": f"{facts['alarms']:,} at a rate of {facts['rate']:g} {what}",
    }
    if judged := facts["judged"]:
        rows |= {
            "anomalies": f"{judged['anomalous']:,} known, {percent(judged['found'])} raise an alarm; of "
            f"{judged['normal']:,} normal ones {percent(judged['false_alarms'])}",
            **{f"AUROC, {name}": spanned(found) for name, found in judged["auroc"].items()},
        }
    if (stretches := facts["stretches"]) is not None:
        from amalgan.tasks.detect.stretches import name_strangest

        rows["stretches"] = name_strangest(stretches)
    if facts["maps"] is not None:
        rows["maps"] = f"{facts['maps']:,}"
    return table(rows | {"written": facts["out"]})


def percent(found: dict[str, float]) -> str:
    """A share with its interval."""
    return f"{found['mean']:.1%} ({found['low']:.1%} to {found['high']:.1%})"


def spanned(found: dict[str, float]) -> str:
    """A number with its interval."""
    return f"{found['mean']:.4f}, 95 % interval {found['low']:.4f} to {found['high']:.4f}"
