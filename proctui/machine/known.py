"""This user's sessions as a scan of the machine needs them: whose an orphan was, and its worker."""

from __future__ import annotations

from collections.abc import Mapping

from proctui.machine.witness import KnownSession
from proctui.sessions import journal
from proctui.sessions.session import Session, SessionError, boot_id, list_sessions


def known_sessions() -> dict[str, KnownSession]:
    """This user's sessions of the present boot by their tag."""
    try:
        sessions = list_sessions(older=True)
    except SessionError:
        return {}
    boot = boot_id()
    return {s.facts.tag: _known(s) for s in sessions if s.facts.boot == boot}


def _known(session: Session) -> KnownSession:
    def workers() -> Mapping[int, str]:
        return journal.runs(session.paths.journal)

    return KnownSession(session.name, session.facts.pid, session.running, workers)
