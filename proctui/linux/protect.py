"""Processes whose end would take more with them than anybody means.

Standard library alone.  `look_around` reads the machine once; `protected` is
pure and gives the reason in a sentence.  What it names is never acted on in
bulk, and singly only after a confirmation of its own.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from proctui.linux import procfs
from proctui.linux.grip import Source, default_source
from proctui.linux.trails import KTHREADD, is_kthreadd

_LOGIND_SESSIONS = Path("/run/systemd/sessions")
"""One file per login session, with the pid of its leader (sd_pid_get_session(3))."""
_SESSION_SLICE = "session.slice"
"""systemd.special(7): where the essential processes of a desktop session live."""
_TMUX_SERVER, _TMUX_CLIENT = "tmux: server", "tmux: client"


class Surroundings(NamedTuple):
    """Where this program runs.  Pids with the names they have."""

    me: int
    ancestors: Mapping[int, str]
    """The shell, terminal, multiplexer and login it runs in, up to but without init."""
    supervisors: Collection[int]
    desktop: Mapping[int, str]
    """What a desktop or login session stands on."""
    kernel_threads: Collection[int] = ()


def protected(pid: int, around: Surroundings) -> str | None:
    """Why `pid` should be left alone, one sentence; None where nothing speaks against it.

    Names in the sentence are untrusted text.
    """
    if pid <= 0:
        return f"{pid} is no process, but stands for a whole group of them"
    if pid == 1:
        return "process 1 is init: everything else ends with it"
    if pid == around.me:
        return "this is proctui itself"
    if pid in around.supervisors:
        return f"process {pid} is the supervisor of a session: its workers become orphans"
    if pid in around.ancestors:
        return f"proctui runs in {around.ancestors[pid]} ({pid}): it would end with it"
    if pid in around.desktop:
        return f"{around.desktop[pid]} ({pid}) carries a login session, which would end with it"
    if pid in around.kernel_threads:
        return f"process {pid} is a part of the kernel: no signal reaches it"
    return None


def look_around(
    supervisors: Collection[int] = (),
    *,
    stats: Mapping[int, procfs.Stat] | None = None,
    me: int | None = None,
) -> Surroundings:
    """Reads what there is to protect; `stats` saves a pass where one was just made."""
    table = all_stats() if stats is None else stats
    own = os.getpid() if me is None else me
    desktop = {
        pid: table[pid].comm
        for pid in (*_login_leaders(), *_essential(table, supervisors))
        if pid in table and pid != 1
    }
    return Surroundings(
        me=own,
        ancestors=_ancestors(own, table),
        supervisors=frozenset(supervisors),
        desktop=desktop,
        kernel_threads=_kernel_threads(table),
    )


def _kernel_threads(table: Mapping[int, procfs.Stat]) -> frozenset[int]:
    """None in a pid namespace of its own, where any process may have the pid of their parent."""
    first = table.get(KTHREADD)
    if first is None or not is_kthreadd(first.pid, first.ppid, first.comm):
        return frozenset()
    return frozenset({KTHREADD, *(pid for pid, stat in table.items() if stat.ppid == KTHREADD)})


def all_stats(source: Source | None = None) -> dict[int, procfs.Stat]:
    """Every process of the machine, read once."""
    if source is None:
        source = default_source()
    found: dict[int, procfs.Stat] = {}
    for pid in source.pids():
        try:
            found[pid] = source.read_stat(pid)
        except OSError:
            continue  # ended since it was listed, or hidden
    return found


def _ancestors(me: int, table: Mapping[int, procfs.Stat]) -> dict[int, str]:
    """Everything above `me`; inside tmux also what its clients are shown in.

    Who lost its parent still lives in a session: with the leader its terminal goes (setsid(2)).
    """
    found = _above(me, table)
    leader = table.get(table[me].sid) if me in table else None
    if leader is not None and leader.pid not in (me, 1):
        found |= {leader.pid: leader.comm} | _above(leader.pid, table)
    if _TMUX_SERVER in found.values():
        for pid, stat in table.items():
            if stat.comm == _TMUX_CLIENT:
                found |= {pid: stat.comm} | _above(pid, table)
    return found


def _above(pid: int, table: Mapping[int, procfs.Stat]) -> dict[int, str]:
    found: dict[int, str] = {}
    stat = table.get(pid)
    while stat is not None and stat.ppid > 1 and stat.ppid not in found:
        parent = table.get(stat.ppid)
        if parent is not None:
            found[parent.pid] = parent.comm
        stat = parent
    return found


def _login_leaders() -> list[int]:
    found: list[int] = []
    for path in _files(_LOGIND_SESSIONS):
        text = _text(path)
        found += [
            int(value)
            for key, _, value in (line.partition("=") for line in text.splitlines())
            if key == "LEADER" and value.isdecimal()
        ]
    return found


def _essential(table: Mapping[int, procfs.Stat], supervisors: Collection[int]) -> list[int]:
    """Session leaders in a desktop's essential slice, and the user's own systemd.

    A supervisor's workers lead sessions too, thousands of them perhaps, and are none of these.
    """
    return [
        pid
        for pid, stat in table.items()
        if stat.sid == pid
        and stat.ppid not in supervisors
        and _carries_session(_text(Path(f"/proc/{pid}/cgroup")))
    ]


def _carries_session(cgroup: str) -> bool:
    parts = cgroup.strip().split("/")
    users_own = parts[-1] == "init.scope" and any(p.startswith("user@") for p in parts)
    return _SESSION_SLICE in parts or users_own


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.isalnum()]
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
