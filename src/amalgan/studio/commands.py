"""What can be asked for as a job: commands of the command line, as forms.

    Form: fields ─► values of the browser, checked ─► the words of ``amalgan``, and Python that does the same

A form holds what most users want of a command; the words that it shows are a beginning for all else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from amalgan.core.errors import UsageError
from amalgan.systems import registry

Kind = Literal["model", "data", "number", "choice", "switch", "systems", "color", "size"]
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question of a form."""

    name: str
    """Of the flag, without dashes; model and data are positional."""
    title: str
    kind: Kind
    default: Any = None
    choices: tuple[tuple[str, str], ...] = ()
    """Values and what they are called."""
    least: float = 0
    most: float = 1e9
    whole: bool = False
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A command as a form."""

    name: str
    title: str
    about: str
    fields: tuple[Field, ...]
    abilities: tuple[str, ...] = ()
    """A model must have one of these; none where any will do."""
    ending: str = ""
    """Of what is written; a folder where there is none."""
    python: Callable[[list[str], Values], list[str]]

    def to_json(self) -> dict[str, Any]:
        """What the page draws."""
        fields = [asdict(field) for field in self.fields]
        description = {"name": self.name, "title": self.title, "about": self.about}
        return description | {"fields": fields, "abilities": self.abilities}

    def words(self, values: Values, out: str) -> list[str]:
        """Return the command line without its program."""
        places = [values[field.name] for field in self.fields if field.kind in ("model", "data")]
        flags = [
            word for field in self.fields if field.name in values for word in flag(field, values[field.name])
        ]
        return [self.name, *places, "--out", out, *flags]

    def checked(self, given: Mapping[str, Any]) -> Values:
        """Return the values that are given, each of its kind; those left empty are left out.

        Raises:
            UsageError: names the field that is wrong.
        """
        return {
            field.name: check(field, given[field.name])
            for field in self.fields
            if given.get(field.name) not in (None, "", False)
        } | self.required(given)

    def required(self, given: Mapping[str, Any]) -> Values:
        """Refuse a form without its model or data."""
        for field in self.fields:
            if field.kind in ("model", "data") and not given.get(field.name):
                raise UsageError(f"{field.title} is missing; choose one.")
        return {}


def flag(field: Field, value: Any) -> list[str]:
    """Return a value as words."""
    if field.kind in ("model", "data"):
        return []
    return [f"--{field.name}"] if field.kind == "switch" else [f"--{field.name}", str(value)]


def check(field: Field, value: Any) -> Any:
    """Return a value, known to be of its field's kind."""
    if field.kind == "number":
        return number(field, value)
    if field.kind == "switch":
        return True
    if not isinstance(value, str):
        raise UsageError(f"{field.title} is {value!r}; expected text.")
    known = [one for one, _ in field.choices]
    if field.kind == "choice" and value not in known:
        raise UsageError(f"{field.title} is {value!r}; choose one of {', '.join(known)}.")
    if field.kind == "systems" and (odd := set(value.split(",")) - set(registry.names())):
        raise UsageError(f"there is no system {sorted(odd)[0]!r}; there are {', '.join(registry.names())}.")
    return value


def number(field: Field, value: Any) -> float | int:
    """Return a number within the bounds of its field."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise UsageError(f"{field.title} is {value!r}; give a number.") from None
    if not (math.isfinite(found) and field.least <= found <= field.most) or (field.whole and found % 1):
        what = "a whole number" if field.whole else "a number"
        raise UsageError(f"{field.title} is {found:g}; give {what} from {field.least:g} to {field.most:g}.")
    return int(found) if field.whole or found % 1 == 0 else found


def by_main(words: list[str], values: Values) -> list[str]:
    """Return lines of Python that run the command line: for what has no shorter form on files."""
    return ["from amalgan.cli import main", "", f"main({words!r})"]


def by_model(method: str, *names: str) -> Callable[[list[str], Values], list[str]]:
    """Return what writes a call of a model's method: data, out, and those values by name."""

    def lines(words: list[str], values: Values) -> list[str]:
        out = words[words.index("--out") + 1]
        more = "".join(f", {name}={values[name]!r}" for name in names if name in values)
        load = f"model = ag.load({values['model']!r})"
        return ["import amalgan as ag", "", load, f"model.{method}({values['data']!r}, {out!r}{more})"]

    return lines


