"""Models on the hub: the real client, its real cache, and a stand-in that answers as the hub does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import amalgan as ag
from amalgan.cli import main
from amalgan.core.errors import ModelFileError, UsageError
from amalgan.studies.card.card import README, SAMPLES
from amalgan.systems import hub as doors
from amalgan.systems.hub import Address
from hub import TOKEN, Hub, Repository, serving
from support import small

client = pytest.importorskip("huggingface_hub")
MODEL = "model.safetensors"


@pytest.fixture(scope="module")
def model() -> ag.Model:
    return ag.train("fusion", "digits", images=640, settings=small("fusion"), device="cpu", quiet=True)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub, which the client takes for the real one; its cache is empty, and it has the right token."""
    from huggingface_hub import constants

    with serving() as found:
        monkeypatch.setattr(constants, "ENDPOINT", found.url)
        template = f"{found.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


@pytest.fixture
def stored(hub: Hub, model: ag.Model, tmp_path: Path) -> Hub:
    """The same with a model in it, and files beside it that nobody wants."""
    model.save(tmp_path / MODEL)
    files = {MODEL: (tmp_path / MODEL).read_bytes(), "pytorch_model.bin": b"pickle", "config.json": b"{}"}
    hub.repositories["user/name"] = Repository(branches={"main": files, "v1": dict(files)})
    return hub


def downloads(hub: Hub) -> list[str]:
    """What was asked for by GET, but for lists."""
    return [asked for asked in hub.asked if asked.startswith("GET") and "/api/" not in asked]


