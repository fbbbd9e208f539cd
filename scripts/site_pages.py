"""Pages of the site that are made of something else: notebooks, the help of each command, files of the checkout.

A hook of mkdocs (``hooks`` in mkdocs.yml); no page is written to the disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from amalgan.cli import main
from amalgan.cli.parsing import COMMANDS
from amalgan.systems import registry

ROOT = Path(__file__).parents[1]
SHIM, SHIM_HERE = "https://unpkg.com/iframe-worker/shim", "assets/iframe-worker/index.js"
"""iframe-worker 1.0.4 (MIT), a copy of what npm has."""
OF_CHECKOUT = {name: f"{name.lower()}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made, and leave notebooks out."""
    for place, text in made():
        files.append(File.generated(config, place, content=text))
    for notebook in [file for file in files if file.src_uri.endswith(".ipynb")]:
        files.remove(notebook)
    return files


def made() -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each page."""
    for notebook in sorted((ROOT / "docs" / "tutorials").glob("*.ipynb")):
        yield f"tutorials/{notebook.stem}.md", of_notebook(notebook)
    for name, place in OF_CHECKOUT.items():
        yield place, of_checkout((ROOT / f"{name}.md").read_text(encoding="utf-8"))
    yield "commands.md", commands()


def on_page_markdown(markdown: str, **_: object) -> str:
    """Let links to notebooks lead to their pages."""
    return markdown.replace(".ipynb)", ".md)")


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Take the worker that lets a page on the disk be searched from the site, not from elsewhere."""
    return output.replace(SHIM, get_relative_url(SHIM_HERE, page.url))


def on_post_template(output_content: str, **_: object) -> str:
    """Do the same for the page of missing addresses."""
    return output_content.replace(SHIM, f"/{SHIM_HERE}")


def of_notebook(notebook: Path) -> str:
    """Return the cells of a notebook as Markdown."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in cells
    )


def of_checkout(text: str) -> str:
    """Return the text of a file beside ``docs`` with links as they are from within."""
    for name, place in OF_CHECKOUT.items():
        text = text.replace(f"]({name}.md", f"]({place}")
    return text.replace("](docs/", "](")


def commands() -> str:
    """Return the help of every command, and the settings of each system."""
    parts = ["# Commands\n\nThe help of every command, as `amalgan COMMAND --help` prints it.", shown()]
    parts += [f"## {name}\n\n{shown(name)}" for name in COMMANDS]
    parts.append("## Settings of each system\n\nThe flags that `amalgan train --system NAME` adds.")
    parts += [f"### {name}\n\n{settings(name)}" for name in registry.names()]
    return "\n\n".join(parts)


def shown(*words: str) -> str:
    """Return a help as a block."""
    return f"```text\n{said(*words)}\n```"


def settings(name: str) -> str:
    """Return the part of the help of ``train`` that belongs to one system."""
    text = said("train", "--system", name)
    return f"```text\n{text[re.search('^The system', text, re.M).start() :]}\n```"  # type: ignore[union-attr]


def said(*words: str) -> str:
    """Return what a command prints with ``--help``."""
    os.environ["COLUMNS"] = "110"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main([*words, "--help"])
    return printed.getvalue().rstrip()
