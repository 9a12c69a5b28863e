"""What an action would hit, and what speaks against it."""

from __future__ import annotations

from collections.abc import ValuesView

import pytest

from proctui.model import Lineage, ProcessSample, Row, State, Worker
from proctui.tui.plan import Reach, descendants, listed, plan, running, target


class Family:
    """Rows by hand: a name each, ``parent/child`` in keys."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.below: dict[str, list[str]] = {}

    def children(self, key: str) -> list[str]:
        return self.below.get(key, [])

    def worker(self, name: str, pid: int, *, daemon: bool = False, command: bool = False) -> Row:
        worker = Worker(
            id=name, name=name, phase="alive", pid=pid, daemon=daemon, is_command=command
        )
        return self._put(f"w:{name}", name, pid, 1, pid, worker=worker, owner=name)

    def child(
        self, name: str, pid: int, parent: str, *, orphan: bool = False, helper: str = "",
        state: str = "S", pgid: int | None = None,
    ) -> Row:  # fmt: skip
        above = self.rows[parent]
        assert above.sample is not None
        row = self._put(
            f"p:{pid}", name, pid, 1 if orphan else above.sample.pid,
            above.sample.pgid if pgid is None else pgid, owner=above.lineage.worker, state=state,
        )  # fmt: skip
        row.orphan, row.helper = orphan, helper
        self.below.setdefault(parent, []).append(row.key)
        return row

    def _put(
        self, key: str, name: str, pid: int, ppid: int, pgid: int, *, worker: Worker | None = None,
        owner: str | None = None, state: str = "S",
    ) -> Row:  # fmt: skip
        sample = ProcessSample(
            pid=pid, ppid=ppid, pgid=pgid, sid=pgid, state=state, start_ticks=pid, comm=name
        )
        row = Row(
            key=key,
            token=pid,
            worker=worker,
            sample=sample,
            name=name,
            state=State.ZOMBIE if state == "Z" else State.SLEEPING,
            lineage=Lineage(worker=owner),
        )
        self.rows[key] = row
        return row


def family() -> Family:
    made = Family()
    made.worker("boss", 10)
    made.child("left", 11, "w:boss")
    made.child("grand", 12, "p:11", pgid=12)
    made.child("dead", 13, "w:boss", state="Z")
    made.worker("other", 20)
    return made


def hit(made: Family, key: str, reach: Reach) -> list[int | None]:
    return [member.pid for member in plan(made, [made.rows[key]], reach).members]


def test_reaches() -> None:
    made = family()
    assert hit(made, "w:boss", "process") == [10]
    assert hit(made, "w:boss", "group") == [10, 11]
    assert hit(made, "w:boss", "tree") == [10, 11, 12]
    assert hit(made, "p:11", "tree") == [11, 12]


def test_the_dead_are_never_hit() -> None:
    made = family()
    assert hit(made, "p:13", "tree") == []


def test_the_tree_of_a_worker_holds_what_it_left_behind() -> None:
    made = family()
    orphan = made.child("left-over", 14, "w:boss", orphan=True, pgid=14)
    made.below["w:boss"].remove(orphan.key)  # wherever it may be listed
    assert 14 in hit(made, "w:boss", "tree")


def test_several_rows_are_hit_once_each() -> None:
    made = family()
    rows = [made.rows["w:boss"], made.rows["p:11"]]
    members = plan(made, rows, "tree").members
    assert [member.pid for member in members] == [10, 11, 12]


def test_whom_it_would_orphan() -> None:
    made = family()
    warnings = [hazard.text for hazard in plan(made, [made.rows["w:boss"]], "process").warnings]
    assert "One process would be orphaned: left (11)." in warnings
    tree = [hazard.text for hazard in plan(made, [made.rows["w:boss"]], "tree").warnings]
    assert not any("orphaned" in text for text in tree)


def test_daemons_locks_and_helpers() -> None:
    made = Family()
    made.worker("feeder", 10, daemon=True)
    made.child("server", 11, "w:feeder", helper="fork server")
    hazards = plan(made, [made.rows["w:feeder"], made.rows["p:11"]], "process").warnings
    assert [hazard.grave for hazard in hazards] == [True, True, False]
    assert "fork server" in hazards[0].text
    assert "feeder is daemonic" in hazards[1].text
    assert "lock" in hazards[2].text


def test_a_command_holds_no_lock_of_ours() -> None:
    made = Family()
    made.worker("web", 10, command=True)
    assert plan(made, [made.rows["w:web"]], "process").warnings == ()


def test_what_is_protected_comes_first() -> None:
    made = family()
    planned = plan(
        made, [made.rows["w:boss"]], "process",
        lambda pid: "proctui runs in bash (10): it would end with it" if pid == 10 else None,
    )  # fmt: skip
    assert planned.warnings[0].text == "Proctui runs in bash (10): it would end with it."
    assert planned.warnings[0].grave


def test_a_target_is_the_process_and_not_the_row() -> None:
    made = family()
    aimed = target(made.rows["w:boss"])
    assert aimed.runs(made)
    made.rows["w:boss"].token = 99  # it was restarted
    assert aimed.still(made) is None
    assert not aimed.runs(made)


def test_a_target_remembers_what_it_was() -> None:
    made = family()
    aimed = target(made.rows["p:11"])
    made.rows["p:11"].name = "renamed"
    assert aimed.who == "left (11)"
    assert aimed.owner == "boss"
    assert aimed.worker is None


def test_what_runs() -> None:
    made = family()
    assert running(made.rows["w:boss"])
    assert not running(made.rows["p:13"])
    made.rows["w:boss"].state = State.ENDED
    assert not running(made.rows["w:boss"])


def test_parents_come_before_children() -> None:
    made = family()
    ((_, found),) = descendants(made, [made.rows["w:boss"]])
    assert [row.pid for row in found] == [11, 13, 12]


class Counted(dict[str, Row]):
    """Counts how often all rows are gone through."""

    times = 0

    def values(self) -> ValuesView[Row]:  # type: ignore[override]
        self.times += 1
        return super().values()


@pytest.mark.parametrize("reach", ["process", "group", "tree"])
def test_all_rows_are_gone_through_once_however_many_are_asked_for(reach: Reach) -> None:
    made = Family()
    for pid in range(10, 60):
        made.worker(f"w-{pid}", pid)
        made.child("child", pid + 100, f"w:w-{pid}")
    made.rows = rows = Counted(made.rows)
    found = plan(made, [row for key, row in rows.items() if key.startswith("w:")], reach)
    assert len(found.members) == (50 if reach == "process" else 100)
    assert rows.times <= 1


def test_lists_of_names() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcdefg")) == "a, b, c, d and 3 more"


def test_a_worker_runs_before_the_kernel_view_has_seen_it() -> None:
    starting = Worker(id="w", name="w", phase="starting", pid=10)
    assert running(Row(key="w:w", worker=starting, state=State.STARTING, name="w"))
    failed = Worker(id="w", name="w", phase="failed", pid=10)
    assert not running(Row(key="w:w", worker=failed, state=State.UNKNOWN, name="w"))
