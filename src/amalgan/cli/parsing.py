"""From a command line to a command: tyro reads the values; names that fit nothing are answered with the nearest.

argv ─► name ─► dataclass (train: with the settings of --system, at the size of --preset) ─► tyro ─► command
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import tyro

from amalgan.cli import completion, help
from amalgan.cli.augment import Augment
from amalgan.cli.card import Card
from amalgan.cli.check import CheckSystem
from amalgan.cli.classify import Classify
from amalgan.cli.compare import Compare
from amalgan.cli.compress import Compress, Decompress
from amalgan.cli.demo import Demo
from amalgan.cli.detect import Detect
from amalgan.cli.embed import Embed
from amalgan.cli.evaluate import Evaluate
from amalgan.cli.explore import Explore
from amalgan.cli.export import Export
from amalgan.cli.gather import Gather
from amalgan.cli.generate import Generate
from amalgan.cli.info import Info
from amalgan.cli.inspect import Inspect
from amalgan.cli.output import Command
from amalgan.cli.push import Push
from amalgan.cli.reconstruct import Reconstruct
from amalgan.cli.repeating import recorded_comparison, recorded_run, with_budget
from amalgan.cli.report import Report
from amalgan.cli.restore import Restore
from amalgan.cli.studio import Studio
from amalgan.cli.systems import Systems
from amalgan.cli.trace import Trace
from amalgan.cli.train import Train
from amalgan.config.command_words import nearest
from amalgan.config.flags import Flag, groups
from amalgan.core.arguments import MOST
from amalgan.core.errors import UsageError
from amalgan.core.version import __version__
from amalgan.systems import registry

COMMANDS: dict[str, type[Any]] = {
    "demo": Demo,
    "train": Train,
    "generate": Generate,
    "reconstruct": Reconstruct,
    "restore": Restore,
    "compress": Compress,
    "decompress": Decompress,
    "embed": Embed,
    "classify": Classify,
    "detect": Detect,
    "trace": Trace,
    "gather": Gather,
    "augment": Augment,
    "evaluate": Evaluate,
    "compare": Compare,
    "report": Report,
    "explore": Explore,
    "card": Card,
    "push": Push,
    "export": Export,
    "studio": Studio,
    "inspect": Inspect,
    "systems": Systems,
    "check-system": CheckSystem,
    "info": Info,
}


def parse(argv: Sequence[str]) -> Command | str:
    """The command that ``argv`` asks for, or the text to show when it asks for help.

    Raises:
        UsageError: no such command, flag or value; says what there is.
    """
    name, rest = (argv[0], list(argv[1:])) if argv else ("--help", [])
    if name in ("-h", "--help", "help"):
        return help.top(COMMANDS)
    if name == "--version":
        return f"amalgan {__version__}"
    if name == completion.FLAG:
        return completion.script(rest, COMMANDS | {"train": settled_train()})
    if name not in COMMANDS:
        raise UsageError(f"there is no command {name!r}{nearest(name, COMMANDS)}. See amalgan --help.")
    kind, default = COMMANDS[name], default_of(name, rest)
    if {"-h", "--help"} & set(rest):
        return help.of_command(name, kind, default)
    return read(name, kind, default, rest)


def default_of(name: str, rest: Sequence[str]) -> Any:
    """What a command is before its flags are read, where its class does not say it; None elsewhere."""
    if name == "train":
        return train_default(rest)
    if name == "compare" and (config := value_of("--config", rest)):
        recorded = recorded_comparison(Path(config), read_compare)
        return with_budget(recorded, named(rest))
    return None


def read_compare(words: list[str]) -> Compare:
    """The comparison that the words after ``amalgan compare`` ask for."""
    return cast(Compare, read("compare", Compare, None, words))


def train_default(rest: Sequence[str]) -> Train[Any]:
    """What ``train`` is before its flags are read: the run of ``--config``, and the settings of the system."""
    if plugin := value_of("--plugin", rest):
        registry.load_plugin(Path(plugin))
    config, system, preset = (value_of(flag, rest) for flag in ("--config", "--system", "--preset"))
    recorded = with_budget(recorded_run(Path(config)), named(rest)) if config else None
    if recorded is not None and not (system or preset):
        return cast(Train[Any], recorded)
    system = system or (recorded.system if recorded else "fusion")
    if system not in registry.names():
        raise UsageError(
            f"--system {system!r}: there is no such system{nearest(system, registry.names())}. There are "
            f"{', '.join(registry.names())}; one of your own is loaded by --plugin FILE.py."
        )
    settings = registry.config_class(system)()
    sized = settings.preset("base") if preset == "base" else settings
    if recorded is not None:
        return replace(recorded, system=system, settings=sized)
    return Train(data=cast(str, tyro.MISSING), settings=sized)


def named(rest: Sequence[str]) -> set[str]:
    """The flags among the words of a command line."""
    return {word.split("=", 1)[0] for word in rest if word.startswith("-")}


def settled_train() -> type[Any]:
    """``Train`` with the settings of the default system."""
    return cast(type[Any], Train[type(train_default([]).settings)])  # type: ignore[misc]


def value_of(flag: str, rest: Sequence[str]) -> str | None:
    """The value that follows ``flag``, or stands after its equals sign; the last one counts."""
    found = [word.split("=", 1)[1] for word in rest if word.startswith(f"{flag}=")]
    found += [value for word, value in pairwise(rest) if word == flag]
    return found[-1] if found else None


def read(name: str, kind: type[Any], default: Any, rest: list[str]) -> Command:
    """Let tyro fill the dataclass ``kind`` from ``rest``."""
    flags = [flag for group in groups(kind, default) for flag in group.flags]
    words = [part for word in rest for part in switched(word, flags)]
    target = kind[type(default.settings)] if kind is Train else kind
    said = StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(said):
            command, unknown = tyro.cli(
                target,
                prog=f"amalgan {name}",
                args=words,
                default=default,
                add_help=False,
                return_unknown_args=True,
                config=(tyro.conf.PositionalMetavarFromFieldName,),
            )
    except SystemExit:
        raise UsageError(f"{unframed(said.getvalue())} See amalgan {name} --help.") from None
    if unknown:
        raise UsageError(unexpected(name, unknown[0], flags))
    check_numbers(command, kind)
    return cast(Command, command)


def check_numbers(command: Any, kind: type[Any]) -> None:
    """Refuse numbers that no computation can hold, in every flag of every command.

    Raises:
        UsageError: a number has more than 63 bits before its point, or is NaN or infinite.
    """
    for flag in (flag for group in groups(kind, command) for flag in group.flags):
        values = flag.default if isinstance(flag.default, tuple) else (flag.default,)
        for value in values:
            if isinstance(value, float) and not math.isfinite(value):
                raise UsageError(f"{flag.spellings[0]} is {value}; expected a finite number.")
            if isinstance(value, int | float) and abs(value) > MOST:
                raise UsageError(
                    f"{flag.spellings[0]} is {str(value)[:40]}; at most {MOST:,}. Give a smaller number."
                )


def unframed(box: str) -> str:
    """The sentence in what tyro prints: a title, a rule, what is wrong, a rule, and where help is."""
    title, *rest = re.split(r"\n\W*[-─]{5,}\W*\n", box)
    said = " ".join((rest[0] if rest else title).split())
    return said.removesuffix("(required)").rstrip(" .") + "."


def switched(word: str, flags: Iterable[Flag]) -> list[str]:
    """``--no-flip`` as ``--flip False``, for a flag that may also be left open."""
    for flag in flags:
        if flag.kind is bool and flag.default is None and word in flag.spellings:
            return [flag.spellings[0], str(word == flag.spellings[0])]
    return [word]


def unexpected(name: str, word: str, flags: Iterable[Flag]) -> str:
    """What to say of a word that fits nothing."""
    if not word.startswith("-"):
        return f"{name} does not know what to do with {word!r}. See amalgan {name} --help."
    flag = word.split("=")[0]
    known = [spelling for flag in flags for spelling in flag.spellings]
    return f"{name} has no flag {flag}{nearest(flag.replace('_', '-'), known)}. See amalgan {name} --help."
