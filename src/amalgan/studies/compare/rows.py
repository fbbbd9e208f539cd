"""Rows of a comparison: a system, perhaps with settings of its own.

    fusion:schedule=joint:critic.r1=0.1 ─► Row(system fusion, changes) ─► settings, a name, a folder

A row is known by its name everywhere; only here is it taken apart into the system and what is changed of it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from amalgan.config import command_words
from amalgan.config.systems import Preset
from amalgan.core.errors import ConfigError
from amalgan.systems import registry

BETWEEN = ":"
MOST_FOLDER = 80
"""Characters of a name in that of its folder."""


@dataclass(frozen=True)
class Row:
    """A system and what is changed of its settings."""

    system: str
    changes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> Row:
        """Take ``NAME:key=value:key=value`` apart; the full name of a system is that system.

        Raises:
            ConfigError: no such system, or what follows it is no setting.
        """
        name, *rest = [text] if text in registry.names() else [part.strip() for part in text.split(BETWEEN)]
        if name not in registry.names():
            raise ConfigError([unknown(text, name)])
        if bad := [part for part in rest if not all(part.partition("="))]:
            raise ConfigError([f"--systems {text}: {bad[0]!r} is no setting; write {name}:key=value"])
        pairs = [
            (command_words.flag(key.strip()), value.strip())
            for key, _, value in (p.partition("=") for p in rest)
        ]
        if twice := [key for key, _ in pairs if [other for other, _ in pairs].count(key) > 1]:
            raise ConfigError([f"--systems {text}: {twice[0]} is given twice"])
        return cls(name, tuple(pairs))

    @property
    def name(self) -> str:
        """The text that gives this row."""
        return BETWEEN.join([self.system, *(f"{key}={value}" for key, value in self.changes)])

    def normalized(self, preset: Preset) -> Row:
        """The same with every value written in the one way that there is for it."""
        kinds = command_words.kinds(self.settings(preset))
        known = [(key, kinds[key.replace("-", "_")], value) for key, value in self.changes]
        return Row(
            self.system,
            tuple((key, command_words.format_value(command_words.value(kind, v))) for key, kind, v in known),
        )

    def settings(self, preset: Preset) -> Any:
        """The system's settings at the preset, changed.

        Raises:
            ConfigError: names every setting or value that there is not.
        """
        plain = registry.config_class(self.system)().preset(preset)
        try:
            return command_words.apply_settings(plain, dict(self.changes))
        except ConfigError as error:
            raise ConfigError([f"--systems {self.name}: {fault}" for fault in error.faults]) from error


def unknown(text: str, name: str) -> str:
    """What to say of a system that there is not."""
    row = "" if text == name else f" {text}"
    return (
        f"--systems{row}: there is no {name!r}{command_words.nearest(name, registry.names())}; there are "
        f"{', '.join(registry.names())}. A system of your own is loaded by --plugin FILE.py."
    )


def rows_of(names: tuple[str, ...], preset: Preset) -> tuple[Row, ...]:
    """The rows of these names, normalized.

    Raises:
        ConfigError: names every fault of every row.
    """
    found, faults = list[Row](), list[str]()
    for name in names:
        try:
            found.append(Row.of(name).normalized(preset))
        except ConfigError as error:
            faults += error.faults
    if faults:
        raise ConfigError(faults)
    return tuple(found)


def system_of(name: str) -> str:
    """The system of the row of that name."""
    return Row.of(name).system


def folder_name(name: str) -> str:
    """A row's name as a part of a folder's; what cannot stand there as it is gets a digest, so that no two meet."""
    kept = re.sub(r"[^\w.]+", "-", name, flags=re.ASCII).strip("-.")
    if kept and kept == name and len(name) <= MOST_FOLDER:
        return name
    digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=4).hexdigest()
    return f"{kept[:MOST_FOLDER].strip('-.') or 'unnamed'}-{digest}"
