"""Models on the Hugging Face hub, by its own client: ``hf://user/name`` and ``hf://user/name@revision``.

    hf://user/name@v1 ─► what the hub lists: model.safetensors, its size ─► room for it? ─► its header: one of ours?
                         └─► download into the client's cache ─► its SHA-256 is what the hub lists ─► a path

Nothing but ``model.safetensors`` is ever downloaded, and nothing but a header before it is known to be a model of
amalgan. Where the hub cannot be reached, a model that the cache has is taken from it. Address, token and cache are the
client's (HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_OFFLINE). What the file says is checked by ``model_file`` as of any.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from amalgan.core.errors import AmalganError, ModelFileError, UsageError
from amalgan.core.file_names import shown

MODEL = "model.safetensors"
ADDRESS = re.compile(r"hf:/{1,2}([^/@]+/[^/@]+)(?:@(.+))?")
"""A ``Path`` has one slash where the address has two."""
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
MOST_BYTES = 8 * 2**30
SPARE_BYTES = 2**30
"""That a download leaves free on its disk."""
BLOCK = 2**20
LOG_IN = "Log in by hf auth login, or set HF_TOKEN."


@dataclass(frozen=True)
class Address:
    """A repository of the hub, and which state of it."""

    repository: str
    """``user/name``."""
    revision: str | None = None
    """A branch, tag or commit; the main branch by default."""

    @classmethod
    def of(cls, source: str | Path) -> Self | None:
        """Return the address that ``source`` is; None where it is a path.

        Raises:
            UsageError: it begins as an address, and is none.
        """
        text = str(source)
        if not text.startswith("hf:/"):
            return None
        found = ADDRESS.fullmatch(text)
        if found is None or not REPOSITORY.fullmatch(found[1]):
            raise UsageError(
                f"{shown(text)} is no model on the hub; expected hf://user/name, or hf://user/name@revision."
            )
        return cls(found[1], found[2])

    def __str__(self) -> str:
        return f"hf://{self.repository}{f'@{self.revision}' if self.revision else ''}"


def locate(source: str | Path) -> Path:
    """Return where the model file is that ``source`` names: a file, a run's folder, or an address of the hub.

    Raises:
        UsageError, ModelFileError: as ``downloaded`` does.
    """
    if address := Address.of(source):
        return downloaded(address)
    path = Path(source)
    return path / MODEL if path.is_dir() else path


def downloaded(address: Address) -> Path:
    """Return where the model of ``address`` lies in the client's cache, downloaded where it was not.

    Raises:
        UsageError: huggingface_hub is not installed.
        ModelFileError: no such repository or revision, no access, no connection, or no model of amalgan, too large, or
            not what the hub lists.
    """
    client = require_client()
    with translate_errors(address):
        listed = listing(client, address)
        if listed is None:
            return Path(fetched(client, address, local_files_only=True))
        known = client.try_to_load_from_cache(address.repository, MODEL, revision=listed.commit)
        if not isinstance(known, str):
            refuse_large(address, listed.size)
            refuse_foreign(client, address, listed.commit)
        place = Path(fetched(client, address))
        refuse_other(address, place, listed.sha256)
        return place


@dataclass(frozen=True)
class Listed:
    """What the hub says of a model file."""

    commit: str
    size: int
    sha256: str | None


def listing(client: Any, address: Address) -> Listed | None:
    """Return what the hub says of the model file; None where the hub cannot be reached.

    Raises:
        ModelFileError: the repository has none.
    """
    try:
        found = client.HfApi().model_info(address.repository, revision=address.revision, files_metadata=True)
    except Exception as error:
        if answered(error):
            raise
        return None
    file = next((one for one in found.siblings or () if one.rfilename == MODEL), None)
    if file is None:
        raise ModelFileError(f"{address} holds no {MODEL}, so it is no model of amalgan. Check the name.")
    stored = file.lfs
    return Listed(str(found.sha), int(stored.size if stored else file.size or 0), stored and stored.sha256)


def answered(error: Exception) -> bool:
    """Whether the hub was reached: it said no, or the request never made sense."""
    return getattr(error, "response", None) is not None or isinstance(error, ValueError)


def fetched(client: Any, address: Address, *, local_files_only: bool = False) -> str:
    """Return where the client's cache has the file, which it downloads where it may."""
    return str(
        client.hf_hub_download(
            address.repository, MODEL, revision=address.revision, local_files_only=local_files_only
        )
    )


