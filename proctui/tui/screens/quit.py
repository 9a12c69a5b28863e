"""Asks what becomes of the workers when the screen is left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from proctui.tui.plan import Target
from proctui.tui.screens.confirm import tabulated
from proctui.tui.screens.dialog import Dialog, Keyed, button_row
from proctui.tui.widgets.marks import Tick

Leave = Literal["stop", "wait", "detach"]


class Answer(NamedTuple):
    """How to leave, and whether always."""

    how: Leave
    remember: bool = False


class Quit(Dialog[Answer]):
    """Answers how to leave, or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('stop')", "Stop", show=False),
        Binding("w", "choose('wait')", "Wait", show=False),
        Binding("d", "choose('detach')", "Detach", show=False),
        Binding("n,q", "leave", "Stay", show=False),
        Binding("r", "remember", "Remember", show=False),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#stay"  # who presses Enter without reading loses nothing
    foot = "Esc: stay"

    def __init__(
        self, session: str, alive: Sequence[Target], now: float, *, lost: bool = False
    ) -> None:
        """`lost`: there is no supervisor left that could wait or be attached to."""
        super().__init__()
        self.heading = f"Leave {session}?"
        self.alive = alive
        self.now = now
        self.lost = lost

    def body(self) -> Iterable[Widget]:
        """What still runs, and the four ways."""
        count = len(self.alive)
        yield Static(f"{count} {'process runs' if count == 1 else 'processes run'} still:")
        shown = Static(tabulated(self.alive, self.now))
        yield VerticalScroll(shown, id="members-scroll", can_focus=False)
        yield Static(Content("\n").join(self._ways()), classes="dialog-ways")
        if not self.lost:  # what becomes of a session without a supervisor is asked each time
            label = Content.assemble("don't ask again, do so each time  ", ("r", "bold"))
            yield Tick(label, compact=True, id="remember")
        buttons = [Keyed("Stop", "s", id="stop", kind="-danger")]
        if not self.lost:
            buttons.append(Keyed("Wait", "w", id="wait"))
        buttons.append(Keyed("Leave them" if self.lost else "Detach", "d", id="detach"))
        yield button_row(*buttons, Keyed("Stay", "esc", id="stay"))

    def _ways(self) -> Iterable[Content]:
        if self.lost:
            yield _way("Stop", "ends all of them: SIGTERM, the grace period, then SIGKILL")
            yield _way("Leave", "lets them run: proctui attach shows them again")
            return
        yield _way("Stop", "ends all of them, then the session")
        workers = [each.row.worker for each in self.alive]
        daemonic = any(worker is not None and worker.daemon for worker in workers)
        others = "terminates the daemonic and waits for the others"
        yield _way("Wait", others if daemonic else "waits until they end by themselves")
        yield _way("Detach", "lets them run: proctui attach comes back")

    def action_choose(self, how: Leave) -> None:
        """Answers."""
        remember = not self.lost and self.query_one("#remember", Tick).value
        self.dismiss(Answer(how, remember))

    def action_remember(self) -> None:
        """The answer is to be remembered, or not."""
        if not self.lost:
            self.query_one("#remember", Tick).toggle()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        match event.button.id:
            case "stop" | "wait" | "detach" as how:
                self.action_choose(how)
            case _:
                self.dismiss(None)


def _way(name: str, does: str) -> Content:
    return Content.assemble((f"{name:<8}", "bold"), does)
