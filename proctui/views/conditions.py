"""The conditions of the filter language: which keys there are and what they compare.  Pure."""

from __future__ import annotations

import operator
import re
import signal
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from proctui.model import Row, State
from proctui.views.view import Predicate, containing, is_orphan, is_zombie

Clock = Callable[[], float]


class FilterError(ValueError):
    """A filter that means nothing; the text is one sentence with the bad piece and its place."""

    def __init__(self, reason: str, piece: str, position: int) -> None:
        super().__init__(f"{reason} (at character {position + 1})")
        self.piece = piece
        """What is wrong, as it was written."""
        self.position = position
        """Where it begins, counted from 0."""


_WRITTEN = re.compile(r"([A-Za-z_%]+)(:|!=|==|=|<=|>=|<|>)(.*)", re.DOTALL)
_Make = Callable[["_Term"], Predicate]


class _Term(NamedTuple):
    """``key operator value`` and where it stands."""

    key: str
    operator: str
    value: str
    position: int
    clock: Clock

    @property
    def mark(self) -> int:
        """Where the operator stands."""
        return self.position + len(self.key)

    @property
    def place(self) -> int:
        """Where the value begins."""
        return self.position + len(self.key) + len(self.operator)

    def wrong(self, expected: str) -> FilterError:
        """The error for a value that means nothing."""
        shown = f"{self.key}{self.operator}{self.value}"
        return FilterError(f"{shown!r}: {self.key} wants {expected}", self.value, self.place)


