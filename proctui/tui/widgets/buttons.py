"""The row of buttons under the table, dimmed where they do not apply to the cursor's row."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import HorizontalGroup
from textual.content import Content
from textual.message import Message
from textual.widgets import Button

from proctui.tui.actions import Action, Scene
from proctui.tui.offered import buttons
from proctui.tui.widgets.styled import StyledWhenThere

_WHOLE = 78
"""Cells that all buttons need with their whole labels."""


class ActionButton(Button, StyledWhenThere, can_focus=False, inherit_css=False):
    """A button for one action.

    It is dimmed, never disabled: pressing it then says why it does not apply.  It has none of the
    colours and edges of Textual's, whose hundreds of rules would be read before the first frame.
    """

    DEFAULT_CSS = """
    ActionButton {
        width: auto;
        height: auto;
        line-pad: 1;
        text-align: center;
        content-align: center middle;
        pointer: pointer;
        text-style: bold;
        color: $button-foreground;
        &.-active {
            tint: $background 30%;
        }
    }
    """

    class Wanted(Message):
        """The button of an action was pressed."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, action: Action) -> None:
        super().__init__(
            _label(action, brief=False, dim=False),
            id=f"button-{action.id}",
            tooltip=action.tooltip,
        )
        self.wanted = self._shown = action
        self._why: str | None = None
        self._brief = False

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Turns the press into the wish for the action."""
        event.stop()
        self.post_message(self.Wanted(self.wanted))

    def show(self, scene: Scene) -> None:
        """Has the words that fit the row, and is dimmed where the action does not apply."""
        action, why = self.wanted.shown(scene), self.wanted.why_not(scene)
        if (action.button, why) != (self._shown.button, self._why):
            self._shown, self._why = action, why
            self.set_class(why is not None, "-dim")
            self.tooltip = Content(why or action.tooltip)
            self._relabel()

    def set_brief(self, brief: bool) -> None:
        """Takes the shorter label, or the whole one."""
        if brief != self._brief:
            self._brief = brief
            self._relabel(layout=bool(self.wanted.short))

    def keys_changed(self) -> None:
        """The action may have another key."""
        self._relabel(layout=True)

    def _relabel(self, *, layout: bool = False) -> None:
        label = _label(self._shown, brief=self._brief, dim=self._why is not None)
        # Content compares by its text alone, so that a changed style would go unnoticed.
        self.set_reactive(Button.label, label)
        self.refresh(layout=layout)


def _label(action: Action, *, brief: bool, dim: bool) -> Content:
    word = action.short if brief and action.short else action.button
    return Content.assemble(word, " ", (action.key, "" if dim else "bold $text-accent"))


class Buttons(HorizontalGroup):
    """Every action that has a button."""

    def compose(self) -> ComposeResult:
        """One button each, in the order of the table of actions."""
        for action in buttons():
            yield ActionButton(action)

    def on_resize(self) -> None:
        """Shortens the labels where they would not fit."""
        for button in self.query_children(ActionButton):
            button.set_brief(self.size.width < _WHOLE)

    def show(self, scene: Scene) -> None:
        """Dims what does not apply now."""
        for button in self.query_children(ActionButton):
            button.show(scene)

    def keys_changed(self) -> None:
        """Actions may have other keys."""
        for button in self.query_children(ActionButton):
            button.keys_changed()
