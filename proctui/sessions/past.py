"""What is known of a session that has no supervisor any more: the journal's word, as a client.

`PastClient` stands where the client of a supervisor stands, so that the same screen shows a session
that has ended or whose supervisor was killed.  Nothing of it can be changed: what is left of it is
reached through the kernel view alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from proctui.linux import procfs
from proctui.linux.procfs import Stat
from proctui.linux.protect import all_stats
from proctui.model import Worker
from proctui.protocol import PROTOCOL_VERSION, Command, Event, Hello, Reply, Snapshot, Subscribe
from proctui.sessions import journal, leftovers
from proctui.sessions.session import (
    Session,
    SessionError,
    find,
    gone,
    list_sessions,
    spec_names,
)
from proctui.sessions.sync_client import ConnectionLost

START_SLACK = 2.0
"""Seconds by which journal and kernel may differ about a start (as in `proctui.core.runs`)."""


def reachable(name: str | None = None) -> Session:
    """The session that runs, or of which something runs still although its supervisor is dead.

    Without a name, and where none is running, the only dead one that left something alive.
    Raises `SessionError`.
    """
    if name is not None:
        session = find(name, running=False)
        if session.status == "ended":
            raise SessionError(gone(session))
        return session
    left = None if any(one.running for one in list_sessions()) else only_left()
    return find() if left is None else left


def readable(name: str | None = None) -> Session:
    """The session whose record is meant: also one of which nothing runs any more.

    Without a name the running one; else the only dead one that left something alive; else the
    one started last.  Raises `SessionError`.
    """
    if name is None and not any(one.running for one in list_sessions()):
        left = only_left()
        if left is not None:
            return left
    return find(name, running=False)


def only_left() -> Session | None:
    """The dead session of which processes live on; None where there is none.

    Raises `SessionError` where there are several.
    """
    dead = [one for one in list_sessions(older=True) if one.status == "dead"]
    found = [session for session in dead if leftovers.find(session)]
    if len(found) > 1:
        names = ", ".join(session.name for session in found)
        raise SessionError(
            f"no session is running, and several dead ones left processes, say which with "
            f"--session: {names}"
        )
    return found[0] if found else None


def hello(session: Session) -> Hello:
    """What its supervisor would have greeted with."""
    facts = session.facts
    return Hello(
        version=PROTOCOL_VERSION,
        session=session.name,
        pid=facts.pid,
        started_at=facts.started_at,
        python="",
        tag=facts.tag,
        source=facts.source,
        log_dir=str(session.paths.log_dir),
        journal=str(session.paths.journal),
        program=facts.program,
    )


def known_workers(session: Session) -> dict[str, str]:
    """All workers that a session has or had, launched with it or added later: names by id.

    The name is the last that was told.  Raises OSError.
    """
    known = {name: name for name in spec_names(session)}
    last = journal.last_words(session.paths.journal).workers
    known |= {worker.id: worker.name for worker in last}
    for event in journal.read(session.paths.journal):
        if event.worker is not None:
            known.setdefault(event.worker, event.worker)
    return known


def present(session: Session, workers: tuple[Worker, ...]) -> set[int]:
    """Pids of what is there still: all that lives on, and workers that nobody has reaped.

    A pid that went to somebody else is none of them.  Raises OSError.
    """
    left = {one.pid for one in leftovers.find(session)}
    if not leftovers.same_boot(session):
        return left
    started = {one.pid: one.started_at for one in workers if one.pid and one.joined_at is None}
    boot_time = procfs.boot_time()
    zombies = {
        pid
        for pid, stat in all_stats().items()
        if stat.is_zombie and pid in started and _began(stat, started[pid], boot_time)
    }
    return left | zombies


def _began(stat: Stat, when: float | None, boot_time: float) -> bool:
    began = boot_time + stat.start_ticks / procfs.CLOCK_TICKS
    return when is not None and abs(began - when) <= START_SLACK


class PastClient:
    """Tells what the journal kept of one session, and then that there is nobody to talk to."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.hello = hello(session)
        self.snapshot = journal.last_words(session.paths.journal)
        """The workers as they were told of last."""
        self._history = 0

    async def request(self, command: Command) -> Reply:
        """Takes a subscription.  Raises `ConnectionLost` for everything else."""
        if not isinstance(command, Subscribe):
            raise ConnectionLost(gone(self._session))
        self._history = command.history
        return Reply(id=command.id)

    async def messages(self) -> AsyncIterator[Snapshot | Event]:
        """All that is known, with the end of the session where it came to one."""
        told = journal.read(self._session.paths.journal, last=self._history)
        end = [told.pop()] if told and told[-1].kind == "session-ended" else []
        seq = told[-1].seq if told else 0
        workers = self.snapshot.workers
        yield Snapshot(seq=seq, workers=workers, history=tuple(told))
        for event in end:
            yield event
        raise ConnectionLost(gone(self._session), heard=told[-1].time if told else None)

    async def close(self) -> None:
        """There is nothing to close."""
