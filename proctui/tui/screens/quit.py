"""Asks what becomes of the workers when the screen is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from proctui.tui import text
from proctui.tui.plan import Target
from proctui.tui.screens.confirm import described
from proctui.tui.screens.dialog import Dialog, Keyed, button_row

Leave = Literal["stop", "wait", "detach"]


class Quit(Dialog[Leave]):
    """Answers how to leave, or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('stop')", "Stop", show=False),
        Binding("w", "choose('wait')", "Wait", show=False),
        Binding("d", "choose('detach')", "Detach", show=False),
        Binding("n,q", "leave", "Stay", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#stop"
    foot = "Esc: stay"

    def __init__(self, session: str, alive: Sequence[Target], now: float) -> None:
        super().__init__()
        self.heading = f"Leave {session}?"
        self.alive = alive
        self.now = now

    def body(self) -> Iterable[Widget]:
        """What still runs, and the four ways."""
        count = len(self.alive)
        yield Static(f"{count} {'process runs' if count == 1 else 'processes run'} still:")
        lines = [text.content(described(target, self.now)) for target in self.alive]
        yield VerticalScroll(
            Static(Content("\n").join(lines)), id="members-scroll", can_focus=False
        )
        yield Static(
            Content.assemble(
                ("Stop", "bold"), "    ends all of them, then the session\n",
                ("Wait", "bold"), "    terminates the daemonic and waits for the others\n",
                ("Detach", "bold"), "  leaves them running: proctui attach comes back",
            ),
            classes="dialog-does",
        )  # fmt: skip
        yield button_row(
            Keyed("Stop", "s", id="stop", kind="-danger"),
            Keyed("Wait", "w", id="wait"),
            Keyed("Detach", "d", id="detach"),
            Keyed("Stay", "esc", id="stay"),
        )

    def action_choose(self, how: Leave) -> None:
        """Answers."""
        self.dismiss(how)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "stop" | "wait" | "detach" as how:
                self.dismiss(how)
            case _:
                self.dismiss(None)
