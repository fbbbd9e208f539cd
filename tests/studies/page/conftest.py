"""A tiny fused model of digits, its page, and the page opened in a browser that notes what it should not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from amalgan.config.data import DataConfig
from amalgan.config.train_options import TrainOptions
from amalgan.data import Dataset, open_data
from amalgan.studies.page.page import page
from amalgan.systems import model_file
from amalgan.systems.model_file import Model
from amalgan.training.run import execute
from support import small

IMAGES = 1500
PLAIN = """JSON.parse(JSON.stringify(last, (key, value) =>
  ArrayBuffer.isView(value) ? Array.from(value, Number) : value === Infinity ? 'infinite' : value))"""


@dataclass
class Opened:
    """A page in a browser."""

    tab: Any
    noted: list[str] = field(default_factory=list)
    """What the console said, errors, and requests for anything but the page itself and its worker."""

    def last(self, view: str, what: str = "last") -> Any:
        """What a view has computed last, as plain numbers."""
        return self.tab.evaluate(
            f"() => {{ const last = document.getElementById('{view}').{what}; return {PLAIN}; }}"
        )

    def go(self, view: str) -> None:
        """Show a view."""
        self.tab.click(f"#tab-{view}")

    def until(self, view: str, true: str) -> Any:
        """What a view has computed once ``true`` of it (JavaScript, of ``last``)."""
        ask = f"() => {{ const last = document.getElementById('{view}').last; return Boolean(last && ({true})); }}"
        for _ in range(200):
            if self.tab.evaluate(ask):
                return self.last(view)
            self.tab.wait_for_timeout(50)
        raise AssertionError(f"{view} never came to {true}; the page says {self.tab.inner_text('#status')!r}")


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Dataset]:
    """A fused model, and its data."""
    place = tmp_path_factory.mktemp("page")
    reading = DataConfig(cache=str(place / "cache"))
    order = TrainOptions(
        data="digits",
        system="fusion",
        settings=small("fusion"),
        out=place / "run",
        images=IMAGES,
        reading=reading,
    )
    execute(order, Console(quiet=True))
    model = model_file.load(place / "run")
    return model, open_data("digits", reading, like=model.spec)


@pytest.fixture(scope="session")
def written(digits: tuple[Model, Dataset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    target = tmp_path_factory.mktemp("page") / "model.html"
    assert page(digits[0], target, data=digits[1])
    return target


@pytest.fixture(scope="module")
def opening(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens pages from the disk."""
    contexts = []

    def open_page(target: Path, **told: Any) -> Opened:
        contexts.append(browser.new_context(accept_downloads=True, **told))
        tab = contexts[-1].new_page()
        opened = Opened(tab)
        tab.on("console", lambda said: opened.noted.append(f"console {said.type}: {said.text}"))
        tab.on("pageerror", lambda error: opened.noted.append(f"error: {error}"))
        tab.on("request", lambda one: noted(opened, one.url, target))
        tab.goto(target.as_uri())
        tab.wait_for_selector("html[data-ready]", state="attached", timeout=30_000)
        return opened

    yield open_page
    for context in contexts:
        context.close()


def noted(opened: Opened, url: str, target: Path) -> None:
    """Note a request for something else than the page and its own worker."""
    if url != target.as_uri() and not url.startswith("blob:null/"):
        opened.noted.append(f"request: {url}")
