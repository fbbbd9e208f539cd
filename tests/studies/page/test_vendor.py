"""The vendored run time is what npm has, to the byte, and carries its license."""

from __future__ import annotations

from hashlib import sha256

from amalgan.studies.page import runtime


def test_the_files_have_the_hashes_that_are_written_beside_them() -> None:
    files = runtime.facts()["files"]
    assert {file["name"] for file in files} == {runtime.SCRIPT, runtime.WASM}
    for file in files:
        data = runtime.content(file["name"])
        assert (len(data), sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


def test_nothing_stands_there_without_a_hash_and_a_license() -> None:
    facts = runtime.facts()
    found = {one.name for one in runtime.place().iterdir()}
    assert found == {"vendor.json", "LICENSE", *(file["name"] for file in facts["files"])}
    assert "Copyright (c) Microsoft Corporation" in (runtime.place() / "LICENSE").read_text()
    assert f"ONNX Runtime Web v{facts['version']}" in runtime.script()[:100]
