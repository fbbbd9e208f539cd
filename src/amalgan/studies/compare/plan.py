"""What a comparison will do, fixed before it starts: ``plan.json``.

    CompareOptions ─► asked (what must be the same to go on) ─┐
            ─► timing, a few rounds a system ──────────┴─► plan.json ─► every cell, try and report reads it

CPU-minutes become images here, once a system; from then on only images count, so a comparison that was killed and goes
on, or another one from the same plan, reaches the same report.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from amalgan.config import fields
from amalgan.config.compare_options import CompareOptions
from amalgan.config.data import AugmentConfig, DataConfig
from amalgan.config.run import DeviceName
from amalgan.config.train_options import TrainOptions
from amalgan.core.errors import FileError, UsageError
from amalgan.core.json_schema import fitting_in
from amalgan.data import Dataset, open_data
from amalgan.features import Features, features_of
from amalgan.studies.compare.plan_shape import PLAN, Asked, SystemEntry
from amalgan.studies.compare.rows import BETWEEN, Row, folder_name, rows_of, system_of
from amalgan.systems import registry
from amalgan.training.defaults import settle
from amalgan.training.processes import precision_on, resolve

NAME = "plan.json"
KIND = "comparison plan"
FORMAT = 1
TUNING_SEED = 1000
"""Settings are tried with a seed of their own, so far from those that count."""
TUNING_SHARE = 4
"""A try gets one part in so many of the images."""


@dataclass(frozen=True)
class Plan:
    """A plan as it stands in its file."""

    folder: Path
    facts: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """The plan in ``folder``.

        Raises:
            UsageError: there is none, or it is no plan of this version.
        """
        facts = fitting_in(folder / NAME, PLAN)
        if facts is None or (facts["amalgan"], facts["format"]) != (KIND, FORMAT):
            raise UsageError(
                f"{folder / NAME} is no plan that this version knows. Start anew with --overwrite, "
                "or choose another --out."
            )
        return cls(folder, facts | {"asked": completed(facts["asked"])})

    @cached_property
    def asked(self) -> Asked:
        """What must be the same to go on."""
        return fields.from_json(Asked, self.facts["asked"])

    @cached_property
    def systems(self) -> dict[str, SystemEntry]:
        """Settings, images and parameters of each system, by name and in order."""
        return {entry["name"]: fields.from_json(SystemEntry, entry) for entry in self.facts["systems"]}

    @property
    def seeds(self) -> list[int]:
        """The seeds that every system is trained with."""
        return list(self.asked.seeds)

    @property
    def outside(self) -> dict[str, list[str]]:
        """Files of examples made elsewhere, by name."""
        return dict(self.facts["where"]["samples"])

    @property
    def reading(self) -> DataConfig:
        """How the data is read."""
        plain = fields.from_json(DataConfig, self.facts["asked"]["reading"])
        return replace(plain, cache=self.facts["where"]["cache"])

    def load_plugin(self) -> None:
        """Let the user's own systems be known."""
        if plugin := self.facts["where"]["plugin"]:
            registry.load_plugin(Path(plugin))

    @cached_property
    def data(self) -> Dataset:
        """The data set that models are judged on: its labels are all there, however few they were trained with."""
        return open_data(self.facts["where"]["data"], replace(self.reading, labeled=None))

    @cached_property
    def features(self) -> Features:
        """The feature network; trained when the plan was made.

        Raises:
            FileError: the cache holds another one by now.
        """
        found, planned = (
            features_of(self.data, cache=self.facts["where"]["cache"]),
            self.facts["asked"].get("features"),
        )
        if planned not in (None, found.name):
            raise FileError(
                f"this comparison is measured by the feature network {planned}, but the cache holds {found.name} now, "
                "and numbers by two networks do not compare. Put the first one back, or start anew with --overwrite."
            )
        return found

    def settings(self, system: str) -> Any:
        """The configuration of a row."""
        return fields.from_json(registry.config_class(system_of(system)), self.systems[system].settings)

    def order(self, system: str, seed: int, *, settings: Any, out: Path, share: int = 1) -> TrainOptions:
        """The training run of a cell; ``share``: it gets one part in so many of the images."""
        return TrainOptions(
            data=self.facts["where"]["data"],
            system=system_of(system),
            settings=settings,
            out=out,
            images=max(self.asked.batch, self.systems[system].images // share),
            seed=seed,
            batch=self.asked.batch,
            device=self.asked.device,
            precision=self.asked.precision,
            resume=True,
            reading=self.reading,
            augment=self.asked.augment,
        )

    def cell(self, name: str, seed: int) -> Path:
        """The folder of a cell."""
        return self.folder / "runs" / f"{folder_name(name)}-{seed}"

    def try_of(self, name: str, factor: float) -> Path:
        """The folder of a try."""
        return self.folder / "tries" / f"{folder_name(name)}-{factor:g}"


def asked_of(request: CompareOptions, data: Dataset, features: Features | None) -> Asked:
    """What a plan must agree with to go on."""
    from amalgan.core.version import __version__

    device = device_of(request)
    return Asked(
        systems=request.systems,
        settings={name: fields.to_json(settings_of(request, name, data)) for name in request.systems},
        seeds=tuple(request.seed_numbers),
        tries=request.tries,
        cpu_minutes=request.cpu_minutes,
        images=request.images,
        parameters=request.parameters,
        batch=request.batch,
        device=device,
        precision=precision_on(device, request.precision, data.spec),
        count=request.count,
        seed=request.seed,
        reading=replace(request.reading, cache=None, decode=None),
        augment=request.augment,
        samples={name: [digest(Path(place)) for place in places] for name, places in request.outside.items()},
        plugin=code_digest(request.plugin) if request.plugin else None,
        data_fingerprint=data.fingerprint,
        features=features.name if features else None,
        version=__version__,
    )


def device_of(request: CompareOptions) -> DeviceName:
    """The kind of device that is asked for: cpu, cuda or mps.

    Raises:
        UsageError: it is not there.
    """
    return cast(DeviceName, resolve(request.device).partition(":")[0])


def completed(asked: dict[str, Any]) -> dict[str, Any]:
    """``asked`` with the default in every field that there was not yet when the plan was made."""
    kinds = {name: registry.config_class(system_of(name)) for name in asked["settings"] if known(name)}
    filled = {name: complete(kind, asked["settings"][name]) for name, kind in kinds.items()}
    rest = {
        "reading": complete(DataConfig, asked["reading"]),
        "augment": complete(AugmentConfig, asked["augment"]),
    }
    return {"device": "cpu"} | asked | rest | {"settings": asked["settings"] | filled}


def known(name: str) -> bool:
    """Whether the system of a row is there; a plugin's is not before it is loaded."""
    return name.partition(BETWEEN)[0] in registry.names()


def complete(kind: type[Any], data: dict[str, Any]) -> dict[str, Any]:
    """``data`` with every field of ``kind``."""
    return fields.to_json(fields.from_json(kind, data))


def settings_of(request: CompareOptions, name: str, data: Dataset) -> Any:
    """A row's settings at the preset, with what depends on the data filled in, at the width asked for."""
    from amalgan.studies.compare.settings import with_parameters

    row = Row.of(name)
    settings = settle(row.settings(request.preset), data)
    if request.parameters is None:
        return settings
    return with_parameters(row.system, settings, data.spec, request.parameters)


def digest(file: Path) -> str:
    """16 hexadecimal characters over a file; of a folder, over its names."""
    state = hashlib.blake2b(digest_size=8)
    try:
        names = sorted(str(path) for path in file.rglob("*")) if file.is_dir() else []
        state.update("\n".join(names).encode(errors="surrogateescape") if names else file.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror or error}") from error
    return state.hexdigest()


def code_digest(plugin: Path) -> str:
    """16 hexadecimal characters over a file of code, or over all of them in a folder."""
    if not plugin.is_dir():
        return digest(plugin)
    each = [f"{path.relative_to(plugin)} {digest(path)}" for path in sorted(plugin.rglob("*.py"))]
    return hashlib.blake2b("\n".join(each).encode(errors="surrogateescape"), digest_size=8).hexdigest()


def normalize_names(request: CompareOptions) -> CompareOptions:
    """``request`` with the names of its rows written in one way.

    Raises:
        ConfigError: rows that there are not or that could not be told apart; names every fault.
    """
    rows = rows_of(request.systems, request.preset)
    names = [*(row.name for row in rows), *request.outside]
    folders = [folder_name(name).casefold() for name in names]
    twice = sorted({name for name, folder in zip(names, folders, strict=True) if folders.count(folder) > 1})
    fields.check(
        (not twice, f"{', '.join(twice)}: rows need names of their own, that differ in more than case"),
        *(
            (not alike(first, second, request), f"{first.name} and {second.name} are the same; keep one")
            for first, second in combinations(rows, 2)
            if first != second
        ),
        (
            len(names) > 0,
            "nothing to compare: name systems by --systems a,b or examples by --samples name=x.npz",
        ),
    )
    return replace(request, systems=tuple(row.name for row in rows))


def alike(first: Row, second: Row, request: CompareOptions) -> bool:
    """Whether two rows would train the same."""
    return first.system == second.system and first.settings(request.preset) == second.settings(request.preset)
