"""Whether a process under an adopter is an orphan or belongs there, and what tells it.  Pure.

A snapshot has no history: nobody saw the first parent.  What the kernel still shows is where a
process was born and what it was born with.  The rule, in this order:

*Not the leader of its session.*  A process inherits its session from whoever forked it
(setsid(2)), so one whose parent lives in another session has been adopted.  It is an orphan,
unless it is what a systemd service forked into the background, or has let go of everything it was
started with (folder ``/``, no terminal and no pipe on its standard descriptors), as daemon(7)
asks: then it is there on purpose.

*The leader of its session* may have been started by the parent that it has.  Certain are:

- it carries the tag of a proctui session that its parent does not carry: an orphan;
- it was put into a container from outside, or keeps one; it has a controlling terminal of its
  own, as the login of a terminal has; nobody but PID 1 can have forked it (the second process of
  a pid namespace); its parent listens to it; it is what a service was started as; it has let go
  of everything: not an orphan;
- on its standard descriptors is a terminal or a pipe that its parent does not have, or it lives
  in the scope of a login: somebody else started it, an orphan.

Of what is left the kernel does not tell.  Under an init it is listed, with the words that it
leads its own session and is perhaps a daemon; under anybody else, and where its folder and
descriptors may not be read, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_NOWHERE = "/dev/null"
_TERMINALS = ("/dev/pts/", "/dev/tty")
_CONSOLE = "/dev/console"
_PIPE = "pipe:"
_DOUBT = "it leads its own session: perhaps a daemon"


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
    under_init: bool = False
    """Its parent is an init: of the machine, of a container, of a user's services."""
    placed: bool = False
    """It entered the container from outside, keeps one, or only PID 1 can have forked it."""
    terminal: bool = False
    """It has a controlling terminal."""
    given: Sequence[str] | None = None
    """Where its parent's standard descriptors lead; None where that may not be read."""
    heard: bool = False
    """Its parent holds the other end of a pipe on its standard descriptors."""


def judge(known: Circumstances) -> str | None:
    """Why it is an orphan, the rest of a sentence; None where it belongs where it is."""
    if known.leads_session:
        return _why_leader(known)
    if _service(known) or _daemon(known):
        return None
    if not known.sid:  # a number that this pid namespace has none for
        return "it lives in a session from outside of the container, its parent does not"
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
    if known.placed or known.terminal or known.heard or _service(known) or _daemon(known):
        return None
    return _foreign(known) or _of_login(known) or _doubtful(known)


def _foreign(known: Circumstances) -> str | None:
    """What it was given by somebody else than its parent."""
    if known.descriptors is None or known.given is None:
        return None
    for target in known.descriptors:
        if target in known.given:
            continue
        if target.startswith(_TERMINALS):
            terminal = target.removesuffix(" (deleted)")  # nobody is at its other side any more
            return f"it holds the terminal {terminal}, which its parent does not"
        if target.startswith(_PIPE):
            return "it holds a pipe of somebody else's, which its parent does not"
    return None


def _of_login(known: Circumstances) -> str | None:
    if known.unit.endswith(".scope") and known.unit != "init.scope":
        return f"it was started in {known.unit}, not by its parent"
    return None


def _doubtful(known: Circumstances) -> str | None:
    if not known.under_init or known.descriptors is None:
        return None
    if known.unit.endswith(".service"):
        return f"it was started in {known.unit}, but {_DOUBT}"
    return _DOUBT


def _service(known: Circumstances) -> bool:
    """What a service was started as, or forked into the background (Type=forking)."""
    in_service = known.unit.endswith(".service") and known.is_main_of_unit
    return in_service and known.session is None


def _daemon(known: Circumstances) -> bool:
    """It has let go of everything it was started with, as daemon(7) asks: on purpose."""
    if known.session is not None or known.cwd != "/" or known.descriptors is None:
        return False
    standard_input, *outputs = (*known.descriptors, "", "", "")[:3]
    return standard_input in ("", _NOWHERE) and not any(map(_leads_back, outputs))


def _leads_back(target: str) -> bool:
    return target.startswith((*_TERMINALS, _CONSOLE, _PIPE))
