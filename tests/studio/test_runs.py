"""Runs: found by their content, watched as they grow, trained, paused and gone on with."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from amalgan.core.files import append_line
from amalgan.studio.logs import MOST_POINTS, Log, columns
from amalgan.studio.runs import found_below, state_of
from amalgan.studio.watching import MOST_WATCHERS, Watch
from studio_support import pictures, run_of


def test_runs_are_found_by_their_content(tmp_path: Path) -> None:
    run = run_of(tmp_path / "study" / "runs" / "gan-0")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text('{"a": 1}')
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_bytes(b"\xff\x00")
    (tmp_path / "x.safetensors").write_bytes(b"\xff" * 64)
    (tmp_path / "y.safetensors").write_bytes((2**62).to_bytes(8, "little"))
    found = found_below(tmp_path)
    assert found.runs == (run,) and found.models == found.pages == ()
    assert state_of(run) == "broken"


def lines(log: Path, *numbers: int) -> None:
    """Write lines of rounds."""
    for at in numbers:
        append_line(log, json.dumps({"round": at, "images": 64 * at, "seconds": float(at), "a/b": float(at)}))


def test_a_log_is_read_as_it_grows_and_anew_where_it_was_written_anew(tmp_path: Path) -> None:
    place = tmp_path / "log.jsonl"
    log = Log(place)
    assert log.more() == ([], False)
    lines(place, 1, 2)
    assert [line["round"] for line in log.more()[0]] == [1, 2]
    with place.open("a") as file:
        file.write('{"round": 3, "images": 192, "sec')
    assert log.more() == ([], False)
    with place.open("a") as file:
        file.write('onds": 3.0, "a/b": NaN}\nnonsense\n[1]\n{"round": {}}\n')
    assert [line["round"] for line in log.more()[0]] == [3]
    assert columns(log.lines) == {"a/b": [[64, 1], [128, 2]]}
    append_line(place, json.dumps({"round": 3, "images": 192, "seconds": 3.0, "planned_images": 640}))
    assert log.more() == ([], False) and log.planned == 640
    assert log.left(640) == pytest.approx(7.0) and log.speed() == pytest.approx(64)
    place.unlink()
    lines(place, 1)
    new, anew = log.more()
    assert anew and len(new) == len(log.lines) == 1


def test_curves_are_thinned_and_keep_their_ends(tmp_path: Path) -> None:
    found = columns([{"round": at, "images": at, "seconds": at, "a/b": at} for at in range(5000)])["a/b"]
    assert len(found) == MOST_POINTS and found[0] == [0, 0] and found[-1] == [4999, 4999]


def test_warnings_are_said_in_words(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    for at in range(20):
        facts = {
            "critic/variety": 0.01,
            "critic/critic_right": 1.0,
            "critic/adversarial": 0.0 if at > 12 else 0.5,
        }
        append_line(log.place, json.dumps({"round": at, "images": at, "seconds": at, **facts}))
    log.more()
    assert [sentence.split(" ")[0] for sentence in log.warnings()] == ["generated"]
    assert "mode collapse" in log.warnings()[0]


def test_a_watcher_hears_what_changes_and_nothing_else(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run", lines=3)
    watch = Watch(run, lambda: {"state": state_of(run), "said": [], "error": None})
    first = watch.poll(first=True)
    assert [name for name, _ in first] == ["start", "state"]
    assert len(first[0][1]["curves"]["critic/adversarial"]) == 3 and first[1][1]["planned"] == 640
    assert watch.poll() == []
    lines(run / "log.jsonl", 9)
    assert [name for name, _ in watch.poll()] == ["points", "state"]


def test_many_watch_a_real_server_and_vanish(serving: Callable[..., Any], tmp_path: Path) -> None:
    run = run_of(tmp_path / "runs" / "one")
    one = serving(tmp_path)
    address, headers = f"http://localhost:{one.port}", {"x-amalgan-token": one.token}
    with httpx.Client(base_url=address, headers=headers, timeout=20) as client:
        id = client.get("/api/runs").json()["runs"][0]["id"]
        heard, streams = [0] * 30, []

        def watch(at: int) -> None:
            with httpx.stream("GET", f"{address}/api/runs/{id}/watch", headers=headers, timeout=20) as stream:
                streams.append(stream)
                for line in stream.iter_lines():
                    heard[at] += line.startswith("event: ")
                    if heard[at] >= 4:
                        return

        threads = [threading.Thread(target=watch, args=(at,), daemon=True) for at in range(30)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 20
        while min(heard) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        lines(run / "log.jsonl", 7)
        for thread in threads:
            thread.join(20)
        assert min(heard) >= 4
        began = time.monotonic()
        assert client.get("/api/runs").status_code == 200 and time.monotonic() - began < 5
    assert one.end() == 0


def test_more_watchers_than_allowed_are_told_to_wait(asking: Any) -> None:
    run_of(asking.studio.runs / "one")
    id = asking.get("/api/runs")["runs"][0]["id"]
    asking.studio.watchers.count = MOST_WATCHERS
    answer = asking.client.get(f"/api/runs/{id}/watch")
    assert answer.status_code == 429 and "close some" in answer.json()["error"]


@dataclass
class Client:
    """What is asked of a studio that listens."""

    http: httpx.Client

    @classmethod
    def of(cls, one: Any) -> Client:
        """That of a studio."""
        headers = {"x-amalgan-token": one.token}
        return cls(httpx.Client(base_url=f"http://localhost:{one.port}", headers=headers, timeout=60))

    def get(self, path: str) -> Any:
        """JSON."""
        return self.http.get(path).json()

    def post(self, path: str, given: Any = None, status: int = 200) -> Any:
        """JSON."""
        answer = self.http.post(path, json=given or {})
        assert answer.status_code == status, answer.text
        return answer.json()

    def reaches(self, wanted: str, seconds: float = 120) -> Any:
        """The only run, once it is so."""
        until = time.monotonic() + seconds
        while (run := self.get("/api/runs")["runs"][0])["state"] != wanted:
            assert time.monotonic() < until, (run, self.get("/api/jobs"))
            time.sleep(0.1)
        return run


@pytest.mark.processes
def test_a_training_outlives_its_studio_and_is_paused_gone_on_with_and_ended_by_the_next(
    serving: Callable[..., Any], tmp_path: Path
) -> None:
    pictures(tmp_path / "photos", 60)
    first = serving(tmp_path)
    asked = Client.of(first)
    data = next(one["id"] for one in asked.get("/api/folders/root")["folders"] if one["name"] == "photos")
    wished = {"data": data, "minutes": 30, "system": "autoencoder", "size": "8", "name": "../é x"}
    assert asked.post("/api/train", wished)["name"] == "é-x"
    asked.reaches("running")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    asked, run = Client.of(serving(tmp_path)), tmp_path / "runs" / "é-x"
    id = asked.reaches("running")["id"]
    shown = asked.get(f"/api/runs/{id}")
    assert shown["line"].startswith("amalgan train ./photos ")  # a word means other data
    assert ["system", "autoencoder"] in shown["settings"]
    asked.post(f"/api/runs/{id}/pause")
    asked.reaches("paused")
    assert (run / "state.safetensors").exists() and not (run / "model.safetensors").exists()
    asked.post(f"/api/runs/{id}/resume")
    asked.reaches("running")
    asked.post(f"/api/runs/{id}/stop")
    asked.reaches("ended")
    assert "has ended" in asked.post(f"/api/runs/{id}/resume", status=409)["error"]
    (model,) = asked.get("/api/models")["models"]
    assert (model["name"], model["system"], model["measurable"]) == ("é-x", "autoencoder", True)
    assert not [place for place in (tmp_path / "runs").rglob("*.part")]


@pytest.mark.processes
def test_a_second_studio_of_the_same_runs_is_refused(serving: Callable[..., Any], tmp_path: Path) -> None:
    serving(tmp_path)
    with pytest.raises(AssertionError, match="another studio serves"):
        serving(tmp_path)