def test_what_is_pushed_can_be_loaded_by_everything(
    hub: Hub, model: ag.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = model.push("user/digits", license="mit")
    assert commit.startswith(f"{hub.url}/user/digits/commit/")
    assert sorted(hub.files("user/digits")) == [README, MODEL, SAMPLES]
    text = hub.files("user/digits")[README].decode()
    card = client.ModelCard(text)
    card.validate()
    assert "POST /api/validate-yaml" in hub.asked
    assert card.data.license == "mit" and 'ag.load("hf://user/digits")' in text
    loaded = ag.load("hf://user/digits")
    assert loaded.info["digest"] == model.info["digest"]
    assert np.array_equal(loaded.generate(4), model.generate(4))
    monkeypatch.chdir(tmp_path)
    assert main(["generate", "hf://user/digits", "--count", "3", "--out", "new.npz"]) == 0
    assert np.array_equal(np.load("new.npz")["x"], model.generate(3))
    assert main(["info", "hf://user/digits"]) == 0
    with pytest.raises(UsageError, match=r"--init hf:/+user/digits: .* differs from this run's"):
        ag.train("gan", "digits", init="hf://user/digits", images=64, device="cpu", quiet=True)


def test_only_the_model_is_downloaded_and_only_once(stored: Hub, model: ag.Model, tmp_path: Path) -> None:
    for _ in range(2):
        assert ag.load("hf://user/name@v1").info["digest"] == model.info["digest"]
    commit = stored.repositories["user/name"].commit("v1")
    header, whole = downloads(stored)
    assert (
        header == f"GET /user/name/resolve/{commit}/{MODEL}" and whole == f"GET /user/name/resolve/v1/{MODEL}"
    )
    cached = [path.name for path in (tmp_path / "cache").rglob("snapshots/*/*")]
    assert cached == [MODEL]


def test_a_model_in_the_cache_needs_no_connection(
    stored: Hub, model: ag.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    ag.load("hf://user/name")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    asked = len(stored.asked)
    assert ag.load("hf://user/name").info["digest"] == model.info["digest"]
    assert len(stored.asked) == asked
    with pytest.raises(
        ModelFileError, match=r"hf://user/name@v1: the hub cannot be reached, and the cache has no such"
    ):
        ag.load("hf://user/name@v1")


def test_nothing_foreign_and_nothing_too_large_is_downloaded(
    stored: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.numpy import save

    stored.repositories["user/other"] = Repository(branches={"main": {MODEL: save({"w": np.zeros(200_000)})}})
    with pytest.raises(
        ModelFileError, match=r"hf://user/other holds a model\.safetensors that amalgan did not write"
    ):
        ag.load("hf://user/other")
    stored.repositories["user/broken"] = Repository(branches={"main": {MODEL: b"\xff" * 200}})
    with pytest.raises(ModelFileError, match="that amalgan did not write"):
        ag.load("hf://user/broken")
    stored.repositories["user/none"] = Repository(branches={"main": {"pytorch_model.bin": b"pickle"}})
    with pytest.raises(
        ModelFileError, match=r"hf://user/none holds no model\.safetensors, so it is no model of amalgan"
    ):
        ag.load("hf://user/none")
    stored.listed_size = doors.MOST_BYTES + 1
    stored.asked.clear()
    with pytest.raises(
        ModelFileError, match=r"of 8,589,934,593 bytes, and [\d,]+ is the most that is downloaded"
    ):
        ag.load("hf://user/name")
    assert downloads(stored) == []


def test_a_file_that_is_not_the_listed_one_is_refused(stored: Hub) -> None:
    stored.lies = True
    with pytest.raises(
        ModelFileError, match=r"is not the file that the hub lists, by its SHA-256\. Remove it"
    ):
        ag.load("hf://user/name")


def test_a_damaged_cache_is_noticed(stored: Hub, tmp_path: Path) -> None:
    ag.load("hf://user/name")
    (blob,) = (tmp_path / "cache").rglob("blobs/*")
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    with pytest.raises(ModelFileError, match="is not the file that the hub lists"):
        ag.load("hf://user/name")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (
            "hf://user/gone",
            "the hub has no such repository, or it is private. Check the name. Log in by hf auth login",
        ),
        ("hf://user/secret", "the hub has no such repository, or it is private"),
        (
            "hf://user/gated",
            "is for those who asked for it on its page. Log in by hf auth login, or set HF_TOKEN",
        ),
        ("hf://user/name@v9", "hf://user/name has no revision v9. Give a branch, tag or commit of it"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    place: str,
    said: str,
    stored: Hub,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    stored.repositories |= {"user/secret": Repository(private=True), "user/gated": Repository(gated=True)}
    assert main(["generate", place, "--out", "x.png"]) == 1
    err = " ".join(capsys.readouterr().err.split())
    assert said in err and "Traceback" not in err


@pytest.mark.parametrize("place", ["hf://name", "hf://a/b/c", "hf://a b/c", "hf:///x/y", "hf://user/name@"])
def test_what_is_no_address_is_refused(place: str) -> None:
    with pytest.raises(UsageError, match="is no model on the hub; expected hf://user/name"):
        ag.load(place)


def test_an_address_may_have_come_as_a_path() -> None:
    assert Address.of(Path("hf://user/na.me@refs/pr/1")) == Address("user/na.me", "refs/pr/1")
    assert Address.of("runs/hf") is None and Address.of(Path("hf")) is None


def test_a_branch_a_private_repository_and_a_card_of_ones_own(
    hub: Hub, model: ag.Model, tmp_path: Path
) -> None:
    model.push("user/own", private=True, revision="v2")
    assert hub.repositories["user/own"].private and sorted(hub.repositories["user/own"].branches) == [
        "main",
        "v2",
    ]
    assert ag.load("hf://user/own@v2").info["digest"] == model.info["digest"]
    hub.files("user/own", "v2")[README] = b"my words"
    model.push("user/own", private=True, revision="v2")
    assert hub.files("user/own", "v2")[README] == b"my words"
    (tmp_path / README).write_text("# mine")
    model.push("user/own", revision="v2", card=tmp_path)
    assert hub.files("user/own", "v2")[README] == b"# mine"
    with pytest.raises(UsageError, match=r"holds no README\.md. Give the folder"):
        model.push("user/own", card=tmp_path / "none")


def test_nothing_is_uploaded_where_everybody_would_read_it(stored: Hub, model: ag.Model) -> None:
    before = dict(stored.files("user/name"))
    with pytest.raises(UsageError, match=r"is there already, and everybody can read it\. Make it private"):
        model.push("user/name", private=True)
    assert stored.files("user/name") == before and not stored.large


def test_who_may_not_write_is_told(
    hub: Hub,
    model: ag.Model,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ModelFileError, match=r"hf://others/name: the hub does not let you in \(403\)"):
        model.push("others/name")
    monkeypatch.delenv("HF_TOKEN")
    model.save(tmp_path / MODEL)
    assert main(["push", str(tmp_path), "user/name"]) == 1
    assert "the hub does not let you in" in " ".join(capsys.readouterr().err.split()) and not hub.repositories
    with pytest.raises(UsageError, match="is no model on the hub"):
        model.push("name")


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        UsageError, match=r"need huggingface_hub, which is not installed. Run: pip install .amalgan\[hub\]"
    ):
        ag.load("hf://user/name")


def test_endpoint_and_cache_are_those_of_the_environment(stored: Hub, tmp_path: Path) -> None:
    """In a process of its own, as a user has it."""
    told = {
        "HF_ENDPOINT": stored.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_TOKEN": TOKEN,
        "OMP_NUM_THREADS": "1",
    }
    line = [sys.executable, "-m", "amalgan", "info", "hf://user/name@v1", "--json"]
    done = subprocess.run(line, env=os.environ | told, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "home" / "hub") in done.stdout
