"""The screen, as far as those need it who act on processes."""

from __future__ import annotations

from typing import Protocol, TypeVar

from proctui.model import Row
from proctui.tui.actions import Scene
from proctui.tui.operate import Said
from proctui.tui.screens.dialog import Dialog

Result = TypeVar("Result")


class Asker(Protocol):
    """Who can be told and asked."""

    def say(self, said: Said) -> None:
        """Tells the person."""

    async def ask(self, dialog: Dialog[Result]) -> Result | None:
        """Shows a dialog and waits for its answer."""


class Host(Asker, Protocol):
    """Who also knows which rows are meant, and can do what the screen does."""

    def asked(self) -> list[Row]:
        """The tagged rows, or the row under the cursor."""

    def scene(self) -> Scene:
        """What the rules look at."""

    def leave(self, code: int, farewell: str = "") -> None:
        """Ends the program."""

    def untag(self) -> None:
        """Takes all tags away."""

    async def action_act(self, name: str) -> None:
        """Does another action of the table."""
