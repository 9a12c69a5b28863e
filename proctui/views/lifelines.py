"""One process's past as a line: when it lived, was an orphan or a zombie, and what happened to it.

Made of the marks in a `History`; what the row says now settles what the marks leave open.
Pure; times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from proctui.core.exitcodes import exitcode_text
from proctui.core.history import History, Mark
from proctui.model import Row, State

SegmentKind = Literal["alive", "orphaned", "stopped", "zombie", "unseen"]
"""What a process was for a while; ``unseen`` may be alive and then a zombie.  Where there is no
segment there was no process."""

Sign = Literal[
    "start", "signal", "stop", "restart", "join", "orphan", "zombie", "done", "crashed", "gone",
    "failed", "stopped", "continued",
]  # fmt: skip
"""What a mark looks like.  ``done`` and ``crashed`` are ends with the exit code 0 and another one
after which nothing is left, ``gone`` an end of which the exit code is not known."""

_PLAIN: dict[str, Sign] = {
    "signal": "signal", "stop": "stop", "restart": "restart", "join": "join",
    "orphaned": "orphan", "failed": "failed",
}  # fmt: skip


class Segment(NamedTuple):
    """A stretch of a lifeline."""

    kind: SegmentKind
    start: float
    end: float | None
    """None while it lasts."""


class Moment(NamedTuple):
    """A mark on a lifeline."""

    time: float
    sign: Sign
    text: str = ""
    """What exactly: a signal, an exit code, who adopted it; untrusted."""
    seq: int | None = None
    """Number of the event that tells the same; None where only the kernel told."""


class Lifeline(NamedTuple):
    """Everything that is known of one process over time, or of all runs of one worker."""

    key: str
    name: str
    """Untrusted."""
    segments: tuple[Segment, ...] = ()
    moments: tuple[Moment, ...] = ()

    @property
    def began(self) -> float | None:
        """When the first thing happened; None where nothing did."""
        times = [one[0].start if isinstance(one[0], Segment) else one[0].time
                 for one in (self.segments, self.moments) if one]  # fmt: skip
        return min(times, default=None)


def lifeline(history: History, row: Row | None = None) -> Lifeline:
    """The line of one history; `row` is what stands in the store under the same key."""
    line = _Line(is_worker=history.key.startswith("w:"))
    for mark in history.marks:
        line.add(mark)
    if row is not None:
        line.settle(row)
    elif history.ended_at is not None:
        line.close(history.ended_at)
    name = row.name if row is not None else history.name
    return Lifeline(history.key, name, tuple(line.segments), tuple(line.moments))


def together(key: str, name: str, lines: Sequence[Lifeline]) -> Lifeline:
    """One line for many: what any of them was, and everything that happened to any."""
    stretches = sorted((one for line in lines for one in line.segments), key=_by_kind)
    segments: list[Segment] = []
    for one in stretches:
        last = segments[-1] if segments else None
        if last is None or last.kind != one.kind or (last.end or one.start) < one.start:
            segments.append(one)
        elif last.end is not None and (one.end is None or one.end > last.end):
            segments[-1] = last._replace(end=one.end)
    moments = sorted((one for line in lines for one in line.moments), key=lambda one: one.time)
    return Lifeline(key, name, tuple(segments), tuple(moments))


def _by_kind(segment: Segment) -> tuple[str, float]:
    return segment.kind, segment.start


class _Line:
    """Reads marks in order of time."""

    def __init__(self, *, is_worker: bool) -> None:
        self.segments: list[Segment] = []
        self.moments: list[Moment] = []
        self._is_worker = is_worker
        self._orphan = False
        self._outcome = ""

    def add(self, mark: Mark) -> None:
        match mark.kind:
            case "started":
                self._started(mark)
            case "zombie":
                self._died(mark)
            case "ended" if self._is_worker:
                self._died(mark)
            case "ended" | "joined":
                self._ended(mark)
            case "found-dead":
                if self._open == "alive":
                    self.segments[-1] = self.segments[-1]._replace(kind="unseen")
            case "orphaned":
                self._orphan = True
                if self._open == "alive":
                    self._turn("orphaned", mark.time)
                self._moment(mark, "orphan")
            case "stopped" | "continued" as kind:
                self._halted(mark, kind)
            case _:
                self._moment(mark, _PLAIN[mark.kind])

    def settle(self, row: Row) -> None:
        """Opens or closes the last segment as the row that stands says."""
        worker = row.worker
        exists = row.sample is not None and not row.gone
        if self._open is not None and not exists and worker is not None and not row.zombie:
            over = worker.phase in ("joined", "failed", "idle", "backoff")
            if over:
                self.close(worker.joined_at or worker.ended_at or self._last)
        elif self._open is None and exists:
            since = row.zombie_since if row.zombie else row.started_at
            kind = _kind(row)
            if since is not None:
                self.segments.append(Segment(kind, since, None))
        self._name_outcome(row)

    def close(self, when: float) -> None:
        """Nothing is left of the process since `when`."""
        if self.segments and (last := self.segments[-1]).end is None:
            self.segments[-1] = last._replace(end=max(last.start, when))

    # ------------------------------------------------------------------ what marks mean

    @property
    def _open(self) -> SegmentKind | None:
        last = self.segments[-1] if self.segments else None
        return last.kind if last is not None and last.end is None else None

    @property
    def _last(self) -> float:
        return self.moments[-1].time if self.moments else 0.0

    def _turn(self, kind: SegmentKind, when: float) -> None:
        self.close(when)
        self.segments.append(Segment(kind, when, None))

    def _moment(self, mark: Mark, sign: Sign) -> None:
        self.moments.append(Moment(mark.time, sign, mark.text, mark.seq))

    def _started(self, mark: Mark) -> None:
        self._orphan, self._outcome = False, ""
        self._turn("alive", mark.time)
        self._moment(mark, "start")

    def _halted(self, mark: Mark, kind: Literal["stopped", "continued"]) -> None:
        """Stopped by a signal, or gone on after it; what has ended is neither."""
        if self._open in ("alive", "orphaned", "stopped"):
            living: SegmentKind = "orphaned" if self._orphan else "alive"
            self._turn("stopped" if kind == "stopped" else living, mark.time)
            self._moment(mark, kind)

    def _died(self, mark: Mark) -> None:
        """Dead and not joined yet; supervisor and kernel both tell it of a worker."""
        if self._open == "zombie":
            self._same_end(mark)
            return
        if self._open is None and self._is_over():
            return  # late news of an end that was joined meanwhile: nobody dies twice
        self._outcome = _exitcode(mark.text) or self._outcome
        self._turn("zombie", mark.time)
        self._moment(mark, "zombie")

    def _is_over(self) -> bool:
        """Whether the last that is known of the process is its end."""
        life = (one.sign for one in reversed(self.moments) if one.sign in _LIFE)
        return next(life, "start") in _ENDS

    def _same_end(self, mark: Mark) -> None:
        """The second news of one end: the event's is the one that can be looked up."""
        self._outcome = self._outcome or _exitcode(mark.text)
        for index in range(len(self.moments) - 1, -1, -1):
            known = self.moments[index]
            if known.sign == "zombie":
                seq, text = known.seq, known.text
                if seq is None and mark.seq is not None:
                    seq, text = mark.seq, mark.text
                self.moments[index] = known._replace(seq=seq, text=text or mark.text)
                return

    def _ended(self, mark: Mark) -> None:
        self._outcome = _exitcode(mark.text) or self._outcome
        self.close(mark.time)
        self.moments.append(Moment(mark.time, _sign(self._outcome), self._outcome, mark.seq))

    def _name_outcome(self, row: Row) -> None:
        """The exit code of the last run, where only the row tells it."""
        if not self._outcome and row.exitcode is not None and self.moments:
            last = self.moments[-1]
            if last.sign == "gone":
                text = exitcode_text(row.exitcode)
                self.moments[-1] = last._replace(sign=_sign(text), text=text)


def _kind(row: Row) -> SegmentKind:
    """What a process is now."""
    if row.zombie:
        return "zombie"
    if row.state is State.STOPPED:
        return "stopped"
    return "orphaned" if row.orphan else "alive"


_ENDS: frozenset[Sign] = frozenset({"done", "crashed", "gone"})
_LIFE: frozenset[Sign] = _ENDS | {"start", "zombie"}


def _sign(outcome: str) -> Sign:
    return "gone" if not outcome else "done" if outcome == "0" else "crashed"


def _exitcode(text: str) -> str:
    """The text of a mark where it is an exit code (``3``, ``-9 SIGKILL``), else ""."""
    number = text.partition(" ")[0].removeprefix("-")
    return text if number.isascii() and number.isdigit() else ""