def refuse_large(address: Address, size: int) -> None:
    """Refuse what is larger than a model may be, or than there is room for."""
    cache = Path(import_module("huggingface_hub.constants").HF_HUB_CACHE)
    there = next(place for place in (cache, *cache.absolute().parents) if place.exists())
    room = shutil.disk_usage(there).free - SPARE_BYTES
    if size > min(MOST_BYTES, room):
        why = "the most that is downloaded" if size > MOST_BYTES else "the room that is free for it"
        raise ModelFileError(
            f"{address} has a model of {size:,} bytes, and {max(0, min(MOST_BYTES, room)):,} is {why}. "
            "Free space, or download it yourself and give the file."
        )


def refuse_foreign(client: Any, address: Address, commit: str) -> None:
    """Refuse what amalgan did not write, by its header alone."""
    errors = import_module("huggingface_hub.errors")
    try:
        header = client.HfApi().parse_safetensors_file_metadata(address.repository, MODEL, revision=commit)
        ours = "amalgan" in (header.metadata or {})
    except errors.SafetensorsParsingError:
        ours = False
    if not ours:
        raise ModelFileError(
            f"{address} holds a {MODEL} that amalgan did not write, so it was not downloaded. Check the name."
        )


def refuse_other(address: Address, place: Path, sha256: str | None) -> None:
    """Refuse a file that is not what the hub lists."""
    state = hashlib.sha256()
    with place.open("rb") as file:
        while block := file.read(BLOCK):
            state.update(block)
    if sha256 is not None and state.hexdigest() != sha256:
        raise ModelFileError(
            f"{address}: {place} is not the file that the hub lists, by its SHA-256. Remove it, and load again."
        )


def upload(
    address: Address, files: Mapping[str, bytes | Path], *, private: bool, message: str, keep: tuple[str, ...]
) -> str:
    """Add ``files`` by name to a repository, which is made where there is none; return the address of the commit.

    Args:
        private: make a new repository private.
        keep: leave these out where the repository has the first of them.

    Raises:
        UsageError: huggingface_hub is not installed, or the repository is public and ``private`` asked for.
        ModelFileError: no token, no right to write, or no connection.
    """
    client = require_client()
    with translate_errors(address):
        hub = client.HfApi()
        hub.create_repo(address.repository, private=private, exist_ok=True)
        if private and not hub.model_info(address.repository).private:
            raise UsageError(
                f"hf://{address.repository} is there already, and everybody can read it. Make it private on its page, "
                "or push without private."
            )
        if address.revision is not None:
            hub.create_branch(address.repository, branch=address.revision, exist_ok=True)
        there = bool(keep) and hub.file_exists(address.repository, keep[0], revision=address.revision)
        operations = [
            client.CommitOperationAdd(path_in_repo=name, path_or_fileobj=content)
            for name, content in files.items()
            if not (there and name in keep)
        ]
        made = hub.create_commit(
            address.repository, operations, commit_message=message, revision=address.revision
        )
        return str(made.commit_url)


def require_client() -> Any:
    """Return the hub's client.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return import_module("huggingface_hub")
    except ImportError as error:
        raise UsageError(
            "models on the hub need huggingface_hub, which is not installed. Run: pip install 'amalgan[hub]'"
        ) from error


@contextmanager
def translate_errors(address: Address) -> Iterator[None]:
    """Turn what the client raises into one sentence."""
    errors = import_module("huggingface_hub.errors")
    try:
        yield
    except AmalganError:
        raise
    except errors.GatedRepoError as error:
        raise ModelFileError(f"{address} is for those who asked for it on its page. {LOG_IN}") from error
    except errors.RevisionNotFoundError as error:
        raise ModelFileError(
            f"hf://{address.repository} has no revision {shown(str(address.revision))}. Give a branch, tag or commit "
            "of it."
        ) from error
    except errors.LocalEntryNotFoundError as error:
        raise ModelFileError(
            f"{address}: the hub cannot be reached, and the cache has no such model. Check the connection, and that "
            "HF_HUB_OFFLINE is not set."
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise ModelFileError(
            f"{address}: the hub has no such repository, or it is private. Check the name. {LOG_IN}"
        ) from error
    except Exception as error:
        raise ModelFileError(other(address, error)) from error


def other(address: Address, error: Exception) -> str:
    """Return what to say of an error that has no class of its own."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403) or type(error).__name__ == "LocalTokenNotFoundError":
        return f"{address}: the hub does not let you in ({status or 'no token'}). {LOG_IN}"
    first = shown((str(error).splitlines() or [""])[0][:200]).rstrip(".") or type(error).__name__
    if status is not None:
        return f"{address}: the hub answered {status} ({first}). Try again later."
    return f"{address}: the hub cannot be reached ({first}). Check the connection."
