"""A text field that shows whatever stands in it without letting it reach the terminal."""

from __future__ import annotations

from rich.highlighter import Highlighter
from rich.text import Text
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from proctui.tui import text
from proctui.tui.widgets.styled import StyledWhenThere


class Field(Input, StyledWhenThere):
    """Textual's, which hands what is pasted or filled in to the terminal as it is.

    `value` is the true text; each of its characters that can't be drawn is shown by one sign.
    """

    virtual_size: Reactive[Size] = Reactive(Size(0, 0))
    """As every widget's, but longer text is no reason to place all widgets anew."""

    def __init__(
        self,
        value: str | None = None,
        *,
        placeholder: str = "",
        select_on_focus: bool = True,
        id: str | None = None,
    ) -> None:
        """`placeholder` may be untrusted too."""
        super().__init__(
            value,
            placeholder=text.safe(placeholder),
            highlighter=_Signs(self),
            select_on_focus=select_on_focus,
            compact=True,
            id=id,
        )


class _Signs(Highlighter):
    """Of the field and not of the text that it is given: that has lost some characters already."""

    def __init__(self, field: Input) -> None:
        self._field = field

    def highlight(self, text_shown: Text) -> None:
        text_shown.plain = text.signs(self._field.value)
