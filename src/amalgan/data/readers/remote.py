"""Data at an address: read over the net by the library ``fsspec``, whatever it knows (https, s3, hf, gs, memory ...).

    https://host/photos.zip ─────► one file: downloaded, then read as any file; its key is its content
    s3://bucket/{000..003}.tar ──► several archives: downloaded, then read as one
                                   larger than the disk or the cap of the cache: downloaded one by one (``fetched``)
    s3://bucket/photos/ ─────────► a folder: listed, each file read over the net when it is its turn

What is downloaded lies among the temporary files until the process ends. It is held against the size that was declared
and the space that is free. What was decoded before is not read again.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from amalgan.core.cache_cap import cap_bytes
from amalgan.core.errors import AmalganError, BadPicture, DataError
from amalgan.core.file_names import Names, shown
from amalgan.core.files import write_stream
from amalgan.data.readers.extras import first_line, needed
from amalgan.data.readers.fetched import Depot, Fetched
from amalgan.data.readers.folders import MOST_FILE_BYTES, is_junk_path
from amalgan.data.readers.joined import Joined, archives_among
from amalgan.data.readers.patterns import Pattern, expanded
from amalgan.data.readers.sources import Arrays, Source

BLOCK = 1 << 20
SPARE = 1 << 30
"""Bytes that a download leaves free on its disk."""
STATES = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created", "blob_id")
"""What file systems call that which tells one state of a file from another."""
Together = Callable[[Sequence[Path]], Source]


def find(address: str, together: Together) -> Source:
    """The source at an address; files that were downloaded are read by ``together``.

    Raises:
        DataError: nothing readable is there, or the way to it needs a package that is not installed.
    """
    library = needed("fsspec.core", "remote", shown_address(address))
    names = expanded(address)
    with _told(address):
        fs, root = library.url_to_fs(names[0])
        paths = [str(fs._strip_protocol(name)) for name in names] if len(names) > 1 else [root]
        if len(paths) == 1 and re.search(r"[*\[]", root.partition("?")[0]):
            return _by_pattern(address, fs, root, together)
        if len(paths) == 1 and (names[0].endswith("/") or (not fs.isfile(root) and fs.isdir(root))):
            return _in_folder(address, fs, root, _listed(fs, root), together)
        return _downloaded_together(fs, paths, together)


def shown_address(address: str) -> str:
    """An address as harmless text, without a name and password in it."""
    return shown(re.sub(r"//[^/@]*@", "//", address.partition("?")[0]))


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Turn whatever a file system raises into an error that names the address."""
    try:
        yield
    except AmalganError:
        raise
    except FileNotFoundError as error:
        raise DataError(
            f"nothing is at {shown_address(address)}. Check the address, and who may read it."
        ) from error
    except ImportError as error:
        raise DataError(f"{shown_address(address)} needs a package: {first_line(error)}.") from error
    except Exception as error:  # every file system has errors of its own
        raise DataError(
            f"cannot read {shown_address(address)}: {first_line(error)}. Check the address, and who may read it."
        ) from error


def _listed(fs: Any, root: str) -> dict[str, dict[str, Any]]:
    return {str(path): dict(info) for path, info in fs.find(root, detail=True).items()}


def _by_pattern(address: str, fs: Any, root: str, together: Together) -> Source:
    pattern = Pattern.of(root)
    found = _listed(fs, pattern.root.rstrip("/") or "/")
    inner = {path: _inner(path, pattern.root).encode("utf-8", "surrogateescape") for path in found}
    chosen = {path: found[path] for path in found if pattern.takes(inner[path])}
    if not any(pattern.fits(inner[path]) for path in chosen):
        raise DataError(f"{shown_address(address)} fits no file. Check it; * is any name, ** any folders.")
    return _in_folder(address, fs, pattern.root, chosen, together)


def _in_folder(
    address: str, fs: Any, root: str, found: dict[str, dict[str, Any]], together: Together
) -> Source:
    """The files that were listed: archives to be downloaded, with texts beside them, or pictures."""
    if archives := archives_among(map(os.fsencode, sorted(found))):
        return _downloaded_together(fs, [os.fsdecode(path) for path in archives], together)
    return Remote(address, fs, root, found)


def _downloaded_together(fs: Any, paths: Sequence[str], together: Together) -> Source:
    infos = [dict(fs.info(path)) for path in paths]
    room = min(cap_bytes(), shutil.disk_usage(_folder().name).free - SPARE)
    if len(paths) > 1 and all(map(_state, infos)) and sum(info.get("size") or 0 for info in infos) > room:
        return _fetched_together(fs, dict(zip(paths, infos, strict=True)), together, room)
    places = [_downloaded(fs, path) for path in paths]
    found = together([place for place, _ in places])
    digest = blake2b("".join(digest for _, digest in places).encode(), digest_size=16).hexdigest()
    return _keyed(found, f"remote {digest} {type(found).__name__}")


