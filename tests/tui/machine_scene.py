"""A machine without processes: fixed rows for the Machine view, for pictures and tests."""

from __future__ import annotations

from proctui.core.classify import Parent
from proctui.linux.procfs import CLOCK_TICKS, Stat
from proctui.machine.live import Machine
from proctui.machine.rows import Seen, Times, orphan_row, parent_row, zombie_key, zombie_row
from proctui.machine.scan import Orphan, Zombie
from tests.tui.fakes import NOW

BOOT = NOW - 86_400.0


def _ticks(age: float) -> int:
    return int((NOW - age - BOOT) * CLOCK_TICKS)


def _stat(pid: int, comm: str, ppid: int, age: float, state: str = "S") -> Stat:
    pages = 0 if state == "Z" else 2_300
    return Stat(pid, comm, state, ppid, pid, pid, 250, 1, _ticks(age), pages, 0, 0)


def _zombie(pid: int, name: str, parent: str, ppid: int, code: int | None, age: float) -> Zombie:
    return Zombie(pid, name, ppid, parent, code, age, "egon", _ticks(age))


class SceneMachine(Machine):
    """Always finds the same: a mill of zombies, a stopped parent, two orphans."""

    async def refresh(self) -> frozenset[str]:
        """What it finds, each time."""
        times = Times(BOOT, NOW)
        made = {}
        families = [
            (
                Seen(1, _stat(3310, "web-cache", 1201, 7_400), "web-cache", "web-cache -p", "egon"),
                [
                    _zombie(3400 + n, "convert", "web-cache", 3310, code, 60.0 * (n + 1))
                    for n, code in enumerate((0, 0, 1, -9, 0))
                ],
            ),
            (
                Seen(2, _stat(2877, "make", 1422, 300, "T"), "make", "make -j4", "egon"),
                [_zombie(2890, "cc1", "make", 2877, 2, 290.0)],
            ),
        ]
        for seen, zombies in families:
            row = parent_row(seen, zombies, times, None, waited=True)
            made[row.key] = row
            parent = Parent(seen.stat.pid, seen.name, stopped=seen.stat.state == "T")
            for zombie in zombies:
                stat = _stat(zombie.pid, zombie.name, zombie.ppid, zombie.age_seconds, "Z")
                made[zombie_key(zombie)] = zombie_row(
                    zombie, stat, parent, row.key, times, None, NOW
                )
        for token, pid, name, adopter, ppid, age, why in (
            (3, 4021, "ffmpeg", "init", 1, 5_000, "its session leader 3980 is gone"),
            (4, 4188, "node", "systemd", 1201, 90, "its session leader 4170 is gone"),
        ):
            seen = Seen(token, _stat(pid, name, ppid, age), name, f"{name} worker.js", "egon")
            orphan = Orphan(
                pid, name, ppid, adopter, None, None, None, age, "egon", why, _ticks(age)
            )
            row = orphan_row(seen, orphan, times)
            made[row.key] = row
        self.looked = True
        return self._board.merge(made)
