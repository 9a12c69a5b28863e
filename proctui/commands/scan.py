"""``scan``: every zombie and every orphan of the machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence

from proctui.commands.output import complain, print_object, print_table, say
from proctui.core.exitcodes import exitcode_text
from proctui.linux import procfs
from proctui.machine.known import known_sessions
from proctui.machine.scan import INIT, Found, Orphan, Zombie, collect, still_there

_SECOND_LOOK = 0.2
"""Seconds that a parent has to reap before its zombie counts: every process is one for a moment."""
_SHOWN = 10
"""Of each group as many are listed for people; of more the number is told."""
_REAL_INIT = (
    "PID 1 does not reap: run the container with a real init (docker run --init, "
    "init: true, tini), no signal helps"
)


def scan(arguments: argparse.Namespace) -> int:
    """Prints what there is; exit status 1 with ``--check`` where there is anything."""
    if not procfs.available():
        complain("scan needs /proc, which is not there")
        return 1
    if arguments.all_users and _others_are_hidden():
        complain("other users' processes are missing: /proc is mounted so that it hides them")
    found = collect(all_users=arguments.all_users, sessions=known_sessions())
    if found.zombies:
        time.sleep(_SECOND_LOOK)
        found = still_there(found)
    if arguments.json:
        print_object(found.as_json())
    else:
        _print(found)
    return 1 if arguments.check and (found.zombies or found.orphans) else 0


def _others_are_hidden() -> bool:
    """Whether /proc shows this user's processes alone (proc(5): hidepid)."""
    try:
        procfs.read_stat(INIT)
    except OSError:
        return True
    return False


def _print(found: Found) -> None:
    if not found.zombies and not found.orphans:
        say("no zombies, no orphans")
    if found.zombies:
        _print_zombies(found.zombies)
    if found.zombies and found.orphans:
        say("")
    if found.orphans:
        _print_orphans(found.orphans)


def _print_zombies(zombies: Iterable[Zombie]) -> None:
    by_parent: dict[int, list[Zombie]] = {}
    for zombie in zombies:
        by_parent.setdefault(zombie.ppid, []).append(zombie)
    for ppid, children in sorted(by_parent.items(), key=lambda item: -len(item[1])):
        parent = children[0].parent
        say(f"{parent} ({ppid}) has not joined {_number(len(children), 'zombie')}:")
        if ppid == INIT:
            say(_REAL_INIT)
        print_table(
            ("PID", "NAME", "EXITCODE", "AGE", "USER"),
            [
                (str(z.pid), z.name, exitcode_text(z.exitcode), age(z.age_seconds), z.user)
                for z in children[:_SHOWN]
            ],
            right=("PID", "AGE"),
        )
        _tell_of_more(children)


def _print_orphans(orphans: Sequence[Orphan]) -> None:
    rows = [
        (
            str(o.pid),
            o.name,
            f"{o.adopter} ({o.ppid})",
            o.worker or o.session or "-",
            age(o.age_seconds),
            o.user,
            o.why,
        )
        for o in orphans[:_SHOWN]
    ]
    say(f"{_number(len(orphans), 'orphan')}:")
    headings = ("PID", "NAME", "ADOPTER", "WORKER", "AGE", "USER", "WHY")
    print_table(headings, rows, right=("PID", "AGE"))
    _tell_of_more(orphans)


def _tell_of_more(all_of_them: Sequence[object]) -> None:
    """What a table left out; JSON leaves out nothing."""
    if len(all_of_them) > _SHOWN:
        say(f"and {len(all_of_them) - _SHOWN} more (--json lists all)")


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def age(seconds: float) -> str:
    """``4s``, ``2m05s``, ``3h12m``, ``5d03h``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h{minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d{hours:02d}h"