def condition(text: str, position: int, clock: Clock) -> Predicate:
    """What one word of a filter asks for: ``key:value``, or plain text.  Raises `FilterError`."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return containing(text)
    key, operator, value = found.groups()
    make = KEYS.get(key.lower())
    if make is None:
        raise FilterError(_unknown("key", key, KEYS), key, position)
    return make(_Term(key.lower(), operator, value, position, clock))


def _unknown(what: str, given: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(given.lower(), known, 1, 0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(known))}"
    return f"unknown {what} {given!r}; {hint}"


def _text(of: Callable[[Row], str | None]) -> _Make:
    """A condition on text: contains, or is exactly."""

    def make(term: _Term) -> Predicate:
        wanted = term.value.casefold()
        if term.operator == ":":
            return lambda row: wanted in (of(row) or "").casefold()
        if term.operator in ("=", "=="):
            return lambda row: (of(row) or "").casefold() == wanted
        if term.operator == "!=":
            return lambda row: (of(row) or "").casefold() != wanted
        raise FilterError(
            f"{term.key!r} is text: compare it with : = or !=", term.operator, term.mark
        )

    return make


def _flag(of: Callable[[Row], bool | None]) -> _Make:
    """A condition on something that is true, false, or not known."""

    def make(term: _Term) -> Predicate:
        values = {"true": True, "yes": True, "false": False, "no": False, "none": None}
        if term.operator not in (":", "=", "==", "!="):
            raise FilterError(
                f"{term.key!r} is true or false: compare it with : or !=",
                term.operator,
                term.mark,
            )
        if term.value.lower() not in values:
            raise term.wrong("true, false or none")
        wanted = values[term.value.lower()]
        if term.operator == "!=":
            return lambda row: of(row) not in (wanted, None)
        return lambda row: of(row) is wanted

    return make


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ":": operator.eq,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _number(
    of: Callable[[Row], float | None], read: Callable[[str], float], expected: str
) -> _Make:
    """A condition on a number; `read` makes it of what was written, or raises ValueError."""

    def make(term: _Term) -> Predicate:
        if term.value.lower() == "none" and term.operator in (":", "=", "=="):
            return lambda row: of(row) is None
        wanted = _wanted(term, read, expected)
        holds = _COMPARE[term.operator]
        return lambda row: (value := of(row)) is not None and holds(value, wanted)

    return make


def _age(term: _Term) -> Predicate:
    """A condition on the time since the process started."""
    wanted = _wanted(term, _read_age, "a time, such as 90s, 5m or 1h30m")
    holds, clock = _COMPARE[term.operator], term.clock

    def matches(row: Row) -> bool:
        if row.started_at is None or row.sample is None or row.gone:
            return False
        return holds(clock() - row.started_at, wanted)

    return matches


def _wanted(term: _Term, read: Callable[[str], float], expected: str) -> float:
    try:
        return read(term.value)
    except ValueError:
        raise term.wrong(expected) from None


# ------------------------------------------------------------------------------- the values

_PLAIN = re.compile(r"-?\d{1,15}(\.\d{0,9})?")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{0,9})?)([KMGTkmgt]?)(?:i?[Bb])?")
_AGE = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s?)?")


def _read_number(value: str) -> float:
    value = value.removesuffix("%")
    if not _PLAIN.fullmatch(value):
        raise ValueError(value)
    return float(value)


def _read_size(value: str) -> float:
    found = _SIZE.fullmatch(value)
    if found is None:
        raise ValueError(value)
    power = " KMGT".index(found[2].upper() or " ")
    return float(found[1]) * 1024.0**power


def _read_age(value: str) -> float:
    found = _AGE.fullmatch(value)
    if found is None or not any(found.groups()):
        raise ValueError(value)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _read_exitcode(value: str) -> float:
    name = value.upper().removeprefix("-")
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name in signal.Signals.__members__:
        return -float(signal.Signals[name])
    return _read_number(value)


def _in_state(state: State) -> Predicate:
    return lambda row: row.state is state


STATES: dict[str, Predicate] = {
    **{state.value.lower(): _in_state(state) for state in State},
    "r": _in_state(State.RUNNING),
    "s": _in_state(State.SLEEPING),
    "d": _in_state(State.WAITING),
    "t": _in_state(State.STOPPED),
    "z": is_zombie,
    "o": is_orphan,
    "orphan": is_orphan,
    "joined": lambda row: row.worker is not None and row.worker.joined_at is not None,
    "waiting": _in_state(State.WAITING),
    "backoff": _in_state(State.BACKOFF),
}

_LIVING = (State.RUNNING, State.SLEEPING, State.WAITING, State.STOPPED)

IS: dict[str, Predicate] = {
    "alive": lambda row: row.state in _LIVING and not row.gone,
    "ended": lambda row: row.state in (State.ENDED, State.ZOMBIE),
    "zombie": is_zombie,
    "orphan": is_orphan,
    "worker": lambda row: row.worker is not None,
    "descendant": lambda row: row.worker is None,
    "helper": lambda row: bool(row.helper),
    "failed": _in_state(State.FAILED),
    "daemon": lambda row: row.worker is not None and row.worker.daemon,
}


def _one_of(what: str, known: Mapping[str, Predicate]) -> _Make:
    """A condition by a word."""

    def make(term: _Term) -> Predicate:
        matches = known.get(term.value.lower())
        if matches is None:
            raise FilterError(_unknown(what, term.value, words(known)), term.value, term.place)
        if term.operator == "!=":
            return lambda row: not matches(row)
        if term.operator not in (":", "=", "=="):
            raise FilterError(
                f"{term.key!r} is a word: compare it with : or !=", term.operator, term.mark
            )
        return matches

    return make


def words(known: Mapping[str, Predicate]) -> dict[str, Predicate]:
    """Those worth to be offered: no letters, nothing that would need quotes."""
    return {word: made for word, made in known.items() if len(word) > 1 and " " not in word}


def _worker_of(row: Row) -> str | None:
    return row.worker.id if row.worker is not None else row.lineage.worker


_COUNT = "a whole number"
KEYS: dict[str, _Make] = {
    "name": _text(lambda row: row.name),
    "target": _text(lambda row: row.worker.label if row.worker else row.command),
    "worker": _text(_worker_of),
    "method": _text(lambda row: row.worker.start_method if row.worker else None),
    "state": _one_of("state", STATES),
    "is": _one_of("word", IS),
    "alive": _flag(lambda row: row.worker.alive if row.worker else None),
    "daemon": _flag(lambda row: row.worker.daemon if row.worker else None),
    "orphan": _flag(is_orphan),
    "zombie": _flag(is_zombie),
    "pid": _number(lambda row: row.pid, _read_number, _COUNT),
    "ppid": _number(lambda row: row.sample.ppid if row.sample else None, _read_number, _COUNT),
    "threads": _number(
        lambda row: row.sample.threads if row.sample else None, _read_number, _COUNT
    ),
    "restarts": _number(
        lambda row: row.worker.restarts if row.worker else None, _read_number, _COUNT
    ),
    "cpu": _number(lambda row: row.cpu_percent, _read_number, "per cent, such as 50"),
    "mem": _number(
        lambda row: row.sample.rss_bytes if row.sample else None,
        _read_size,
        "a size, such as 100M",
    ),
    "age": _age,
    "exitcode": _number(
        lambda row: row.exitcode, _read_exitcode, "a number, a signal's name or none"
    ),
}
