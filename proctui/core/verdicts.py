"""The two views of a row laid side by side, in sentences: the verdict first, then all else.

Pure.  Names in the sentences are untrusted.
"""

from __future__ import annotations

from collections.abc import Iterator

from proctui.core import cures, explain
from proctui.core.classify import Facts, has_ended, is_doubtful, stays_zombie
from proctui.core.explain import clock, code_text
from proctui.core.naming import INIT
from proctui.core.runs import is_over
from proctui.model import Cure, Finding, State, Worker

_TIDY_UP = Cure("join", "Join it: that only tidies up what multiprocessing remembers.")


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Everything worth saying; the first is the verdict that the details pane shows."""
    return (verdict(facts), *_further(facts))


def verdict(facts: Facts) -> Finding:
    """One sentence: do the two views agree, and if not, what does that mean."""
    if facts.worker is not None:
        return _of_worker(facts, facts.worker)
    if facts.sample is not None and facts.sample.is_zombie:
        return explain.zombie(facts)
    if facts.orphan:
        return explain.orphan(facts)
    if facts.helper:
        return explain.helper(facts)
    return explain.descendant(facts)


def _further(facts: Facts) -> Iterator[Finding]:
    worker = facts.worker
    dead = facts.sample is not None and facts.sample.is_zombie
    if worker is not None and facts.state is State.ZOMBIE and not _is_told(facts, worker):
        yield explain.zombie(facts)
    if facts.orphan and (worker is not None or dead):
        yield explain.orphan(facts)
    if facts.helper and (facts.orphan or dead):
        yield explain.helper(facts)
    yield from explain.leader_exited(facts)
    if worker is not None:
        yield from _start_method(facts, worker)
    yield from explain.blame(facts)


def _is_told(facts: Facts, worker: Worker) -> bool:
    """Whether the verdict says already of a zombie when it ended and who has not joined it."""
    known = facts.lost_at is None and not is_doubtful(worker) and not worker.exitcode_lost
    return known and not is_over(worker) and has_ended(worker)


def _start_method(facts: Facts, worker: Worker) -> Iterator[Finding]:
    """Why a worker is not the child of who started it."""
    if worker.start_method != "forkserver" or facts.sample is None:
        return
    if facts.parent is not None and not facts.orphan:
        yield Finding(
            "note",
            f"It is the child of {facts.parent.who}, which reaps it: it never stays a zombie "
            "of the process that started it.",
        )


def _of_worker(facts: Facts, worker: Worker) -> Finding:
    match worker.phase:
        case "failed":
            again = () if facts.lost_at is not None else (cures.START_AGAIN,)
            return Finding("failed", _failure(worker), again)
        case "idle":
            return Finding("note", "Both agree: it was not started yet.")
        case "backoff":
            return Finding("note", _backoff(facts, worker))
    if is_doubtful(worker) and facts.departure is None and not facts.searched:
        return _doubtful(facts)
    if is_over(worker):
        return _joined(facts, worker)
    if facts.lost_at is not None:
        return _lost(facts, facts.lost_at)
    return _ended(facts, worker) if has_ended(worker) else _running(facts, worker)


def _failure(worker: Worker) -> str:
    reason = (worker.failure or "").strip().rstrip(".")
    return f"It failed: {reason}." if reason else "It failed, and nothing tells why."


def _backoff(facts: Facts, worker: Worker) -> str:
    when = "" if worker.backoff_until is None else f" at {clock(worker.backoff_until)}"
    return f"Both agree: it ended with {code_text(facts)}. It is started again{when}."


def _joined(facts: Facts, worker: Worker) -> Finding:
    if worker.exitcode_lost:
        return Finding("note", "Both agree: it has ended. Its exit status went to somebody else.")
    return Finding("note", f"Both agree: it ended with {code_text(facts)} and was joined.")


def _doubtful(facts: Facts) -> Finding:
    """The fork server may be gone: then `multiprocessing` makes an exit code up."""
    code = code_text(facts)
    if facts.sample is None:
        return Finding(
            "unknown",
            f"multiprocessing says that it ended with {code}, as it also does where it lost the "
            "fork server; the kernel has not confirmed it yet.",
        )
    if facts.sample.is_zombie:
        return Finding(
            "disagree",
            f"They disagree: multiprocessing says that it ended with {code}, as it also does "
            "where it lost the fork server; the process has ended, but was not reaped.",
        )
    return Finding(
        "disagree",
        "They disagree: the process lives. Its fork server is gone, so multiprocessing made up "
        f"{code} and can't know its end.",
        (Cure("terminate", "Terminate it: no join waits for it any more."),),
    )


def _lost(facts: Facts, when: float) -> Finding:
    heard = f"{clock(when)}, when the supervisor was last heard of"
    known = f"What multiprocessing says was last known at {heard}"
    if facts.departure is not None:
        return Finding("note", f"{known}. The process is gone, and was reaped.")
    if facts.sample is None:
        return Finding("unknown", f"{known}. The kernel shows no such process.")
    dead = facts.sample.is_zombie
    parent = facts.parent
    if parent is not None and parent.role == "supervisor":
        state = "has ended" if dead else "lives"
        return Finding("unknown", f"{known}: the process {state}, and can't be joined from here.")
    known += ": nobody can join it any more"
    reaper = "its parent" if parent is None else "init" if parent.pid == INIT else parent.who
    if not dead:
        return Finding("unknown", f"{known}. It lives; when it ends, {reaper} will reap it.")
    reaped = "" if facts.not_reaping else f"; {reaper} will reap it"
    return Finding("disagree", f"{known}{reaped}.")


def _ended(facts: Facts, worker: Worker) -> Finding:
    if worker.exitcode_lost:
        return Finding(
            "disagree",
            "They disagree: the process has ended, and somebody else took its exit status: "
            "its exit code can't be known.",
            (_TIDY_UP,),
        )
    if facts.state is State.ZOMBIE:
        said = explain.zombie(facts)
        text = f"They disagree: it{said.text.removeprefix('It').replace('; ', ', and ', 1)}"
        return Finding("disagree", text, said.cures)
    if worker.start_method == "forkserver":
        return Finding(
            "note",
            f"It ended with {code_text(facts)}. The fork server reaps it; "
            "only multiprocessing waits for a join.",
            (_TIDY_UP,),
        )
    if facts.departure is not None and stays_zombie(worker):
        return Finding(
            "disagree",
            "They disagree: multiprocessing waits for a join, but the process is gone already.",
            (_TIDY_UP,),
        )
    return Finding("note", f"Both agree: it ended with {code_text(facts)}. It is joined at once.")


def _running(facts: Facts, worker: Worker) -> Finding:
    if facts.departure is not None:
        return Finding(
            "disagree",
            "They disagree: the process is gone, and multiprocessing has not noticed yet.",
        )
    if facts.sample is None:
        return Finding("unknown", "The kernel was not asked about it yet.")
    if facts.sample.is_zombie:
        return Finding(
            "disagree",
            "They disagree: the process has ended, and multiprocessing has not noticed yet.",
            explain.zombie(facts).cures,
        )
    if worker.phase == "starting":
        return Finding("note", "Both agree: it is starting, and has not reached its target yet.")
    if worker.alive is None:
        return explain.alive(facts, "The kernel says that it is alive; multiprocessing says None.")
    return explain.alive(facts, "Both agree: it is alive.")
