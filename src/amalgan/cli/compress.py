"""Few bytes and back: ``compress`` and ``decompress``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.inputs import check_data, check_out, looked_through, model_at, stream_for
from amalgan.cli.model_outputs import noun, provenance
from amalgan.cli.output import Answer
from amalgan.cli.parts import keep_part, part_of
from amalgan.cli.shared import DecoderName, Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.errors import BitstreamError, DataError, UsageError
from amalgan.core.file_names import describe_ending
from amalgan.core.words import counted
from amalgan.kinds import kind_of

if TYPE_CHECKING:
    from amalgan.core.types import DataSpec
    from amalgan.systems.model_file import Model
    from amalgan.tasks.compress.packed import Entry


@dataclass(frozen=True, kw_only=True)
class Compress:
    """Compress every example of DATA to few bytes, which only the same model can read.

    Every split is taken. Bad files are skipped and listed (exit code 3). What is there already is not written again.
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to compress: all that amalgan train takes, and single pictures."""
    out: Path
    """Output: a folder (one .amg per image, with its name), or x.amg (one archive, smaller)."""
    quality: int | None = None
    """From 1, the fewest bytes; by default the one at which rounding costs at most 0.1 dB."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Compress and write."""
        from amalgan.tasks.compress.compress import coder_of, head_of

        check_packed_out(self.out, self.data)
        shard = self.sharing.part
        model = model_at(self.model, self.loading)
        head, skipped = head_of(model, self.quality), list[dict[str, str]]()
        names, codes = self.codes(model, skipped, console)
        with console.status("compressing ...") as status:
            found = stored(
                self.out, self.data, head, names, show_progress(codes, len(names), status), not shard.is_whole
            )
        n, total, written = len(found.places), found.bytes, found.written
        if not shard.is_whole:
            options, links = {"level": head.level}, self.reading.follow_links
            keep_part(
                self.out, found.places, part_of(self, "compress", model, options, n, follow_links=links)
            )
        elif not n:
            raise nothing_read(self.data, skipped)
        facts: dict[str, Any] = {
            "out": str(self.out),
            "n": n,
            "files": 1 if is_archive(self.out) else n,
            "written": written,
            "bytes": total,
            "bytes_each": total / max(1, n),
            "quality": head.level + 1,
            "qualities": coder_of(model).qualities,
            "digest": model.digest,
            "shard": self.sharing.shard,
            "skipped": skipped,
        }
        said = kind_of(model.spec).said_of_size(facts["bytes_each"], model.spec)
        facts |= {"said": said} if said else {}
        text = (
            f"{counted(n, noun(model))} in {self.out}: {total:,} bytes, {total / max(1, n):.1f} each, "
            f"quality {facts['quality']} of {facts['qualities']}{said and f'; {said}'}{unless(written)}"
        )
        return Answer(facts=facts, text=text, skipped=skipped)

    def codes(
        self, model: Model, skipped: list[dict[str, str]], console: Console
    ) -> tuple[Sequence[str], Iterator[tuple[str, bytes]]]:
        """All names, and names and codes of what can be read; the others are added to ``skipped``."""
        from amalgan.data.dataset.native_size import own_sized
        from amalgan.tasks.compress.compress import any_size, compress, compress_own

        if any_size(model):
            check_data(self.data)
            found = own_sized(
                self.data, model.spec, follow_links=self.reading.follow_links, shard=self.sharing.part
            )
            return found.names, compress_own(model, found.pictures, skipped, quality=self.quality)
        stream = looked_through(
            stream_for(self.data, self.reading.config(), model.spec, shard=self.sharing.part), console
        )
        skipped += stream.skipped
        names = stream.records.names if is_archive(self.out) else stream.paths(".amg")
        return names, zip(names, compress(model, stream.records, quality=self.quality), strict=True)


