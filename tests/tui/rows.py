"""Made-up rows that show every state, and an app around one widget."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from proctui.model import Lineage, Phase, ProcessSample, Row, State, Worker
from proctui.views.view import Arrangement, Column, Predicate, arrange

NOW = 1_700_000_100.0
HOSTILE = "evil\x1b]0;x\x07[/b]中文\u202e\n\x00"


def sample(pid: int, ppid: int = 40310, state: str = "S", **changes: object) -> ProcessSample:
    known: dict[str, object] = {
        "pid": pid, "ppid": ppid, "pgid": pid, "sid": pid, "state": state, "start_ticks": pid,
        "comm": "python3", "rss_bytes": 0 if state == "Z" else 9_500_000,
    }  # fmt: skip
    return ProcessSample(**{**known, **changes})  # type: ignore[arg-type]


def worker(
    name: str,
    pid: int | None,
    phase: Phase = "alive",
    state: State = State.SLEEPING,
    **more: object,
) -> Row:
    """The row of a worker that started 12 seconds ago."""
    exitcode = more.pop("exitcode", None)
    there = pid is not None and phase in ("alive", "ended")
    letter = "Z" if state is State.ZOMBIE else "S"
    said = Worker(
        id=name,
        name=name,
        phase=phase,
        pid=pid,
        ppid=None if pid is None else 40310,
        alive=None if pid is None else phase == "alive",
        exitcode=exitcode,  # type: ignore[arg-type]
        started_at=None if pid is None else NOW - 12,
        joined_at=NOW - 1 if phase == "joined" else None,
        label=str(more.pop("label", f"lessons:{name}()")),
        daemon=bool(more.pop("daemon", False)),
        failure=more.pop("failure", None),  # type: ignore[arg-type]
        authkey_length=32,
        authkey_fingerprint="9f8a01bc",
    )
    known: dict[str, object] = {
        "key": f"w:{name}", "version": 1, "worker": said, "name": name, "state": state,
        "exitcode": exitcode, "started_at": NOW - 12 if there else None,
        "sample": sample(pid, state=letter) if there and pid else None,
        "cpu_percent": 0.0 if there else None,
        "zombie_since": NOW - 7 if state is State.ZOMBIE else None,
        "lineage": Lineage(first_ppid=40310, first_parent="supervisor"),
    }  # fmt: skip
    return Row(**{**known, **more})  # type: ignore[arg-type]


def child(
    token: int, pid: int, ppid: int, parent: str, state: State = State.SLEEPING, **more: object
) -> Row:
    """The row of a descendant that started 9 seconds ago."""
    known: dict[str, object] = {
        "key": f"p:{token}", "token": token, "version": 1, "name": "python3", "state": state,
        "sample": sample(pid, ppid, "Z" if state is State.ZOMBIE else "S"), "cpu_percent": 0.0,
        "started_at": NOW - 9, "zombie_since": NOW - 5 if state is State.ZOMBIE else None,
        "parent": parent,
    }  # fmt: skip
    return Row(**{**known, **more})  # type: ignore[arg-type]


ADOPTED = Lineage(
    first_ppid=40350, first_parent="parent", adopter_pid=1, adopter="init", adopted_at=NOW - 8,
    worker="parent", why="its first parent 40350 is gone",
)  # fmt: skip
NEGLECTED = Lineage(first_ppid=40330, first_parent="factory", worker="factory")


class Family:
    """Rows in their tree, as the store holds them."""

    def __init__(self, *rows: Row) -> None:
        self.rows = {row.key: row for row in rows}

    def children(self, key: str) -> list[str]:
        return [row.key for row in self.rows.values() if row.parent == key]

    def arrange(
        self,
        *,
        sort: Column | None = None,
        reverse: bool = False,
        tree: bool = True,
        folded: set[str] | frozenset[str] = frozenset(),
        filter: Predicate | None = None,
    ) -> Arrangement:
        roots = [row.key for row in self.rows.values() if row.parent is None]
        return arrange(
            self.rows, roots, self.children,
            sort=sort, reverse=reverse, tree=tree, folded=folded, filter=filter,
        )  # fmt: skip


def story() -> Family:
    """The screen of the design."""
    return Family(
        worker("piao-1", 40321, label="lessons:piao('egon')"),
        worker("cleaner", 40322, state=State.RUNNING, daemon=True, cpu_percent=98.7),
        worker("worker-3", 40323, "ended", State.ZOMBIE, exitcode=3),
        worker("factory", 40330),
        child(1, 40344, 40330, "w:factory", State.ZOMBIE, exitcode=0, lineage=NEGLECTED),
        child(2, 40345, 40330, "w:factory", command="sleep 9"),
        worker("parent", 40350, "joined", State.ENDED, exitcode=0),
        child(3, 40351, 1, "w:parent", orphan=True, lineage=ADOPTED),
        worker("later", None, "idle", State.IDLE),
        worker("broken", None, "failed", State.FAILED, failure="no module named nosuch"),
    )


def crowd(count: int) -> Family:
    """Many workers alike."""
    return Family(*(worker(f"worker-{number}", 50_000 + number) for number in range(count)))


class Stage(App[None]):
    """An app with one widget; `hear` collects what the widget says."""

    def __init__(self, widget: Widget, *kinds: type[Message]) -> None:
        super().__init__()
        self.widget = widget
        self.kinds = kinds
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.widget

    def hear(self, message: Message) -> None:
        """For `run_test`'s message_hook, which calls it at every stop of a message's way."""
        if isinstance(message, self.kinds) and not any(message is old for old in self.heard):
            self.heard.append(message)


def lines(widget: Widget) -> list[str]:
    """What the widget draws, as text."""
    return [widget.render_line(y).text for y in range(widget.size.height)]
