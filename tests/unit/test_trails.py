from __future__ import annotations

from proctui.linux.procfs import Stat
from proctui.linux.trails import belonging, orphaned_members, tagged


def stat(pid: int, ppid: int, *, pgid: int = 0, sid: int = 0, state: str = "S") -> Stat:
    return Stat(pid, f"p{pid}", state, ppid, pgid or pid, sid or pid, 0, 1, 1, 0, 0, 0)


def table(*stats: Stat) -> dict[int, Stat]:
    return {s.pid: s for s in stats}


def test_children_of_children_belong_and_are_taken_out() -> None:
    stats = table(stat(20, 10), stat(30, 20), stat(40, 1))
    found = belonging(stats, {10}, ())
    assert {(s.pid, by_parent) for s, by_parent in found} == {(20, True), (30, True)}
    assert set(stats) == {40}


def test_who_lives_in_the_session_belongs_and_is_known_as_adopted() -> None:
    stats = table(stat(20, 1, sid=10), stat(30, 20, sid=10), stat(10, 1))
    assert {s.pid: by for s, by in belonging(stats, (), {10})} == {20: False, 30: True}
    assert set(stats) == {10}, "the leader itself is not led there by its own number"


def test_a_session_led_by_a_descendant_brings_its_people() -> None:
    stats = table(stat(20, 10), stat(30, 1, sid=20), stat(31, 30, sid=20))
    assert {s.pid for s, _ in belonging(stats, {10}, ())} == {20, 30, 31}


def test_orphans_of_a_group_but_not_the_rest_of_a_pipeline() -> None:
    shell = stat(5, 1)
    stats = table(
        stat(1, 0),
        shell,
        stat(50, 5, pgid=50, sid=5),
        stat(51, 5, pgid=50, sid=5),
        stat(52, 1, pgid=50, sid=5),
    )
    assert [s.pid for s in orphaned_members(stats, {50})] == [52]


def test_tags_that_may_not_be_read_are_passed_over() -> None:
    def read(pid: int) -> tuple[str | None, str | None]:
        if pid == 3:
            raise PermissionError
        return ("mine", "w") if pid == 4 else ("other", None)

    stats = [stat(3, 1), stat(4, 1), stat(5, 1), stat(6, 2), stat(7, 1, state="Z")]
    assert [(s.pid, worker) for s, worker in tagged(stats, "mine", read)] == [(4, "w")]
