from __future__ import annotations

from proctui.kernel.discovery import FEW, FULL_INTERVAL, Newcomers
from proctui.linux import procfs


class Machine:
    """A source of pids alone; counts the listings."""

    KEEPS_OPEN = True

    def __init__(self, *there: int) -> None:
        self.there = list(there)
        self.last: int | None = max(there)
        self.listings = 0

    def pids(self) -> list[int]:
        self.listings += 1
        return list(self.there)

    def given(self, after: int, last: int) -> list[int]:
        return [pid for pid in self.there if after < pid <= last]

    def last_pid(self) -> int | None:
        return self.last

    def born(self, pid: int) -> None:
        self.there.append(pid)
        self.last = pid

    read_stat = staticmethod(procfs.read_stat)
    children = staticmethod(procfs.children)
    owner = staticmethod(procfs.owner)
    name = staticmethod(procfs.name)
    command_line = staticmethod(procfs.command_line)
    tags = staticmethod(procfs.tags)
    may_read_exit = staticmethod(procfs.may_read_exit)
    is_namespace_init = staticmethod(procfs.is_namespace_init)
    boot_time = staticmethod(procfs.boot_time)


def look(newcomers: Newcomers, clock: float = 1.0, watched: tuple[int, ...] = ()) -> list[int]:
    """One pass in which everybody turns out to be foreign."""
    found = newcomers.candidates(watched, clock)
    newcomers.dismiss(found)
    return found


def settled(*there: int) -> tuple[Machine, Newcomers]:
    """After as many passes as it takes until nothing is new."""
    machine = Machine(*there)
    newcomers = Newcomers(machine)
    while look(newcomers):
        pass
    machine.listings = 0
    return machine, newcomers


def test_the_first_pass_reads_everybody() -> None:
    newcomers = Newcomers(Machine(1, 5, 9))
    assert look(newcomers, watched=(5,)) == [1, 9]


def test_nothing_is_even_listed_while_no_pid_was_given() -> None:
    machine, newcomers = settled(1, 5, 9)
    assert look(newcomers) == []
    assert machine.listings == 0


def test_a_newcomer_is_looked_at_in_two_passes_and_then_left_alone() -> None:
    """In the first it may still be what it was forked from."""
    machine, newcomers = settled(1, 5, 9)
    machine.born(12)
    assert [look(newcomers) for _ in range(3)] == [[12], [12], []]


def test_few_newcomers_cost_no_list_of_the_whole_machine() -> None:
    machine, newcomers = settled(*range(1, 5000))
    machine.born(5000 + FEW // 2)
    assert [look(newcomers) for _ in range(3)] == [[5000 + FEW // 2]] * 2 + [[]]
    assert machine.listings == 0
    machine.born(6000 + FEW)
    assert look(newcomers) == [6000 + FEW]
    assert machine.listings == 1


def test_one_whose_pid_was_given_before_it_showed_is_found() -> None:
    machine, newcomers = settled(1, 5, 9)
    machine.last = 12
    assert look(newcomers) == []
    machine.there.append(12)
    assert look(newcomers) == [12]


def test_a_recycled_pid_is_looked_at_again_after_the_counter_came_round() -> None:
    machine, newcomers = settled(1, 5, 900)
    machine.last = 6
    assert look(newcomers) == [1, 5], "5 may be another process by now"
    assert newcomers.is_foreign(900)


def test_who_went_is_new_when_the_pid_comes_back() -> None:
    machine, newcomers = settled(1, 5, 9)
    machine.there.remove(5)
    machine.born(11)
    look(newcomers)
    look(newcomers)
    machine.there.append(5)
    machine.last = 6  # the counter came round
    assert 5 in look(newcomers)


def test_everybody_is_read_again_now_and_then_and_when_asked_for() -> None:
    _, newcomers = settled(1, 5, 9)
    assert look(newcomers, 2.0 + FULL_INTERVAL) == [1, 5, 9]
    assert look(newcomers, 3.0 + FULL_INTERVAL) == []
    newcomers.read_all_next()
    assert look(newcomers, 4.0 + FULL_INTERVAL) == [1, 5, 9]


def test_without_a_counter_everybody_is_listed_each_time_and_strangers_read() -> None:
    machine = Machine(1, 5)
    machine.last = None
    newcomers = Newcomers(machine)
    assert look(newcomers) == [1, 5]
    machine.there.append(7)
    assert [look(newcomers) for _ in range(2)] == [[7], []]
    assert machine.listings == 3