def _fetched_together(fs: Any, infos: dict[str, dict[str, Any]], together: Together, room: float) -> Source:
    """Shards for which there is no room at once."""
    folder = Path(_folder().name, uuid4().hex)
    folder.mkdir()
    depot = Depot(folder, room)

    def shard(number: int, path: str) -> Fetched:
        info, name = infos[path], _file_name(path)
        size = info.get("size") or 0
        return Fetched(
            depot,
            number,
            shown(name),
            f"{path} {_state(info)}",
            size,
            download=lambda place: _written(fs, path, place, size),
            opened=lambda place: together([place]),
        )

    return Joined(shown(_file_name(next(iter(infos)))), [shard(*one) for one in enumerate(infos)])


def _keyed(found: Source, key: str) -> Source:
    """The same source, known by the content of what was downloaded, not by where that lies now."""
    if isinstance(found, Arrays):
        return replace(found, key=key)
    found.key = key
    return found


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where downloads lie; removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="amalgan-remote-")


@cache
def _place(fs: Any, path: str, state: str) -> Path:
    """A new place for a file in one state, under its own name."""
    folder = Path(_folder().name, uuid4().hex)
    folder.mkdir()
    return folder / _file_name(path)


def _file_name(path: str) -> str:
    """What a file at an address is called."""
    return unquote(urlsplit(path).path).rstrip("/").rpartition("/")[2] or "data"


def _downloaded(fs: Any, path: str) -> tuple[Path, str]:
    """Where a file lies here, and the digest of its content; the last states are not downloaded again."""
    info = fs.info(path)
    place = _place(fs, path, _state(info) or uuid4().hex)
    return place, _fetched(fs, path, place, info.get("size"))


@cache
def _fetched(fs: Any, path: str, place: Path, size: int | None) -> str:
    return _written(fs, path, place, size)


def _written(fs: Any, path: str, place: Path, size: int | None) -> str:
    """Download a file to ``place``; the digest of its content."""
    digest = blake2b(digest_size=16)

    def blocks() -> Iterator[bytes]:
        room, done = shutil.disk_usage(place.parent).free - SPARE, 0
        with fs.open(path, "rb") as file:
            while block := file.read(BLOCK):
                done += len(block)
                if done > room or (size is not None and done > size):
                    than = "the space that is free" if done > room else "it declares"
                    raise DataError(
                        f"{shown(place.name)} is larger than {than}. Download it yourself, and look."
                    )
                digest.update(block)
                yield block
        if size is not None and done < size:
            raise DataError(f"{shown(place.name)} ended after {done:,} of {size:,} bytes. Try again.")

    write_stream(place, blocks())
    return digest.hexdigest()


def _state(info: dict[str, Any]) -> str | None:
    """What tells one state of a file from another; None where nothing does."""
    stated = [f"{key}={info[key]}" for key in STATES if info.get(key)]
    return f"{info.get('size')} {' '.join(stated)}" if stated else None


def _inner(path: str, root: str) -> str:
    """A path from the folder that was listed."""
    return path.removeprefix(root.rstrip("/")).lstrip("/")


class Remote:
    """The pictures of a folder, read over the net."""

    def __init__(self, address: str, fs: Any, root: str, found: dict[str, dict[str, Any]]) -> None:
        self._address, self._fs, self._root = address, fs, root
        self.name = shown(unquote(root.rstrip("/").rpartition("/")[2])) or shown_address(address)
        good = {
            path: info for path, info in found.items() if not is_junk_path(os.fsencode(_inner(path, root)))
        }
        self.ignored = len(found) - len(good)
        inner = {os.fsencode(_inner(path, root)): path for path in good}
        self._places, self._infos = inner, good
        self._names = Names.of(inner)
        self._order = self._names.order()
        states = [f"{path}\0{_state(info) or uuid4().hex}" for path, info in sorted(good.items())]
        digest = blake2b("\n".join(states).encode("utf-8", "surrogateescape"), digest_size=16)
        self.key = f"remote folder {address} {digest.hexdigest()}"

    def __len__(self) -> int:
        return len(self._names)

    def path(self, row: int) -> bytes:
        """Path within the folder."""
        return self._names[int(self._order[row])]

    def read(self, row: int, limit: int | None = None) -> bytes:
        """The file's bytes, or the first ``limit``.

        Raises:
            BadPicture: it is gone, or too large.
        """
        place = self._places[self.path(row)]
        most = MOST_FILE_BYTES + 1 if limit is None else limit
        try:
            size = self._infos[place].get("size")
            found = b"" if (size or 0) > MOST_FILE_BYTES else self._bytes(place, size, most)
        except Exception as error:  # every file system has errors of its own
            raise BadPicture(f"cannot be read: {first_line(error)}. Check that it is there") from error
        if max(size or 0, len(found)) > MOST_FILE_BYTES:
            raise BadPicture(
                f"has more than {MOST_FILE_BYTES >> 20} MiB, the most of a picture. Scale it down"
            )
        return found

    def _bytes(self, place: str, size: int | None, most: int) -> bytes:
        if size is not None and size <= most:
            return bytes(self._fs.cat_file(place))[:most]
        with self._fs.open(place, "rb") as file:
            return bytes(file.read(most))