@dataclass(frozen=True, kw_only=True)
class Decompress:
    """Decompress what amalgan compress wrote.

    Damaged files are skipped and listed (exit code 3). What is there already is not written again.
    """

    model: Positional[Path]
    """The model that compressed: its file or its run's folder."""
    source: Positional[Path]
    """An archive, one .amg file, or a folder of them."""
    out: Path
    """Where to: a folder (one PNG each), x.png (one grid), x.npz (array x); vectors: x.npz or x.csv."""
    decoder: DecoderName = "faithful"
    """faithful is as close to the original as the code allows; realistic adds plausible detail."""
    seed: int = 0
    """Seed of what the realistic decoder draws."""
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Decompress and write."""
        from amalgan.tasks.compress.compress import coder_of
        from amalgan.tasks.compress.packed import entries

        check_out(self.out, str(self.source))
        model = model_at(self.model, self.loading)
        coder_of(model)
        found = entries(self.source)
        skipped: list[dict[str, str]] = []
        with console.status(f"decompressing {counted(len(found), noun(model))} ..."):
            n, files, written = self.write(model, found, skipped)
        if skipped and not n:
            more = f" So are all {len(skipped):,}." if len(skipped) > 1 else ""
            raise BitstreamError(skipped[0]["reason"] + more)
        facts = {
            "out": str(self.out),
            "n": n,
            "files": files,
            "written": written,
            "decoder": self.decoder,
            "skipped": skipped,
        }
        text = f"{counted(n, noun(model))} in {self.out}{unless(written)}"
        return Answer(facts=facts, text=text, skipped=skipped)

    def write(
        self, model: Model, found: Sequence[Entry], skipped: list[dict[str, str]]
    ) -> tuple[int, int, int]:
        """Examples decompressed, files that hold them, files written now."""
        from amalgan.data import to_pixels
        from amalgan.tasks.compress.packed import decompress

        parts = decompress(model, found, skipped, decoder=self.decoder, seed=self.seed)
        chunks = ((names, to_pixels(x, model.spec)) for names, x in parts)
        text = provenance(model, seed=self.seed)
        if not self.out.suffix and not kind_of(model.spec).refuses("files"):
            spec = model.spec
            written = [done for names, one in chunks for done in self.files(found, names, one, text, spec)]
            return len(written), len(written), sum(written)
        return self.together(model, list(chunks), text)

    def files(
        self, found: Sequence[Entry], names: list[str], made: Any, text: dict[str, str], spec: DataSpec
    ) -> Iterator[bool]:
        """Write one chunk into a folder; whether each was written, or there already."""
        from amalgan.core.files import write_changed

        kind = kind_of(spec)
        place = places_for(self.out, str(self.source), [one.name for one in found], kind.file_ending())
        for name, one in zip(names, made, strict=True):
            yield write_changed(place[name], kind.file_bytes(one, text, spec))

    def together(
        self, model: Model, chunks: list[tuple[list[str], Any]], text: dict[str, str]
    ) -> tuple[int, int, int]:
        """Write all into one file."""
        import numpy as np

        from amalgan.core.files import write_changed
        from amalgan.data import write_output

        names = [name for part, _ in chunks for name in part]
        if not names:
            return 0, 0, 0
        if len({part.shape[1:] for _, part in chunks}) > 1:
            raise UsageError(
                f"--out {self.out} holds one size, and the pictures have several; give a folder."
            )
        before = self.out.read_bytes() if self.out.is_file() else None
        pixels = np.concatenate([part for _, part in chunks])
        kind, order = kind_of(model.spec), np.argsort(np.array(names), kind="stable")
        if (table := kind.table(pixels[order], model.spec, self.out.suffix.lower())) is not None:
            return len(names), 1, int(write_changed(self.out, table))
        if self.out.suffix.lower() == ".png" and not kind.refuses("drawing"):
            pixels = kind.drawn(pixels, model.spec)
        files = write_output(self.out, pixels, names=names, columns=model.spec.names, text=text)
        return len(names), len(files), int(before is None or self.out.read_bytes() != before)


class Stored(NamedTuple):
    """What was compressed."""

    places: list[Path]
    """Where each picture is."""
    bytes: int
    written: int
    """Files that were written now."""


def stored(
    out: Path,
    data: str,
    head: Any,
    names: Sequence[str],
    codes: Iterator[tuple[str, bytes]],
    part: bool = False,
) -> Stored:
    """Write an archive or a folder."""
    from amalgan.codec import amg_file
    from amalgan.core.files import refuse_foreign, write_changed

    if is_archive(out):
        refuse_foreign([out], amg_file.is_packed)
        entries = list(codes)
        whole = amg_file.pack_archive(head, entries) if entries or part else b""
        changed = bool(whole) and write_changed(out, whole, proof=amg_file.is_packed)
        return Stored([out] * len(entries), len(whole), int(changed))
    place, places, total, written = places_for(out, data, names, amg_file.ENDING), list[Path](), 0, 0
    for name, code in codes:
        packed = amg_file.pack(head, code)
        places.append(place[name])
        total += len(packed)
        written += write_changed(place[name], packed, proof=amg_file.is_packed)
    return Stored(places, total, written)


def places_for(out: Path, source: str, names: Sequence[str], ending: str) -> dict[str, Path]:
    """Where each of ``names`` goes below ``out``; refused before anything is written.

    Raises:
        UsageError: one would be written over ``source``.
        ForeignFile: something of the user's is there.
    """
    from amalgan.codec import amg_file
    from amalgan.core.files import below, refuse_foreign
    from amalgan.core.ownership import is_ours
    from amalgan.data.readers.inputs import refuse_inputs
    from amalgan.data.writing.grids import png_names

    places = [below(out, path) for path in png_names(names, ending)]
    refuse_inputs(places, source)
    refuse_foreign(places, amg_file.is_packed if ending == amg_file.ENDING else is_ours)
    return dict(zip(names, places, strict=True))


def show_progress(codes: Iterator[tuple[str, bytes]], of: int, status: Any) -> Iterator[tuple[str, bytes]]:
    """``codes``, while the console says how many are done."""
    for done, code in enumerate(codes):
        if done % 16 == 0:
            status.update(f"compressing: {done:,} of {of:,} ...")
        yield code


def nothing_read(data: str, skipped: list[dict[str, str]]) -> DataError:
    """The error to raise where not one picture could be read."""
    first = "; ".join(f"{bad['name']}: {bad['reason']}" for bad in skipped[:3]) or "none was found"
    return DataError(f"{data} has no usable picture ({first}). Give a folder of pictures, or one.")


def check_packed_out(out: Path, data: str) -> None:
    """Refuse an ending that is neither an archive's nor a folder's, and to write over the input."""
    check_out(out, data)
    if out.suffix and not is_archive(out) and not out.is_dir():
        raise UsageError(f"--out {out} {describe_ending(out)}; give x.amg (one archive) or a folder.")


def is_archive(out: Path) -> bool:
    """Whether an --out of that name is one file."""
    return out.suffix.lower() == ".amg"


def unless(written: int) -> str:
    """What to say where all of it was there."""
    return "" if written else "; nothing was written: all of it was there already"
