"""What a run says where there is no terminal: a line every ten seconds, whatever it is doing."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from rich.console import Console

from amalgan.training import loop, narration, progress
from amalgan.training.ledger import Ledger
from amalgan.training.narration import Narrator
from amalgan.training.progress import format_duration
from workshop import Workshop


def test_inner_work_counts_for_itself_and_all_entries_add_up() -> None:
    now = [100.0]
    ledger = Ledger(lambda: now[0])
    now[0] += 1
    with ledger.doing("training"):
        now[0] += 2
        with ledger.doing("settling", 30):
            now[0] += 4
            assert ledger.now == "settling ... (4 s so far)"
            ledger.note = "3 of 8"
            assert ledger.now == "settling: 3 of 8 ... (4 s so far)"
        now[0] += 8
    assert dict(ledger.seconds) == {"starting": 1, "training": 10, "settling": 4}
    assert ledger.examples["settling"] == 30 and ledger.times["settling"] == 1
    assert ledger.spent(without="settling") == 11
    ledger.earlier = 50.0
    assert ledger.spent(without="starting") == 64


def test_work_that_says_nothing_is_named_after_each_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narration, "SILENT_SECONDS", 0.2)
    text = StringIO()
    narrator = Narrator(Console(file=text, width=200), Ledger())
    with narrator.speaking():
        with narrator.ledger.doing("fitting the coder"):
            time.sleep(1.6)
        time.sleep(0.01)
    said = text.getvalue().splitlines()
    time.sleep(0.8)
    assert 2 <= len(said) <= 4 and all(line.startswith("fitting the coder ... (") for line in said)
    assert text.getvalue().splitlines() == said


def test_every_stage_of_a_run_is_named(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    workshop.patch.setattr(narration, "SILENT_SECONDS", -1.0)  # every look finds silence
    workshop.patch.setattr(progress, "PROGRESS_SECONDS", -1.0)
    whole = loop.settle

    def settle(*args: object) -> None:
        time.sleep(0.7)
        whole(*args)  # type: ignore[arg-type]

    workshop.patch.setattr(loop, "settle", settle)
    workshop.run(workshop.order("fusion"))
    said = capsys.readouterr().err
    assert "settling ... (" in said and " left · faithful" in said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3.0, "0 s"), (0.4, "0 s"), (119.4, "119 s"), (125.0, "2 min 5 s"), (7325.0, "2 h 2 min")],
)
def test_what_is_left_is_never_negative(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
