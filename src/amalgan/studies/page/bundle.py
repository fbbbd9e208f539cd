"""Modules as one script: a page from a disk can import no files.

    app.js ─► what it imports, before it ─► without ``import`` and ``export`` ─► one scope

Every module imports names as they are (``import { name } from "./file.js";``) and no two modules define the same
name, so that what runs in the page is what stands in the files; a server can hand the modules out one by one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from amalgan.studies.page import runtime

IMPORT = re.compile(r'^import \{ [^}]* \} from "\./([\w-]+\.js)";\n', re.M)
EXPORT = re.compile(r"^export (?=(async )?function|const|let|class)", re.M)
DEFINED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.M)
EXPORTED = re.compile(r"export\{([^{}]*)\};\s*(//# sourceMappingURL=\S*\s*)?$")


@cache
def source(name: str) -> str:
    """Return a file of the page's own."""
    return (files("amalgan.studies.page") / "web" / name).read_text(encoding="utf-8")


def order(entry: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a module's imports, theirs first, and then the module; a name may come more than once."""
    assert entry not in seen, f"{entry} imports itself by way of {seen}"
    for name in IMPORT.findall(source(entry)):
        yield from order(name, (*seen, entry))
    yield entry


def bundle(entry: str) -> str:
    """Return a module and all that it imports as one script."""
    names = list(dict.fromkeys(order(entry)))
    defined = Counter(word for name in names for word in DEFINED.findall(source(name)))
    twice = [word for word, count in defined.items() if count > 1]
    assert not twice, f"two modules define {twice}"
    return "\n".join(EXPORT.sub("", IMPORT.sub("", source(name))) for name in names)


def worker() -> str:
    """Return the script of the worker: the run time, whose names are then in ``ort``, and what runs the graphs.

    It is no module: of a page from a disk, browsers start none as a worker.
    """
    script = runtime.script()
    found = EXPORTED.search(script)
    assert found is not None, "the run time does not end in its exports"
    pairs = [pair.split(" as ") for pair in found[1].split(",")]
    names = ",".join(f"{pair[-1]}:{pair[0]}" for pair in pairs)
    body = script[: found.start()].replace("import.meta.url", "self.location.href")
    return f'"use strict";\n{body}self.ort={{{names}}};\n{{\n{bundle("worker.js")}\n}}\n'
