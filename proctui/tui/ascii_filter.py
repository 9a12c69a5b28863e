"""The last resort for terminals without UTF-8: what Textual's own widgets draw, in ASCII.

Everything of ours is ASCII there already (`text.plain`, `text.safe`); borders, arrows and
scroll bars of the toolkit are not.
"""

from __future__ import annotations

from functools import lru_cache

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from proctui.tui import text

_LOOKS_LIKE = {
    "-": "─━═┄┅┈┉╌╍╴╶╸╺╼╾▔▁▂▃",
    "|": "│┃║┆┇┊┋╎╏╵╷╹╻╽╿▏▎▍▕",
    "+": "┌┐└┘├┤┬┴┼╭╮╯╰╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋",
    "#": "█▉▊▋▌▐▄▅▆▇▀▖▗▘▙▚▛▜▝▞▟░▒▓",
    "*": "●◉•◆",
    ">": "→▶►",
    "<": "←◀◄",
    "^": "↑▲",
    "v": "↓▼",
    '"': "“”„",
    "'": "‘’",
}
_ASCII = {ord(sign): plain for plain, signs in _LOOKS_LIKE.items() for sign in signs}


@lru_cache(maxsize=2048)
def in_ascii(drawn: str) -> str:
    """The same in as many cells, without a character that is not ASCII."""
    shown = text.plain(drawn).translate(_ASCII)
    if shown.isascii():
        return shown
    return "".join(c if c.isascii() else "?" * get_character_cell_size(c) for c in shown)


class AsciiFilter(LineFilter):
    """Replaces what such a terminal could not show, line by line as it is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with their text in ASCII; lines that are so already are left alone."""
        if all(segment.text.isascii() for segment in segments):
            return segments
        return [Segment(in_ascii(shown), style, control) for shown, style, control in segments]
