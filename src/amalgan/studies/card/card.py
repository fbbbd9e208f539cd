"""A model card in Markdown: README.md, which people and the Hugging Face hub read, and samples.png beside it.

    model, evaluation ─┬─► front matter: YAML for programs ──┐
                       ├─► facts: tables ────────────────────┼─► text, and a mark ─► README.md
                       ├─► usage: command lines and Python ──┘
                       └─► picture ────────────────────────────────────────────────► samples.png

Names of systems, classes and data are hostile text: what Markdown or HTML would act on is escaped. The last line holds
a hash of all above it: a card that was edited is no longer ours, and is never written over.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from amalgan.core.files import refuse_foreign, write_changed
from amalgan.data import Dataset
from amalgan.evaluation.evaluate import Evaluation
from amalgan.studies.card.facts import Row, parts_of
from amalgan.studies.card.front_matter import front_matter
from amalgan.studies.card.picture import sheet_of
from amalgan.studies.card.usage import commands, program
from amalgan.studies.html.page import readable
from amalgan.systems.model_file import Model

README, SAMPLES = "README.md", "samples.png"
MOST_BYTES = 2**22
"""Of a card that is read to see whose it is."""
ACTING = re.compile(r"([\\`*_\[\]|~$#])")
SIGNED = re.compile(rb"(.*)<!-- Made by amalgan, ([0-9a-f]{32}) -->\n", re.DOTALL)
KEPT = "<!-- Made by amalgan, {} -->\n"


@dataclass(frozen=True, kw_only=True)
class Card:
    """A model card."""

    text: str
    """README.md."""
    picture: bytes | None
    """samples.png; None where the model shows nothing."""

    def write(self, out: Path) -> Path:
        """Write both into the folder ``out``; return where the text is.

        Raises:
            ForeignFile: one of them is there already and is not ours, or was edited.
            FileError: they cannot be written.
        """
        text = out / README
        refuse_foreign([text], is_card)
        if self.picture is not None:
            write_changed(out / SAMPLES, self.picture)
        write_changed(text, self.text.encode(), proof=is_card)
        return text


def card(
    model: Model,
    *,
    data: Dataset | None = None,
    evaluation: Evaluation | None = None,
    license: str | None = None,
    named: str = "model.safetensors",
) -> Card:
    """Return the card of ``model``.

    Args:
        data: for the picture, where the model makes none without.
        evaluation: of the model on ``data``; without it the card has what training measured.
        license: an identifier, as ``apache-2.0``; the card names none by default.
        named: where the model is, for the commands.

    Raises:
        UsageError: ``license`` is no identifier.
    """
    head = front_matter(model, evaluation, license)
    sheet = sheet_of(model, data)
    body = [
        f"# {plain(title(model))}",
        "A model of amalgan, in one file without pickle.",
    ]
    body += [f"![{plain(sheet[1])}]({SAMPLES})"] if sheet else []
    for name, rows in parts_of(model, evaluation).items():
        body += [f"## {name}", table(rows)] if rows else []
    body += ["## How to use it", block("", commands(model, named)), block("python", [program(model, named)])]
    return Card(text=signed(f"{head}\n" + "\n\n".join(body) + "\n\n"), picture=sheet[0] if sheet else None)


def title(model: Model) -> str:
    """Return the system, and what it learned from."""
    data = (model.header.get("data") or {}).get("name")
    return f"{model.name}: {data}" if data else model.name


def table(rows: list[Row]) -> str:
    """Return rows as a table whose head is empty."""
    lines = [f"| {' | '.join(map(plain, row))} |" for row in rows]
    return "\n".join(["| | | |", "| --- | --- | --- |", *lines])


def block(language: str, lines: list[str]) -> str:
    """Return lines of code."""
    return "\n".join([f"```{language}", *lines, "```"])


def plain(text: str) -> str:
    """Return text in which nothing acts in Markdown or HTML, on one line."""
    return ACTING.sub(r"\\\1", html.escape(str(readable(text)), quote=False))


def signed(text: str) -> str:
    """Return ``text`` with a last line that tells whether it was changed."""
    return text + KEPT.format(hashed(text.encode()))


def hashed(text: bytes) -> str:
    """Return 32 hexadecimal characters that stand for a card."""
    return blake2b(text, digest_size=16, person=b"amalgan card").hexdigest()


def is_card(place: Path) -> bool:
    """Whether the file is a card as it was written: nobody has edited it."""
    try:
        if place.is_symlink() or not place.is_file() or place.stat().st_size > MOST_BYTES:
            return False
        found = SIGNED.fullmatch(place.read_bytes())
    except OSError:
        return False
    return found is not None and hashed(found[1]) == found[2].decode()
