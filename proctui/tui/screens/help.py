"""Help: the keys, generated from the table of actions, and what the words mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, get_args

from rich.table import Table
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TabbedContent, TabPane

from proctui.lessons import TOPICS
from proctui.tui.actions import ACTIONS, Action, Group
from proctui.tui.keynames import key_name
from proctui.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from textual.theme import Theme

_PAGES: Sequence[tuple[str, str]] = (
    (
        "Two views",
        "multiprocessing believes one thing about a worker: is_alive(), exitcode, daemon. "
        "The kernel knows another: its state, its parent, its session. proctui shows both side "
        "by side. Where they disagree, a sentence says why and which key helps.\n"
        "Looking never changes anything here: only Join takes an exit code.",
    ),
    (
        "Join",
        "When a process ends, the kernel keeps its exit code until the parent asks for it. That "
        "asking is join. Press {join} on a worker: if it has ended it is joined at once, if it "
        "runs the join waits, and {join} again or escape gives up. The screen never waits with it.",
    ),
    (
        "Zombie",
        "Z: a process that has ended and was not joined. It uses no memory and no processor "
        "time, only its place in the process table, and no signal does anything to it: it is "
        "dead already. Only its parent can join it. Your own worker: {join}. A child of somebody "
        "else: {join}, called Cure there, shows what can be done about the parent, the gentlest "
        "first.",
    ),
    (
        "Orphan",
        "O: a process whose parent ended first. Something adopted it: init (process 1) or a "
        "subreaper. It goes on running, often without anybody knowing. {terminate} terminates it, "
        "{kill} kills it. Ending a whole tree instead of one process leaves no orphans: the "
        "question that Terminate, Kill and Stop ask offers that.",
    ),
    (
        "Daemonic",
        "daemon=True promises that a worker does not outlive its parent: it is terminated when "
        "the parent exits. It may not have children of its own. It is no Unix daemon.",
    ),
    (
        "Terminate, kill, stop",
        "Terminate sends SIGTERM: the process ends without clean-up unless it handles the "
        "signal. Kill sends SIGKILL, which nothing can refuse. Stop does one after the other, "
        "with a grace period between, and joins. By itself none of them ends the children of the "
        "process: the question offers its group and its whole tree. A lock that it held is never "
        "released.",
    ),
    (
        "exitcode",
        "None: runs still. 0: ended as it should. 3: ended with sys.exit(3). 1: an exception "
        "that nobody caught. -15: ended by signal 15, SIGTERM.",
    ),
)

_TITLES = {
    "ProcessTable": "In the list",
    "Log": "In the log",
    "Events": "In the events",
    "Timeline": "In the timeline",
    "Guide": "In the guide",
}


class Help(Dialog[None]):
    """Keys on one page, words on another."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,q", "leave", "Close", show=False),
    ]
    heading = "Help"
    foot = "Tab, arrows: pages   Esc: close"

    def __init__(self, focused: Widget | None) -> None:
        super().__init__()
        self.add_class("wide")
        self.focused_before = focused

    def body(self) -> Iterable[Widget]:
        """The pages."""
        pages = TabbedContent()
        pages.compose_add_child(TabPane("Keys", VerticalScroll(Static(self._keys(), id="keys"))))
        pages.compose_add_child(
            TabPane("What the words mean", VerticalScroll(Static(_words(), id="words")))
        )
        pages.compose_add_child(TabPane("Lessons", VerticalScroll(Static(_lessons(), id="taught"))))
        yield pages

    def on_mount(self) -> None:
        """Lets the arrow keys scroll at once."""
        self.query(VerticalScroll).first().focus()
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, _: Theme) -> None:
        """Draws the keys anew: their colours are not the style sheet's."""
        self.query_one("#keys", Static).update(self._keys())

    def _keys(self) -> Table:
        """What the focused part understands, then the table of actions, group by group."""
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(ratio=1)
        own = list(_bindings_of(self.focused_before))
        if own and self.focused_before is not None:
            self._group(table, _title_of(self.focused_before), own)
        for group in get_args(Group):
            actions = [action for action in ACTIONS.values() if action.group == group]
            self._group(table, group, [_line(action) for action in actions])
        return table

    def _group(self, table: Table, title: str, lines: Iterable[tuple[str, str, str]]) -> None:
        accent = self.app.theme_variables.get("text-accent", "")
        if table.row_count:
            table.add_row()
        table.add_row(Text(title, style=f"bold {accent}".strip()))
        for keys, name, more in lines:
            table.add_row(Text(f"  {keys}", style="bold"), Text(name), Text(more))


def _title_of(widget: Widget) -> str:
    return _TITLES.get(type(widget).__name__, type(widget).__name__)


def _line(action: Action) -> tuple[str, str, str]:
    return " ".join(map(key_name, action.all_keys)), action.title, action.tooltip


def _bindings_of(widget: Widget | None) -> Iterator[tuple[str, str, str]]:
    """The keys that the focused widget understands by itself."""
    if widget is None:
        return
    found: dict[str, list[Binding]] = {}
    in_force = widget._bindings.copy()
    in_force.apply_keymap(widget.app._keymap)
    for _, binding in in_force:
        if not binding.action.startswith("screen."):
            found.setdefault(binding.description or binding.action, []).append(binding)
    for title, bindings in found.items():
        yield " ".join(key_name(each.key) for each in bindings), title, bindings[0].tooltip


def _words() -> Content:
    keys = {name: action.key for name, action in ACTIONS.items()}
    parts = [
        Content.assemble((title, "bold $text-accent"), "\n", page.format_map(keys))
        for title, page in _PAGES
    ]
    return Content("\n\n").join(parts)


def _lessons() -> Content:
    """What every lesson is about."""
    how = f"{ACTIONS['lesson'].key} starts one, or: proctui scenario ID. --guide tells its steps."
    parts = [Content(how)]
    for topic in TOPICS:
        parts.append(Content.styled(topic.title, "bold $text-accent"))
        parts += [
            Content.assemble((lesson.title, "bold"), (f"  {lesson.id}", "$text-muted"), "\n", told)
            for lesson in topic.lessons
            for told in (lesson.explanation,)
        ]
    return Content("\n\n").join(parts)
