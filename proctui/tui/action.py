"""What an action is: its keys and words, where it shows, and when it applies.  Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from proctui.model import Row
from proctui.tui import applying
from proctui.tui.applying import Rule, Scene
from proctui.tui.keymap import in_force
from proctui.tui.keynames import key_name

Group = Literal["Workers", "Processes", "List", "Views", "Panes", "Session"]
"""Heading under which help and palette list an action."""

Scope = Literal["row", "tags", "session", "screen"]
"""What it acts on: the row under the cursor, the tagged rows where there are any (else the row),
the session as a whole, or only what is shown."""


class Instead(NamedTuple):
    """Other words for an action, for rows to which it does something else."""

    when: Callable[[Row | None], bool]
    title: str
    tooltip: str


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a person can do."""

    id: str
    keys: tuple[str, ...]
    """Textual's names of the keys that it has unless the settings say otherwise, the one that is
    shown first; see `all_keys`."""
    title: str
    """A verb or two, for palette and help."""
    tooltip: str
    """One sentence: what it does."""
    group: Group
    scope: Scope = "screen"
    button: str = ""
    """Label of its button; empty for none."""
    short: str = ""
    """The same where there is little room; empty where it is short enough."""
    footer: str = ""
    """Label in the footer; empty for none."""
    harms: bool = False
    """It may end processes."""
    rule: Rule = applying.always
    instead: Instead | None = None
    """The words where it does something else to the row under the cursor."""

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Its keys as the person's settings have them."""
        return in_force(self.id, self.keys)

    @property
    def key(self) -> str:
        """The key to name for it, as it is written on the screen."""
        return key_name(self.all_keys[0])

    def shown(self, scene: Scene) -> Action:
        """The same with the words that fit the row under the cursor."""
        other = self.instead
        if other is None or not other.when(scene.row):
            return self
        title = other.title
        return msgspec.structs.replace(
            self,
            title=title,
            tooltip=other.tooltip,
            button=self.button and title,
            footer=self.footer and title.lower(),
        )

    def why_not(self, scene: Scene, row: Row | None = None) -> str | None:
        """Why it does not apply to `row` (default: the row under the cursor), or None."""
        return self.rule(scene.row if row is None else row, scene)
