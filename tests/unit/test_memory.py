from __future__ import annotations

from proctui.linux.procfs import parse_stat
from proctui.machine.memory import ROUND, SETTLED, Answer, Memory

STAT = parse_stat(b"7 (x) S 3 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 900 0 0 " + b"0 " * 30)
FOUND = Answer(1000, "an orphan")


def remembering(age: float = SETTLED) -> Memory[str]:
    memory: Memory[str] = Memory()
    memory.begin()
    memory.keep(STAT, age, FOUND)
    memory.begin()
    return memory


def test_the_same_process_is_asked_once() -> None:
    assert remembering().recall(STAT) == FOUND


def test_one_that_has_changed_is_another() -> None:
    for other in (
        STAT._replace(ppid=1),
        STAT._replace(sid=3),
        STAT._replace(start_ticks=901),
        STAT._replace(state="Z"),
    ):
        assert remembering().recall(other) is None
    assert remembering().recall(STAT, "asked for something else") is None


def test_one_that_was_just_started_may_become_another_yet() -> None:
    assert remembering(SETTLED - 0.1).recall(STAT) is None


def test_each_is_looked_at_anew_now_and_then_and_who_is_gone_is_forgotten() -> None:
    memory = remembering()
    recalled = []
    for _ in range(2 * ROUND):
        recalled.append(memory.recall(STAT) is not None)
        memory.keep(STAT, SETTLED, FOUND)
        memory.begin()
    assert recalled.count(False) == 2
    memory.begin()
    assert memory.recall(STAT) is None
