"""What notebooks show: tables and pictures as HTML, in which nothing that a file says acts as markup."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

STYLE = "text-align:left;vertical-align:top"


def html_table(rows: Iterable[Sequence[Any]], head: Sequence[str] = ()) -> str:
    """Return a table of ``rows`` below ``head``, every value as text."""
    titles = "".join(f'<th style="{STYLE}">{escape(title)}</th>' for title in head)
    lines = ["".join(f'<td style="{STYLE}">{escape(str(value))}</td>' for value in row) for row in rows]
    top = f"<thead><tr>{titles}</tr></thead>" if head else ""
    return f"<table>{top}<tbody>{''.join(f'<tr>{line}</tr>' for line in lines)}</tbody></table>"


def html_picture(png: bytes, what: str) -> str:
    """Return a PNG file as an element that needs no file beside it; ``what`` says what is seen."""
    data = b64encode(png).decode("ascii")
    return f'<img alt="{escape(what)}" style="image-rendering:pixelated" src="data:image/png;base64,{data}">'


def number(value: Any, *, whole: bool = False) -> str:
    """Return a number with four digits, or a ``whole`` one with all of its; ``none`` where it is no number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "none"
    return f"{value:,.0f}" if whole else f"{value:.4g}"


def between(limits: Sequence[float]) -> str:
    """Return an interval as ``[low, high]``; nothing where there is none."""
    return f"[{', '.join(map(number, limits))}]" if limits else ""
