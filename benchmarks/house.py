"""The shape of the source, before and after: rooms, floors, arrows, lines, lengths of functions, names with two homes.

    python benchmarks/house.py [--before COMMIT]

A room is a folder with modules. An arrow is a pair of rooms of which one imports the other, for types alone not
counted. A wing is an outermost folder with all its rooms. It stands one floor above the highest wing that it imports;
wings that import each other share a floor. A name has two homes if two modules define a function or class of this name
that does not begin with an underscore.
"""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import subprocess
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import networkx as nx

import writing

ROOT = Path(__file__).parents[1]
RESULT = Path(__file__).parent / "results" / "house.json"
BEFORE = "c6eac14"
"""The last commit before the rooms were redesigned."""
PACKAGE = "amalgan"
LONG_FILE = 300


@dataclass
class House:
    """What was found in the source of one commit."""

    modules: dict[str, ast.Module]
    lines: dict[str, int]
    folders: set[str] = field(default_factory=set)

    @classmethod
    def at(cls, commit: str | None) -> House:
        """Read the source of a commit, or of the working tree."""
        sources = dict(archived(commit) if commit else worked_on())
        folders = {name for name, (_, is_package) in sources.items() if is_package}
        texts = {name: text for name, (text, _) in sources.items()}
        return cls(
            {name: ast.parse(text) for name, text in texts.items()},
            {name: text.count("\n") for name, text in texts.items()},
            folders,
        )

    def room(self, module: str) -> str:
        """Return the folder of a module, without the name of the package."""
        folder = module if module in self.folders else module.rpartition(".")[0]
        return folder.removeprefix(PACKAGE).lstrip(".") or PACKAGE

    def arrows(self, wing: Callable[[str], str] = str) -> set[tuple[str, str]]:
        """Return which room imports which; ``wing`` names the rooms that count as one."""
        found = (
            (wing(self.room(name)), wing(self.room(target)))
            for name, tree in self.modules.items()
            for target in imported(tree, self.modules.keys())
        )
        return {(above, below) for above, below in found if above != below}

    def floors(self, wing: Callable[[str], str] = str) -> dict[str, int]:
        """Return the floor of each room, the lowest one being 1."""
        graph = nx.DiGraph(sorted(self.arrows(wing)))
        graph.add_nodes_from(wing(self.room(name)) for name in self.modules)
        joined = nx.condensation(graph)
        floor: dict[int, int] = {}
        for node in reversed(list(nx.topological_sort(joined))):
            floor[node] = 1 + max((floor[below] for below in joined.successors(node)), default=0)
        return {room: floor[joined.graph["mapping"][room]] for room in graph}

    def circles(self) -> list[list[str]]:
        """Return the rooms that import each other."""
        parts = nx.strongly_connected_components(nx.DiGraph(sorted(self.arrows())))
        return sorted(sorted(part) for part in parts if len(part) > 1)

    def lengths(self) -> list[int]:
        """Return the number of lines of every function, without docstring and decorators."""
        return sorted(length_of(node) for tree in self.modules.values() for node in functions_of(tree))

    def homes(self) -> dict[str, list[str]]:
        """Return the modules of every public name that more than one module defines."""
        found: dict[str, list[str]] = defaultdict(list)
        for module, tree in self.modules.items():
            for node in tree.body:
                named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                if named and not node.name.startswith("_"):
                    found[node.name].append(module)
        return {name: modules for name, modules in found.items() if len(modules) > 1}

    def facts(self) -> dict[str, Any]:
        """Return the numbers of the table."""
        lengths, rooms = self.lengths(), set(map(self.room, self.modules))
        return {
            "rooms": len(rooms),
            "wings": len(set(map(wing_of, rooms))),
            "floors_of_wings": max(self.floors(wing_of).values()),
            "arrows_of_wings": len(self.arrows(wing_of)),
            "arrows": len(self.arrows()),
            "rooms_in_circles": sum(map(len, self.circles())),
            "lines": sum(self.lines.values()),
            "files": len(self.lines),
            "long_files": sum(lines > LONG_FILE for lines in self.lines.values()),
            "functions": len(lengths),
            "median_length": statistics.median(lengths),
            "ninth_decile_length": lengths[int(0.9 * len(lengths))],
            "longest": lengths[-1],
            "names_with_two_homes": len(self.homes()),
            "names": len(
                {node.name for tree in self.modules.values() for node in tree.body if hasattr(node, "name")}
            ),
        }


def wing_of(room: str) -> str:
    """Return the outermost folder of a room; the kinds of data stand higher than the protocol that they share."""
    first, _, rest = room.partition(".")
    return "kinds of data" if first == "kinds" and rest else first


def archived(commit: str) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the modules of a commit: name, text, and whether it is a folder's."""
    data = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file is not None and member.name.endswith(".py"):
                yield named(Path(member.name).relative_to("src"), file.read().decode())


def worked_on() -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the modules of the working tree."""
    for file in sorted((ROOT / "src").rglob("*.py")):
        yield named(file.relative_to(ROOT / "src"), file.read_text())


def named(path: Path, text: str) -> tuple[str, tuple[str, bool]]:
    """Return a module's name, its text, and whether it stands for its folder."""
    is_package = path.name == "__init__.py"
    parts = path.parent.parts if is_package else path.with_suffix("").parts
    return ".".join(parts), (text, is_package)


def imported(tree: ast.AST, modules: Any) -> Iterator[str]:
    """Yield the modules that a module imports anywhere, but not those that it imports for types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found = (inner if inner in modules else str(node.module) for inner in names)
            yield from (name for name in found if name in modules)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        yield from imported(node, modules)


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function from its ``def`` to its end, without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    first = function.body[0]
    without = (first.end_lineno or 0) - first.lineno + 1 if docstring is not None else 0
    return (function.end_lineno or 0) - function.lineno + 1 - without


def main() -> None:
    """Measure both, print them, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--before", default=BEFORE)
    asked = parser.parse_args()
    before, after = House.at(asked.before), House.at(None)
    floors, arrows = after.floors(wing_of), after.arrows(wing_of)
    facts = {
        "before": {"commit": asked.before, **before.facts()},
        "after": after.facts(),
        "wings": {
            wing: {"floor": floors[wing], "uses": sorted(below for above, below in arrows if above == wing)}
            for wing in sorted(floors, key=lambda wing: (-floors[wing], wing))
        },
    }
    for name, value in facts["after"].items():
        print(f"{name.replace('_', ' '):24} {facts['before'][name]!s:>10} {value!s:>10}")
    writing.write_json(RESULT, facts)


if __name__ == "__main__":
    main()
