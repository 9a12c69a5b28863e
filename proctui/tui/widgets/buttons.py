"""The row of buttons under the table, dimmed where they do not apply to the cursor's row."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.message import Message
from textual.widgets import Button

from proctui.tui.actions import Action, Scene, buttons, key_name


class ActionButton(Button, can_focus=False):
    """A button for one action.

    It is dimmed, never disabled: pressing it then says why it does not apply.
    """

    class Wanted(Message):
        """The button of an action was pressed."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action) -> None:
        key = key_name(action.keys[0])
        self._bright = Content.assemble(action.button, " ", (key, "bold $text-accent"))
        self._dim = Content(f"{action.button} {key}")
        super().__init__(
            self._bright, id=f"button-{action.id}", compact=True, tooltip=action.tooltip
        )
        self.wanted = action
        self._why: str | None = None

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Turns the press into the wish for the action."""
        event.stop()
        self.post_message(self.Wanted(self.wanted))

    def set_why(self, why: str | None) -> None:
        """Dims it where `why` says why the action does not apply."""
        if why != self._why:
            self._why = why
            self.set_class(why is not None, "-dim")
            # Content compares by its text alone, so that a changed style would go unnoticed.
            self.set_reactive(Button.label, self._bright if why is None else self._dim)
            self.refresh()
            self.tooltip = Content(why or self.wanted.tooltip)


class Buttons(HorizontalGroup):
    """Every action that has a button."""

    def compose(self) -> ComposeResult:
        """One button each, in the order of the table of actions."""
        for action in buttons():
            yield ActionButton(action)

    def show(self, scene: Scene) -> None:
        """Dims what does not apply now."""
        for button in self.query_children(ActionButton):
            button.set_why(button.wanted.why_not(scene))
