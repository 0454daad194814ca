"""Search results as one page that opens anywhere, its pictures in it."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import PurePath

import numpy as np
from PIL import Image

from pir_mm.visualization.thumbnail import thumbnail

SIDE = 192
"""Pixels of a thumbnail."""
SHOWN = 160
"""At which it is shown, so that it is sharp on finer screens too."""
STYLE = f"""
.pir-mm {{ font: 14px/1.4 system-ui, sans-serif; color: #1f2328; }}
.pir-mm h2 {{ font-size: 17px; margin: 24px 0 4px; overflow-wrap: anywhere; }}
.pir-mm p {{ margin: 0 0 8px; color: #57606a; }}
.pir-mm ol {{ list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 14px; }}
.pir-mm li {{ width: {SHOWN}px; font-size: 12px; overflow-wrap: anywhere; color: #57606a; }}
.pir-mm img {{ width: {SHOWN}px; height: {SHOWN}px; display: block; border-radius: 4px; }}
.pir-mm b {{ color: #1f2328; font-size: 13px; }}
.pir-mm a {{ color: #0969da; text-decoration: none; }}
"""
# The page holds all that it shows: nothing is fetched, and no script runs.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True, eq=False)
class Card:
    """One result on the page.

    Args:
        picture: ``(H, W, 3)`` uint8 RGB.
        rank: from 1.
        score: of it.
        name: of the file, as short as tells it apart.
        path: of the file, to which the name leads.
        lines: what else is known, a line each.
    """

    picture: np.ndarray
    rank: int
    score: float
    name: str
    path: str
    lines: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Section:
    """One query and its results.

    Args:
        query: in words.
        cards: its results, best first.
        note: a sentence below the query, or nothing.
        picture: of the query, where it is one.
    """

    query: str
    cards: Sequence[Card]
    note: str = ''
    picture: np.ndarray | None = None


def result_page(title: str, sections: Sequence[Section]) -> str:
    """The page in HTML; all words are escaped."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{_text(title)}</title></head>\n<body style="margin: 24px">\n'
        f'{result_fragment(sections)}\n</body></html>\n'
    )


def result_fragment(sections: Sequence[Section]) -> str:
    """The same without what makes a page, for a notebook."""
    body = '\n'.join(map(_section, sections))
    return f'<style>{STYLE}</style>\n<div class="pir-mm">\n{body}\n</div>'


def _section(section: Section) -> str:
    parts = [f'<h2>{_text(section.query)}</h2>']
    if section.picture is not None:
        parts.append(f'<p>{_image(section.picture, "the query")}</p>')
    if section.note:
        parts.append(f'<p>{_text(section.note)}</p>')
    return '\n'.join([*parts, '<ol>', *map(_card, section.cards), '</ol>'])


def _card(card: Card) -> str:
    link = escape(PurePath(card.path).as_uri())
    lines = ''.join(f'<br>{_text(line)}' for line in card.lines)
    return (
        f'<li>{_image(card.picture, card.name)}<b>{card.rank}</b> &nbsp;{card.score:.4f}<br>'
        f'<a href="{link}">{_text(card.name)}</a>{lines}</li>'
    )


def _image(picture: np.ndarray, words: str) -> str:
    file = io.BytesIO()
    square: Image.Image = thumbnail(picture, SIDE)
    square.save(file, 'JPEG', quality=85)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{_text(words)}" src="data:image/jpeg;base64,{data}">'


def _text(words: str) -> str:
    """Words that are no markup; half a character of a broken name is shown by its number."""
    return escape(words.encode('utf-8', errors='backslashreplace').decode())
