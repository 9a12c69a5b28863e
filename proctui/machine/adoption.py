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
- it has no terminal, and all three of its standard descriptors are on ``/dev/null``: it has done
  what daemon(3) does, if from a folder of its own (tmux, screen): not an orphan.  Who starts a
  child that way means it to stay;
- it was put into a container from outside, or keeps one; it has a controlling terminal of its
  own, as the login of a terminal has; nobody but PID 1 can have forked it (the second process of
  a pid namespace); its parent listens to it, by a pipe or from the other side of its terminal; it
  is what a service was started as; it has let go of everything: not an orphan;
- it lives in the scope of a login, in which its parent does not: an orphan.

Of what is left the kernel does not tell.  A pipe or a terminal that its parent does not hold
proves nothing: who starts a process closes the ends that it has no use for.  Under an init such a
leader is listed with its doubt (`doubts`): it is perhaps a daemon, and perhaps an orphan where it
holds such a thing.  Under anybody else, and where its folder and descriptors may not be read,
nothing is claimed.

A `Known` may read each answer when it is asked for: what costs most is asked last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

_NOWHERE = "/dev/null"
_TERMINALS = ("/dev/pts/", "/dev/tty")
_CONSOLE = "/dev/console"
_PIPE = "pipe:"
_LEADS = "it leads its own session"


class Known(Protocol):
    """What is known of a process that may have been adopted.  Names are untrusted."""

    @property
    def leads_session(self) -> bool:
        """It leads its own session."""

    @property
    def sid(self) -> int:
        """The id of its session."""

    @property
    def leader(self) -> str | None:
        """Name of its session's leader; None where that is gone."""

    @property
    def session(self) -> str | None:
        """Name of the proctui session it was started in."""

    @property
    def supervisor(self) -> int | None:
        """Of that session, where it is known to be gone."""

    @property
    def same_session_as_parent(self) -> bool:
        """Its parent was started in that session too."""

    @property
    def unit(self) -> str:
        """Last part of its control group: ``ssh.service``, ``session-3.scope``."""

    @property
    def is_main_of_unit(self) -> bool:
        """No other process of the unit is the one that was started for it."""

    @property
    def shares_unit(self) -> bool:
        """Its parent lives in the same control group."""

    @property
    def cwd(self) -> str | None:
        """Its folder; None where that may not be read."""

    @property
    def descriptors(self) -> Sequence[str] | None:
        """Where standard input, output and error lead; None where that may not be read."""

    @property
    def under_init(self) -> bool:
        """Its parent is an init: of the machine, of a container, of a user's services."""

    @property
    def placed(self) -> bool:
        """It entered the container from outside, keeps one, or only PID 1 can have forked it."""

    @property
    def terminal(self) -> bool:
        """It has a controlling terminal."""

    @property
    def given(self) -> Sequence[str] | None:
        """Where its parent's standard descriptors lead; None where that may not be read."""

    @property
    def heard(self) -> bool:
        """Its parent holds the other side of a pipe or terminal on its standard descriptors."""


class Circumstances(NamedTuple):
    """`Known`, all of it beforehand."""

    leads_session: bool
    sid: int
    leader: str | None
    session: str | None = None
    supervisor: int | None = None
    same_session_as_parent: bool = False
    unit: str = ""
    is_main_of_unit: bool = True
    shares_unit: bool = False
    cwd: str | None = None
    descriptors: Sequence[str] | None = None
    under_init: bool = False
    placed: bool = False
    terminal: bool = False
    given: Sequence[str] | None = None
    heard: bool = False


def judge(known: Known) -> str | None:
    """Why it is an orphan, the rest of a sentence; None where it belongs where it is."""
    if known.leads_session:
        return _why_tagged(known) if known.session is not None else _why_leader(known)
    if _daemon(known) or _service(known):
        return None
    if not known.sid:  # a number that this pid namespace has none for
        return "it lives in a session from outside of the container, its parent does not"
    if known.leader is None:
        return f"its session leader {known.sid} is gone"
    return f"it lives in the session of {known.leader} ({known.sid}), its parent does not"


def doubts(known: Known) -> bool:
    """Whether what `judge` says of it is a guess: nobody may be accused by that."""
    return known.leads_session and known.session is None and not _of_login(known)


def _why_tagged(known: Known) -> str | None:
    if known.same_session_as_parent:
        return None
    if known.supervisor is not None:
        return f"the supervisor {known.supervisor} of session {known.session} is gone"
    return f"it was started in {_session(known.session)}, by a parent that is gone"


def _why_leader(known: Known) -> str | None:
    if known.terminal:
        return None
    of_login = _of_login(known)
    if not of_login and not known.under_init:
        return None
    if _daemon(known) or _service(known) or known.heard or known.placed or _detached(known):
        return None
    if of_login:
        return f"it was started in {known.unit}, not by its parent"
    return _doubtful(known)


def _of_login(known: Known) -> bool:
    in_scope = known.unit.endswith(".scope") and known.unit != "init.scope"
    return in_scope and not known.shares_unit


def _doubtful(known: Known) -> str | None:
    if known.descriptors is None:
        return None
    if known.unit.endswith(".service"):
        return f"it was started in {known.unit}, but {_LEADS}: perhaps a daemon"
    for target in known.descriptors:
        if known.given is None or target in known.given:
            continue
        if target.startswith(_TERMINALS):
            terminal = target.removesuffix(" (deleted)")  # nobody is at its other side any more
            return f"{_LEADS} and holds {terminal}, its parent does not: perhaps an orphan"
        if target.startswith(_PIPE):
            return f"{_LEADS} and holds a pipe, its parent does not: perhaps an orphan"
    return f"{_LEADS}: perhaps a daemon"


def _service(known: Known) -> bool:
    """What a service was started as, or forked into the background (Type=forking)."""
    in_service = known.unit.endswith(".service") and known.is_main_of_unit
    return in_service and known.session is None


def _daemon(known: Known) -> bool:
    """It has let go of everything it was started with, as daemon(7) asks: on purpose."""
    if known.session is not None or known.cwd != "/" or known.descriptors is None:
        return False
    standard_input, *outputs = (*known.descriptors, "", "", "")[:3]
    return standard_input in ("", _NOWHERE) and not any(map(_leads_back, outputs))


def _detached(known: Known) -> bool:
    """What daemon(3) leaves of a process that stays in its folder: on purpose too."""
    return tuple(known.descriptors or ()) == (_NOWHERE,) * 3


_TAG = re.compile(r"(.+)\.[0-9a-f]{16}")
"""Of a session that left no record here: its name, and what tells it from others of that name."""


def _session(name: str | None) -> str:
    tag = _TAG.fullmatch(name or "")
    return f"session {name}" if tag is None else f"a session {tag[1]} that is not known here"


def _leads_back(target: str) -> bool:
    return target.startswith((*_TERMINALS, _CONSOLE, _PIPE))
