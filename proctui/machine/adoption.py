"""Whether a process under an adopter is an orphan or belongs there, and what tells it.

A snapshot has no history: nobody saw the first parent.  What the kernel still
shows is where a process was born.  It inherits its session from whoever forked
it (setsid(2)), so a process that does not lead its session and whose parent
lives in another one has been adopted.  Who leads a session itself may have
been started by its parent; then only its environment or its control group can
tell.  `judge` is pure.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from proctui.linux import procfs

_NOWHERE = "/dev/null"
_TERMINALS = ("/dev/pts/", "/dev/tty", "/dev/console")


class Circumstances(NamedTuple):
    """What is known of a process that may have been adopted.  Names are untrusted."""

    leads_session: bool
    sid: int
    leader: str | None
    """Name of its session's leader; None where that is gone."""
    session: str | None = None
    """Name of the proctui session it was started in."""
    supervisor: int | None = None
    """Of that session, where it is known to be gone."""
    same_session_as_parent: bool = False
    """Its parent was started in that session too."""
    unit: str = ""
    """Last part of its control group: ``ssh.service``, ``session-3.scope``."""
    is_main_of_unit: bool = True
    """No other process of the unit is the one that was started for it."""
    cwd: str | None = None
    descriptors: Sequence[str] | None = None
    """Where standard input, output and error lead; None where that may not be read."""


def judge(known: Circumstances) -> str | None:
    """Why it is an orphan, the rest of a sentence; None where it belongs where it is."""
    if known.leads_session:
        return _why_leader(known)
    if _service(known) or _daemon(known):
        return None
    if known.leader is None:
        return f"its session leader {known.sid} is gone"
    return f"it lives in the session of {known.leader} ({known.sid}), its parent does not"


def _why_leader(known: Circumstances) -> str | None:
    if known.session is not None:
        if known.same_session_as_parent:
            return None
        if known.supervisor is not None:
            return f"the supervisor {known.supervisor} of session {known.session} is gone"
        return f"it was started in session {known.session}, its parent was not"
    if known.unit.endswith(".scope") and known.unit != "init.scope" and not _daemon(known):
        return f"it was started in {known.unit}, not by its parent"
    return None


def _service(known: Circumstances) -> bool:
    """A service that forked itself into the background, as systemd's Type=forking expects."""
    in_service = known.unit.endswith(".service") and known.is_main_of_unit
    return in_service and known.session is None


def _daemon(known: Circumstances) -> bool:
    """It has let go of everything it was started with, as daemon(7) asks: on purpose."""
    if known.session is not None or known.cwd != "/" or known.descriptors is None:
        return False
    standard_input, *outputs = (*known.descriptors, "", "", "")[:3]
    return standard_input in ("", _NOWHERE) and not any(map(_leads_back, outputs))


def _leads_back(target: str) -> bool:
    return target.startswith((*_TERMINALS, "pipe:"))


# ---------------------------------------------------------------- reading


def unit_of(pid: int) -> tuple[str, str]:
    """Path of the control group and its last part; both empty where there is none."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "", ""
    for line in lines:
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if (number == "0" and not controllers) or controllers == "name=systemd":
            return path, path.rpartition("/")[2]
    return "", ""


def members_of_unit(path: str) -> list[int]:
    """Pids in a control group (cgroups(7)); empty where that can't be read."""
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            text = Path(f"{root}{path}/cgroup.procs").read_text("ascii")
        except OSError:
            continue
        return [int(pid) for pid in text.split()]
    return []


def place_of(pid: int) -> tuple[str | None, tuple[str, ...] | None]:
    """Working directory and where the three standard descriptors lead, as far as readable."""
    try:
        cwd = os.readlink(f"/proc/{pid}/cwd")  # noqa: PTH115 (a Path costs five times as much)
    except OSError:
        return None, None
    return cwd, tuple(_target(pid, number) for number in range(3))


def _target(pid: int, number: int) -> str:
    """Empty where the descriptor is closed."""
    try:
        return os.readlink(f"/proc/{pid}/fd/{number}")  # noqa: PTH115
    except OSError:
        return ""


def tag_of(pid: int) -> tuple[str | None, str | None]:
    """Session and worker tag, None where absent or not readable."""
    try:
        return procfs.tags(pid)
    except OSError:
        return None, None
