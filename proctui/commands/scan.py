"""``scan``: every zombie and every orphan of the machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Sequence

from proctui.commands.output import complain, number, print_object, print_table, say
from proctui.core import cures
from proctui.core.exitcodes import exitcode_text
from proctui.core.naming import INIT
from proctui.linux import procfs
from proctui.machine.known import known_sessions
from proctui.machine.rows import adopter_of, parent_of
from proctui.machine.scan import REAPING, Found, Orphan, Zombie, collect, still_there
from proctui.tui.figures import age

_SECOND_LOOK = 0.2
"""Seconds that a parent has to reap before its zombie counts: every process is one for a moment."""
_SHOWN = 10
"""Of each group as many are listed for people; of more the number is told, without --all."""


def scan(arguments: argparse.Namespace) -> int:
    """Prints what there is; exit status 1 with ``--check`` where anything is more than a guess."""
    if not procfs.available():
        complain("scan needs /proc, which is not there")
        return 1
    if arguments.all_users and _others_are_hidden():
        complain("other users' processes are missing: /proc is mounted so that it hides them")
    found = collect(all_users=arguments.all_users, sessions=known_sessions())
    found = _patiently(found)
    if arguments.json:
        print_object(found.as_json())
    else:
        _print(found, None if arguments.all else _SHOWN)
    return 1 if arguments.check and found.certain else 0


def _patiently(found: Found) -> Found:
    """Without those that are reaped in time.

    Whoever adopts reaps as a rule, but some take two seconds: who does is looked at again until
    nobody can doubt that it does not.
    """
    deadline = time.monotonic() + REAPING
    while found.zombies:
        time.sleep(_SECOND_LOOK)
        found = still_there(found)
        if time.monotonic() >= deadline or not any(z.reaped_soon for z in found.zombies):
            break
    return found


def _others_are_hidden() -> bool:
    """Whether /proc shows this user's processes alone (proc(5): hidepid)."""
    try:
        procfs.read_stat(INIT)
    except OSError:
        return True
    return False


def _print(found: Found, most: int | None) -> None:
    """At most so many of each group; None is all."""
    if not found.zombies and not found.orphans:
        say("no zombies, no orphans")
    if found.zombies:
        _print_zombies(found.zombies, most)
    certain = [orphan for orphan in found.orphans if not orphan.doubtful]
    guesses = [orphan for orphan in found.orphans if orphan.doubtful]
    for before, orphans, heading in (
        (found.zombies, certain, ""),
        (found.zombies or certain, guesses, "perhaps "),
    ):
        if before and orphans:
            say("")
        if orphans:
            _print_orphans(orphans, most, heading)


def _print_zombies(zombies: Iterable[Zombie], most: int | None) -> None:
    by_parent: dict[int, list[Zombie]] = {}
    for zombie in zombies:
        by_parent.setdefault(zombie.ppid, []).append(zombie)
    for _, children in sorted(by_parent.items(), key=lambda item: -len(item[1])):
        parent = parent_of(children[0])
        say(f"{parent.who} has not joined {number(len(children), 'zombie')}:")
        if parent.role == "init":
            say(f"It is not reaping. {cures.real_init(parent).text}")
        elif all(zombie.adopted for zombie in children):
            say("It has adopted them, and is not reaping.")
        print_table(
            ("PID", "NAME", "EXITCODE", "AGE", "USER"),
            [
                (str(z.pid), z.name, exitcode_text(z.exitcode), age(z.age_seconds), z.user)
                for z in children[:most]
            ],
            right=("PID", "AGE"),
        )
        _tell_of_more(children, most)


def _print_orphans(orphans: Sequence[Orphan], most: int | None, heading: str) -> None:
    rows = [
        (
            str(o.pid),
            o.name,
            adopter_of(o).who,
            o.worker or o.session or "-",
            age(o.age_seconds),
            o.user,
            o.why,
        )
        for o in orphans[:most]
    ]
    say(f"{heading}{number(len(orphans), 'orphan')}:")
    headings = ("PID", "NAME", "ADOPTER", "WORKER", "AGE", "USER", "WHY")
    print_table(headings, rows, right=("PID", "AGE"))
    _tell_of_more(orphans, most)


def _tell_of_more(all_of_them: Sequence[object], most: int | None) -> None:
    """What a table left out."""
    if most is not None and len(all_of_them) > most:
        say(f"and {len(all_of_them) - most} more (--all lists them)")
