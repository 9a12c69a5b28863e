"""The one table of actions: what a person can do, by which key, and when it applies.

Bindings, buttons, footer, command palette and help are all read from `ACTIONS`;
nothing else names a key, and the settings may give them others (`keymap`).  When they
apply is in `applying`.  Pure: no terminal in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from proctui.model import Row
from proctui.tui import applying
from proctui.tui.applying import Rule, Scene, foreign_zombie, left_by, who
from proctui.tui.keymap import in_force
from proctui.tui.keynames import key_name

__all__ = [
    "ACTIONS", "Action", "Group", "Scene", "Scope", "foreign_zombie", "key_name", "left_by", "who",
]  # fmt: skip

Group = Literal["Workers", "Processes", "List", "Views", "Panes", "Session"]
"""Heading under which help and palette list an action."""

Scope = Literal["row", "tags", "session", "screen"]
"""What it acts on: the row under the cursor, the tagged rows where there are any (else the row),
the session as a whole, or only what is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
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
    rule: Rule = field(default=applying.always)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Its keys as the person's settings have them."""
        return in_force(self.id, self.keys)

    @property
    def key(self) -> str:
        """The key to name for it, as it is written on the screen."""
        return key_name(self.all_keys[0])

    def why_not(self, scene: Scene, row: Row | None = None) -> str | None:
        """Why it does not apply to `row` (default: the row under the cursor), or None."""
        return self.rule(scene.row if row is None else row, scene)


# ------------------------------------------------------------------------- the table

