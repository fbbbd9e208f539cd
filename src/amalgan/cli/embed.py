"""``embed``: codes of pictures, and what they are good for: neighbors, near-duplicates, a map."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console
from tyro.conf import Positional

from amalgan.cli.batch_progress import pace
from amalgan.cli.inputs import check_out, data_for, looked_through, model_at, related, stream_for
from amalgan.cli.output import Answer, harmless
from amalgan.cli.shared import Loading, Reading, Sharing
from amalgan.config.flags import Inline, Switch
from amalgan.core.errors import UsageError
from amalgan.core.words import counted

if TYPE_CHECKING:
    from amalgan.data import Records
    from amalgan.data.dataset.streaming import Stream
    from amalgan.systems.model_file import Model
    from amalgan.tasks.embed.embed import Codes


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Write the code of every example of DATA, and find similar ones.

    The file holds the arrays code (N, K) float32, label (N,) and name (N,). A run that was stopped goes on where it
    was; what is there already is not written again. Bad files are skipped and listed (exit code 3).
    """

    model: Positional[Path]
    """A model file, a run's folder, or hf://user/name@revision."""
    data: Positional[str]
    """What to encode: all that amalgan train takes, and single pictures."""
    out: Path
    """Where to: x.npz or x.parquet."""
    plot: Path | None = None
    """Also draw a map of similar examples: an image (.png), or an interactive page (.html)."""
    query: str | None = None
    """A picture (or several, as DATA): name what of DATA is most like it."""
    neighbors: int = 10
    """So many of DATA for each --query."""
    sheet: Path | None = None
    """Draw each --query with its nearest neighbors, as a .png."""
    duplicates: Path | None = None
    """List groups of near-duplicates and of equal pictures as a .csv."""
    sharing: Annotated[Sharing, Inline] = field(default_factory=Sharing)
    loading: Annotated[Loading, Inline] = field(default_factory=Loading)
    reading: Annotated[Reading, Inline] = field(default_factory=Reading)
    json: Switch = False
    """End with one JSON object on stdout; all else goes to stderr."""

    def run(self, console: Console) -> Answer:
        """Encode, write, and look."""
        from amalgan.tasks.embed.embed import codes_in

        self.check()
        model, shard = model_at(self.model, self.loading), self.sharing.part
        stream = stream_for(self.data, self.reading.config(), model.spec, shard=shard)
        written, size = self.coded(model, stream, console)
        records, skipped, n = stream.records, stream.skipped, len(stream.records)
        facts: dict[str, Any] = {"out": str(self.out), "n": n, "code_size": size, "written": written}
        facts |= {
            "shard": self.sharing.shard,
            "overlap": None,
            "plot": None,
            "duplicates": None,
            "query": None,
        }
        if shard.is_whole:
            facts["overlap"] = related(model, stream, records, console)
        if self.plot or self.duplicates or self.query:
            codes = codes_in(self.out)
            facts["plot"] = self.drawn(codes, records, console)
            facts["duplicates"] = self.repeated(codes, records, console)
            facts["query"] = self.asked(model, codes, records, console)
        text = [f"{counted(n, 'code')} of {size} entries in {self.out}{'' if written else ': there already'}"]
        return Answer(
            facts=facts | {"skipped": skipped}, text="\n".join([*text, *summarize(facts)]), skipped=skipped
        )

    def check(self) -> None:
        """Refuse what cannot be, before anything is read."""
        from amalgan.tasks.embed.embed import check_codes_out

        for flag, place, endings in (
            ("--plot", self.plot, (".png", ".html")),
            ("--sheet", self.sheet, (".png",)),
            ("--duplicates", self.duplicates, (".csv",)),
        ):
            if place is not None and place.suffix.lower() not in endings:
                raise UsageError(f"{flag} {place}: give a {' or '.join(endings)} file.")
        for place in filter(None, (self.out, self.plot, self.sheet, self.duplicates)):
            check_out(place, self.data)
        check_codes_out(self.out)
        self.sharing.refuse_with(plot=self.plot, query=self.query, duplicates=self.duplicates)
        if self.sheet is not None and self.query is None:
            raise UsageError("--sheet shows a --query and its neighbors; give a picture as --query.")

    def coded(self, model: Model, stream: Stream, console: Console) -> tuple[bool, int]:
        """Whether the codes were written now, and the entries of each."""
        from amalgan.core.files import refuse_foreign
        from amalgan.data.writing.columns import write_columns
        from amalgan.tasks.embed.embed import (
            columns_of,
            encode_chunks,
            is_stored,
            journal_for,
            stamp_for,
            width,
        )

        refuse_foreign([self.out])
        if self.out.exists():
            looked_through(stream, console)
            if is_stored(self.out, stamp_for(model, stream), len(stream.records)):
                return False, width(model)
        journal = journal_for(self.out, model, stream)
        with pace(console, "encoding", stream.most, journal.count) as shown:
            journal.filled(lambda first: shown.follow(encode_chunks(model, stream, first)))
        records = stream.records
        journal.filled(lambda first: (), len(records))
        written = write_columns(self.out, columns_of(journal, records), stamp_for(model, stream))
        journal.remove()
        return written, width(model)

    def drawn(self, codes: Codes, records: Records, console: Console) -> str | None:
        """Where the map is."""
        if self.plot is None:
            return None
        with console.status("drawing the map ..."):
            if self.plot.suffix.lower() == ".html":
                from amalgan.studies.page.atlas import atlas

                atlas(codes, records, self.plot)
            else:
                from amalgan.tasks.embed.map import map_picture

                map_picture(codes, records, self.plot)
        return str(self.plot)

    def repeated(self, codes: Codes, records: Records, console: Console) -> dict[str, Any] | None:
        """What there is of near-duplicates, written as a table."""
        if self.duplicates is None:
            return None
        from amalgan.core.files import write_changed
        from amalgan.data.writing.sheets import sheet
        from amalgan.tasks.embed.similar import EXPECTED, duplicates

        with console.status("looking for near-duplicates ..."):
            found = duplicates(codes.code, records.store.hashes[records.index])
        write_changed(self.duplicates, sheet(found.lines(codes.name, codes.label)).encode())
        return {
            "out": str(self.duplicates),
            "groups": found.groups,
            "pictures": int((found.group >= 0).sum()),
            "exact": int(found.exact.sum()),
            "threshold": found.threshold,
            "dimension": found.dimension,
            "expected_by_chance": EXPECTED,
        }

    def asked(
        self, model: Model, codes: Codes, records: Records, console: Console
    ) -> list[dict[str, Any]] | None:
        """The neighbors of each query."""
        if self.query is None:
            return None
        from amalgan.tasks.embed.embed import embed
        from amalgan.tasks.embed.lineup import lineup
        from amalgan.tasks.embed.similar import Space

        query = data_for(self.query, self.reading.config(), console, like=model.spec).records
        space = Space.of(codes.code)
        distance, row = space.nearest(embed(model, query).code, min(self.neighbors, len(codes)))
        if self.sheet is not None:
            lineup(self.sheet, query, records, row, distance)
        return [
            {
                "name": query.name(number),
                "neighbors": [
                    {"name": str(codes.name[at]), "label": str(codes.label[at]), "distance": float(apart)}
                    for at, apart in zip(row[number].tolist(), distance[number], strict=True)
                ],
            }
            for number in range(len(query))
        ]


def summarize(facts: dict[str, Any]) -> list[str]:
    """What was found, for people."""
    lines = [f"map: {facts['plot']}"] if facts["plot"] else []
    if found := facts["duplicates"]:
        lines.append(
            f"near-duplicates: {counted(found['pictures'], 'picture')} in {counted(found['groups'], 'group')}, "
            f"{found['exact']:,} of them equal to another, in {found['out']}"
        )
    for one in facts["query"] or ():
        lines.append(f"nearest to {harmless(one['name'])}:")
        lines += [
            f"  {near['distance']:.3f}  {harmless(near['name'])}  {harmless(near['label'])}".rstrip()
            for near in one["neighbors"]
        ]
    return lines
