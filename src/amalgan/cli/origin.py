"""What a file of one example, a picture or a sound, says of its origin: a part of ``info``."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def example_at(place: Path) -> dict[str, Any] | None:
    """What a file says of itself; None where its name is that of no example.

    Raises:
        BadPicture: it is none, whatever its name says.
    """
    from amalgan.core.errors import BadPicture
    from amalgan.data.readers.folders import one_file
    from amalgan.kinds.registry import all_kinds

    ending = place.suffix.lower()
    kind = next((kind for kind in all_kinds() if ending in kind.known_endings()), None)
    if kind is None or not place.is_file():
        return None
    try:
        data = one_file(place).read(0)
        facts = kind.file_facts(data)
    except BadPicture as bad:
        raise BadPicture(f"{place} {bad}.") from None
    return {"kind": f"a {kind.noun}", "file": str(place), "bytes": len(data), **facts}


def of_example(facts: dict[str, Any]) -> dict[str, Any]:
    """The same for people."""
    provenance = facts["provenance"] or {"made by": "not said in the file"}
    return {
        "kind": facts["kind"],
        "file": f"{facts['file']} ({facts['size']}, {facts['bytes']:,} bytes)",
        **provenance,
    }