_TABLE: tuple[Action, ...] = (
    Action(
        id="join",
        keys=("j",),
        title="Join",
        button="Join",
        group="Workers",
        scope="tags",
        rule=applying.join,
        tooltip="Wait for the worker to end and take its exit code: this is what ends a zombie. "
        "Never blocks; j again or escape gives up.",
    ),
    Action(
        id="join_all",
        keys=("J",),
        title="Join all that ended",
        button="Join all",
        short="All",
        group="Workers",
        scope="session",
        rule=applying.join_all,
        tooltip="Join every worker that has ended and was not joined.",
    ),
    Action(
        id="terminate",
        keys=("t",),
        title="Terminate",
        button="Terminate",
        short="Term",
        group="Processes",
        scope="tags",
        rule=applying.asks("terminate"),
        tooltip="Send SIGTERM, after a question: ends it without clean-up unless it handles that.",
    ),
    Action(
        id="kill",
        keys=("k",),
        title="Kill",
        button="Kill",
        group="Processes",
        scope="tags",
        rule=applying.asks("kill"),
        tooltip="Send SIGKILL, after a question: no process can refuse that.",
    ),
    Action(
        id="restart",
        keys=("r",),
        title="Restart",
        button="Restart",
        group="Workers",
        scope="tags",
        rule=applying.asks("restart"),
        tooltip="Stop the worker if it runs, join it and start it again.",
    ),
    Action(
        id="start",
        keys=("s",),
        title="Start",
        button="Start",
        group="Workers",
        scope="tags",
        rule=applying.asks("start"),
        tooltip="Start a worker that does not run.",
    ),
    Action(
        id="new",
        keys=("n",),
        title="New worker",
        button="New",
        group="Workers",
        scope="session",
        rule=applying.new,
        tooltip="Fill in a form and start another worker.",
    ),
    Action(
        id="new_like",
        keys=("N",),
        title="New worker like this one",
        group="Workers",
        scope="session",
        rule=applying.new,
        tooltip="The form filled in with the worker under the cursor, to start another like it.",
    ),
    Action(
        id="stop",
        keys=("x",),
        title="Stop",
        group="Workers",
        scope="tags",
        rule=applying.asks("stop"),
        tooltip="Stop the worker: its stop signal, the grace period, then SIGKILL; joined after.",
    ),
    Action(
        id="end_left",
        keys=("O",),
        title="End what it left behind",
        group="Workers",
        scope="tags",
        rule=applying.end_left,
        tooltip="End every orphan of the worker, with all that descends from it, after a question.",
    ),
    Action(
        id="signal",
        keys=("f9",),
        title="Send a signal",
        footer="signal",
        group="Processes",
        scope="tags",
        rule=applying.asks("signal"),
        tooltip="Choose a signal by name or number, with what it does, and send it.",
    ),
    Action(
        id="filter",
        keys=("slash", "f4"),
        title="Filter",
        footer="filter",
        group="List",
        tooltip="Show only what matches: text, or state:zombie, alive:false, daemon:true, cpu>50.",
    ),
    Action(
        id="search",
        keys=("f3",),
        title="Search",
        group="List",
        tooltip="Jump to the next row that contains what you type.",
    ),
    Action(
        id="tag",
        keys=("space",),
        title="Tag",
        footer="tag",
        group="List",
        scope="row",
        rule=applying.row_needed,
        tooltip="Tag the row; an action then means all that are tagged.",
    ),
    Action(
        id="tag_tree",
        keys=("c",),
        title="Tag with descendants",
        group="List",
        scope="row",
        rule=applying.row_needed,
        tooltip="Tag the row and everything that descends from it.",
    ),
    Action(
        id="tag_shown",
        keys=("asterisk",),
        title="Tag all that match",
        group="List",
        tooltip="Tag every row that is listed: with a filter, those that match it.",
    ),
    Action(
        id="untag",
        keys=("U",),
        title="Untag all",
        group="List",
        rule=applying.tagged,
        tooltip="Take every tag away.",
    ),
    Action(
        id="zombie",
        keys=("z",),
        title="Next zombie",
        footer="zombie",
        group="List",
        rule=applying.zombie,
        tooltip="Move the cursor to the next process that is dead and was not joined.",
    ),
    Action(
        id="orphan",
        keys=("o",),
        title="Next orphan",
        footer="orphan",
        group="List",
        rule=applying.orphan,
        tooltip="Move the cursor to the next process whose parent is gone.",
    ),
    Action(
        id="tree",
        keys=("f5",),
        title="Tree or flat list",
        footer="tree",
        group="List",
        tooltip="Show descendants under their workers, or everything in one sorted list.",
    ),
    Action(
        id="fold",
        keys=("minus", "plus"),
        title="Fold or unfold",
        group="List",
        scope="row",
        rule=applying.row_needed,
        tooltip="Hide or show what descends from the row.",
    ),
    Action(
        id="sort",
        keys=("f6",),
        title="Sort",
        footer="sort",
        group="List",
        tooltip="Choose the column to sort by; the same again turns the order round.",
    ),
    Action(
        id="columns",
        keys=("f7",),
        title="Columns",
        group="List",
        tooltip="Choose which columns the list has, in which order and how wide.",
    ),
    Action(
        id="follow",
        keys=("F",),
        title="Follow",
        group="List",
        tooltip="The cursor goes to each process that comes, until F is pressed again.",
    ),
    Action(
        id="pause",
        keys=("p",),
        title="Pause the display",
        footer="pause",
        group="List",
        tooltip="Hold the picture still; the processes go on.",
    ),
    Action(
        id="view_workers",
        keys=("1",),
        title="Workers",
        group="Views",
        tooltip="The list of workers and what descends from them.",
    ),
    Action(
        id="view_timeline",
        keys=("2",),
        title="Timeline",
        group="Views",
        tooltip="One lifeline for each process: alive, orphaned, a zombie, and what happened.",
    ),
    Action(
        id="view_machine",
        keys=("3",),
        title="Machine",
        group="Views",
        tooltip="Every zombie of the machine under the parent that neglects it, every orphan.",
    ),
    Action(
        id="users",
        keys=("u",),
        title="Own or everyone's",
        group="List",
        rule=applying.users,
        tooltip="In the Machine view: your own processes, or all users'.",
    ),
    Action(
        id="chart",
        keys=("C",),
        title="Chart",
        group="Views",
        scope="row",
        rule=applying.row_needed,
        tooltip="CPU and memory of the process under the cursor over the last minutes.",
    ),
    Action(
        id="export",
        keys=("E",),
        title="Export",
        group="Views",
        tooltip="Save the history as a Chrome trace, which Perfetto opens, or the picture as SVG.",
    ),
    Action(
        id="details",
        keys=("i",),
        title="Details",
        group="Panes",
        tooltip="What multiprocessing says beside what the kernel says.",
    ),
    Action(
        id="log",
        keys=("l",),
        title="Log",
        group="Panes",
        tooltip="The output of the worker under the cursor, following.",
    ),
    Action(
        id="events",
        keys=("e",),
        title="Events",
        group="Panes",
        tooltip="What happened, newest first; e again: only the row under the cursor.",
    ),
    Action(
        id="pane",
        keys=("m",),
        title="Larger or smaller pane",
        group="Panes",
        tooltip="Give the pane below the whole screen, or give it back.",
    ),
    Action(
        id="guide",
        keys=("w",),
        title="Fold or unfold the guide",
        group="Panes",
        tooltip="What a lesson is about: what happens, what to look at, what to press, and why.",
    ),
    Action(
        id="lesson",
        keys=("b",),
        title="Begin a lesson",
        group="Session",
        tooltip="Choose a scenario of multiprocessing; it runs as a session of its own.",
    ),
    Action(
        id="detach",
        keys=("d",),
        title="Detach",
        group="Session",
        scope="session",
        tooltip="Leave the screen; the workers go on and proctui attach comes back to them.",
    ),
    Action(
        id="settings",
        keys=("comma", "f2"),
        title="Settings",
        group="Session",
        tooltip="Theme, keys, columns, what asks first; kept for the next time.",
    ),
    Action(
        id="help",
        keys=("question_mark", "f1"),
        title="Help",
        footer="help",
        group="Session",
        tooltip="The keys, and what zombies, orphans, daemons and joining are.",
    ),
    Action(
        id="quit",
        keys=("q", "f10", "ctrl+q"),
        title="Quit",
        footer="quit",
        group="Session",
        scope="session",
        tooltip="Leave: stop the workers, or let them go on.",
    ),
)

ACTIONS: Mapping[str, Action] = {action.id: action for action in _TABLE}
"""Every action by its id, in the order in which buttons, footer and help show them."""
