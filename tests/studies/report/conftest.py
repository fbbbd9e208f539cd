"""A page parsed, a browser where there is one, and tiny models of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import Dataset, open_data
from amalgan.features import Features, features_of
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.training.run import execute
from support import small

VOID = {"meta", "img", "link", "br", "hr", "input"}
IMAGES = 1500


@dataclass
class Page(HTMLParser):
    """The elements of a page; raises where a tag is not closed as it was opened."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    data: list[tuple[float, str]] = field(default_factory=list)
    """Of each number: its exact value and what is shown."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> within {self.open}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "data":
            self.data.append((float(self.tags[-1][1]["value"] or "nan"), data))
        if "style" not in self.open:
            self.said.append(data)

    @property
    def words(self) -> str:
        """What a reader sees, runs of white space as one."""
        return " ".join("".join(self.said).split())

    def ids(self) -> set[str]:
        """Anchors of the sections."""
        return {str(attrs["id"]) for _, attrs in self.tags if "id" in attrs}


@pytest.fixture
def parsed() -> Callable[[str], Page]:
    return Page


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models and caches are."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="session")
def reading(place: Path) -> DataConfig:
    return DataConfig(cache=str(place / "cache"))


@pytest.fixture(scope="session")
def opened(reading: DataConfig) -> Callable[[str], tuple[Dataset, Features]]:
    """A built-in data set and its feature network."""
    found: dict[str, tuple[Dataset, Features]] = {}

    def get(word: str) -> tuple[Dataset, Features]:
        if word not in found:
            data = open_data(word, reading)
            found[word] = data, features_of(data, cache=reading.cache)
        return found[word]

    return get


@pytest.fixture(scope="session")
def trained(place: Path, reading: DataConfig) -> Callable[[str, str], Model]:
    """A tiny model of a system, trained a moment on a data set, the first time it is asked for."""

    def train(system: str, data: str) -> Model:
        out = place / f"{system}-{data}"
        if not (out / "model.safetensors").exists():
            order = TrainOptions(
                data=data, system=system, settings=small(system), out=out, images=IMAGES, reading=reading
            )
            execute(order, Console(quiet=True))
        return model_file.load(out / "model.safetensors")

    return train
