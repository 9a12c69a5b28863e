"""Workers that a command would better leave alone, because proctui itself runs in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proctui.commands.output import answer, complain, interactive
from proctui.linux.protect import look_around, protected
from proctui.model import Worker
from proctui.protocol import Hello
from proctui.sessions.session import SessionError


def let_through(workers: Sequence[Worker], words: Sequence[str], hello: Hello) -> list[str]:
    """Ids of those that may be ended, in their order; says which are left alone, and why.

    One that is protected is ended only where it was named alone, and its name is typed once
    more.  Raises `SessionError` where none is left.
    """
    why = _reasons(workers, hello)
    if not why:
        return [worker.id for worker in workers]
    if len(workers) == 1 and list(words) in ([workers[0].id], [workers[0].name]):
        _insist(workers[0].id, why[workers[0].id])
        return [workers[0].id]
    through = [worker.id for worker in workers if worker.id not in why]
    for name, reason in why.items():
        complain(f"{name} is left alone: {reason}")
    if not through:
        raise SessionError("nothing was done")
    return through


def _reasons(workers: Sequence[Worker], hello: Hello) -> Mapping[str, str]:
    around = look_around([hello.pid])
    reasons = {
        worker.id: protected(worker.pid, around)
        for worker in workers
        if worker.pid is not None and worker.alive
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


def _insist(name: str, reason: str) -> None:
    if not interactive():
        raise SessionError(f"{name} is left alone: {reason}")
    complain(f"{name}: {reason}")
    if answer(f"Type {name} to end it all the same:") != name:
        raise SessionError("nothing was done")