def by_compare(words: list[str], values: Values) -> list[str]:
    """Return lines that compare systems."""
    out, rows = words[words.index("--out") + 1], values["systems"].split(",")
    more = "".join(
        f", {name}={values[flag]!r}"
        for flag, name in (("seeds", "seeds"), ("cpu-minutes", "cpu_minutes"))
        if flag in values
    )
    return ["import amalgan as ag", "", f"ag.compare({values['data']!r}, {rows!r}, out={out!r}{more})"]


MODEL = Field(name="model", title="Model", kind="model")
DATA = Field(name="data", title="Pictures", kind="data")
SEED = Field(name="seed", title="Seed", kind="number", default=0, most=2**31, whole=True)
TASKS = (
    ("denoise", "remove noise"),
    ("inpaint", "fill holes"),
    ("upscale", "enlarge"),
    ("dejpeg", "remove JPEG artifacts"),
)
FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form(
            name="generate",
            title="Generate",
            about="New pictures, as a folder of PNGs that say which model made them.",
            abilities=("generate",),
            fields=(
                MODEL,
                Field(
                    name="count", title="How many", kind="number", default=64, least=1, most=1e6, whole=True
                ),
                SEED,
            ),
            python=by_main,
        ),
        Form(
            name="compress",
            title="Compress",
            about="Every picture in few bytes, which the same model can read: one archive.",
            abilities=("quantize", "encode"),
            ending=".amg",
            fields=(
                MODEL,
                DATA,
                Field(
                    name="quality",
                    title="Quality",
                    kind="number",
                    least=1,
                    most=64,
                    whole=True,
                    note="From 1, the fewest bytes. Leave it empty for the one at which rounding costs 0.1 dB at most.",
                ),
            ),
            python=by_main,
        ),
        Form(
            name="restore",
            title="Restore",
            about="Mended copies of pictures, names kept. Your files stay as they are.",
            abilities=("restore", "generate"),
            fields=(
                MODEL,
                DATA,
                Field(name="task", title="What to do", kind="choice", default="denoise", choices=TASKS),
                Field(
                    name="mask",
                    title="Color of holes",
                    kind="color",
                    note="To fill holes: the color of what is missing, as #ff00ff.",
                ),
            ),
            python=by_main,
        ),
        Form(
            name="augment",
            title="Augment",
            about="New labeled training pictures, and a verdict: do they help a classifier?",
            abilities=("encode", "generate"),
            fields=(
                MODEL,
                DATA,
                Field(
                    name="times",
                    title="New for each real one",
                    kind="number",
                    default=1,
                    least=0.01,
                    most=100,
                ),
                Field(name="balance", title="Fill small classes first", kind="switch"),
                Field(name="verify", title="Verify that they help", kind="switch", default=True),
            ),
            python=by_model("augment", "times", "balance", "verify"),
        ),
        Form(
            name="detect",
            title="Detect",
            about="How strange each picture is to a model that was trained on normal ones: a table.",
            abilities=("encode", "judge"),
            ending=".csv",
            fields=(
                MODEL,
                DATA,
                Field(name="rate", title="False alarms", kind="number", default=0.05, least=0.001, most=0.5),
            ),
            python=by_main,
        ),
        Form(
            name="compare",
            title="Compare systems",
            about="Train several systems with one budget; a report says which is best for what, and how sure that is.",
            fields=(
                DATA,
                Field(name="systems", title="Systems", kind="systems", default="autoencoder,gan,fusion"),
                Field(
                    name="cpu-minutes", title="Minutes each", kind="number", default=2, least=0.05, most=1e4
                ),
                Field(
                    name="seeds", title="Runs each", kind="number", default=3, least=1, most=20, whole=True
                ),
            ),
            python=by_compare,
        ),
        Form(
            name="report",
            title="Report",
            about="One page on a model: what it can do, how well, and what to watch out for.",
            fields=(MODEL, DATA, SEED),
            python=by_model("report", "seed"),
        ),
        Form(
            name="explore",
            title="Explore",
            about="What a model's code means, and what it looks at: one page.",
            abilities=("encode",),
            fields=(MODEL, DATA),
            python=by_model("explore"),
        ),
    )
}
