"""What a view beside the workers' table says to the screen."""

from __future__ import annotations

from textual.message import Message

from proctui.model import Row


class ViewMoved(Message):
    """The view's cursor is on another process; the row need not be one that still stands."""

    def __init__(self, row: Row | None) -> None:
        super().__init__()
        self.row = row


class ViewActivated(Message):
    """The process under the view's cursor is wanted: Enter, or a double click."""


class ViewListed(Message):
    """It lists more or fewer rows than before."""
