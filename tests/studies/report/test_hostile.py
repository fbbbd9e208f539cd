"""Names are hostile text: on the page they are read, never obeyed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amalgan.studies.compare.page.page import comparison_page
from amalgan.studies.html.page import readable
from hostile import HOSTILE
from invented import NAMES, comparison

SPOTS = len(HOSTILE)

Parsed = Callable[[str], Any]


def hostile(folder: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """A report in which every text is one of ``names``."""
    report = comparison(folder, names=names[:4], seeds=2, classes=names)
    turn = iter(names * 200)
    for part in (
        report["data"],
        report["budget"],
        *report["systems"],
        *report["measures"],
        *report["verdict"],
    ):
        for key in set(part) & {
            "text",
            "summary",
            "command",
            "title",
            "unit",
            "group",
            "topic",
            "fingerprint",
            "source",
        }:
            part[key] = next(turn)
    report["data"]["name"] = next(turn)
    report["systems"][0]["tries"] = [{next(turn): next(turn), "score": 1.0}]
    report["command"], report["features"] = next(turn), next(turn)
    report["notes"] = list(names)
    report["times"] = {name: name for name in names}
    for cell in report["cells"]:
        if cell["state"] != "done":
            cell["reason"] = next(turn)
        cell["log"] = [{"images": float(k), next(turn): 1.0, "z/" + names[0]: 2.0} for k in range(2)]
        cell["curve"] = [{"images": float(k), names[k % 2]: 1.0, names[5]: 2.0} for k in (1, 2, 3)]
    return report


def test_there_are_thirty() -> None:
    assert len(set(HOSTILE)) == 30


@pytest.mark.parametrize("start", range(0, SPOTS, 4))
def test_names_are_inert_and_readable(tmp_path: Path, parsed: Parsed, start: int) -> None:
    names = HOSTILE[start:] + HOSTILE[:start]
    text = comparison_page(hostile(tmp_path, names), tmp_path)
    text.encode()  # no lone surrogate is left
    assert all(c.isprintable() or c == "\n" for c in text)
    page = parsed(text)
    plain = parsed(comparison_page(hostile(tmp_path, tuple(f"name {k}" for k in range(SPOTS))), tmp_path))
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in plain.tags}
    assert {name for _, attrs in page.tags for name in attrs} == {
        name for _, attrs in plain.tags for name in attrs
    }
    assert page.ids() == plain.ids()
    for name in names:
        assert " ".join(readable(name).split()) in page.words


def test_what_could_act_is_written_out() -> None:
    assert readable("a\x1b[31m\u202e\ud800\n") == "a\\x1b[31m\\u{202e}\\u{d800}\\x0a"
    assert readable("plain x′ – ≈") == "plain x′ – ≈"
    assert readable(3.5) == 3.5 and readable(None) is None


def test_a_browser_obeys_none_of_them(tmp_path: Path, browser: Any) -> None:
    (tmp_path / "page.html").write_text(comparison_page(hostile(tmp_path, HOSTILE), tmp_path))
    context = browser.new_context()
    page = context.new_page()
    events: list[str] = []
    page.on("dialog", lambda dialog: events.append(f"dialog {dialog.message}") or dialog.dismiss())
    page.on("console", lambda message: events.append(f"console {message.text}"))
    page.on("pageerror", lambda error: events.append(f"error {error}"))
    page.on("request", lambda request: events.append(request.url))
    page.goto((tmp_path / "page.html").as_uri())
    page.mouse.move(300, 300)
    page.wait_for_timeout(200)
    assert [event for event in events if not event.startswith(("file:", "data:image/png"))] == []
    assert [event for event in events if event.startswith("file:")] == [(tmp_path / "page.html").as_uri()]
    assert page.title() != "owned" and page.title().endswith("4 systems compared")
    assert page.query_selector("#owned, script, iframe, [onload], [onerror], [onmouseover]") is None
    context.close()


def test_ordinary_names_stay_as_they_are(tmp_path: Path, parsed: Parsed) -> None:
    names = (*NAMES[:3], "模型 ñ é 'quoted' & co")
    words = parsed(comparison_page(comparison(tmp_path, names=names), tmp_path)).words
    assert names[3] in words
