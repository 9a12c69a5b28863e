"""What the status bar says, in ever shorter forms until it fits.  Pure."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from proctui.model import Counts
from proctui.tui import text

Press = Literal["", "zombie", "orphan", "filter", "paused", "tags", "following"]
"""What a click on a piece asks for; "" for nothing."""

Counted = Literal["workers", "processes", "machine"]
"""What the rows are that the bar counts."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the bar may show.  Texts may be untrusted."""

    session: str = ""
    program: str = "proctui"
    counts: Counts | None = msgspec.field(default_factory=Counts)
    """None while nothing is known yet: a count of none would be a claim."""
    of: Counted = "workers"
    """What the rows are: of the processes of the machine only zombies and orphans are counted."""
    listed: int = 0
    """How many of these processes there are, where they are no workers."""
    machine_cpu: float | None = None
    """Per cent of the whole machine."""
    machine_used: int | None = None
    """Bytes of memory; likewise the next."""
    machine_total: int | None = None
    paused_since: float | None = None
    """Seconds since the epoch; None while the display runs."""
    filter: str = ""
    shown: int | None = None
    """Rows that the filter lets through."""
    tagged: int = 0
    following: bool = False
    """The cursor goes to each process that comes."""
    lost_since: float | None = None
    """When the supervisor was lost; None while it answers."""
    lost_seen: bool = True
    """Whether that was seen: else nobody knows for how long it has been gone."""


class Piece(NamedTuple):
    """A run of cells in one style."""

    text: str
    style: str = ""
    """Name of a component class."""
    press: Press = ""


class _Item(NamedTuple):
    """One thing to say, longest form first; the last form may be empty."""

    forms: tuple[str, ...]
    style: str = ""
    press: Press = ""
    right: bool = False


_FADING = (
    "machine", "filter", "ended", "failed", "memory", "cpu", "program", "alive", "workers",
    "tags", "following", "paused", "session", "zombies", "orphans", "lost",
)  # fmt: skip
"""What is shortened first when room gets scarce."""


def compose(status: Status, width: int, now: float) -> list[Piece]:
    """The pieces of a line of exactly `width` cells."""
    items = _items(status, now)
    chosen = dict.fromkeys(items, 0)
    for name in (*_FADING, *_FADING):
        if _length(items, chosen) <= width:
            break
        if name in items:
            chosen[name] = min(chosen[name] + 1, len(items[name].forms) - 1)
    return _line(items, chosen, width)


def _items(status: Status, now: float) -> dict[str, _Item]:
    counts = status.counts or Counts()
    items = {
        "program": _Item((f" {status.program} ", ""), "program"),
        "session": _Item(
            (f" {_short(status.session, 32)} ", f" {_short(status.session, 12)} ", "")
        ),
        "lost": _lost(status, now),
        "paused": _paused(status.paused_since, now),
        **_census(status),
        "zombies": _badge(counts.zombies, "ZOMBIE", "ZOMBIES", "zombie"),
        "orphans": _badge(counts.orphans, "ORPHAN", "ORPHANS", "orphan"),
        "tags": _tags(status.tagged),
        "following": _following(status.following),
        "filter": _filter(status),
        **_figures(status),
        "machine": _machine(status),
    }
    return {name: item for name, item in items.items() if item.forms[0]}


def _census(status: Status) -> dict[str, _Item]:
    """How many there are of whatever the rows are."""
    counts = status.counts
    if counts is None or status.of == "machine":
        return {}
    if status.of == "processes":
        return {"workers": _count(status.listed, "process", "processes", keep=True)}
    return {
        "workers": _count(counts.workers, "worker", "workers", keep=True),
        "alive": _count(counts.alive, "alive", "alive", keep=True),
        "ended": _count(counts.ended, "ended", "ended"),
        "failed": _count(counts.failed, "failed", "failed", style="failed"),
    }


def _figures(status: Status) -> dict[str, _Item]:
    """What all of them use together; of the whole machine the figures beside these tell it."""
    counts = status.counts
    if counts is None or status.of == "machine":
        return {}
    # shared pages count in each process, so that the sum may pass the machine's: not "mem"
    return {
        "cpu": _Item((f" cpu {counts.cpu_percent:.0f}% ", ""), "figure", right=True),
        "memory": _Item((f" rss {text.size(counts.rss_bytes)} ", ""), "figure", right=True),
    }


def _short(shown: str, width: int) -> str:
    """Safe text of at most `width` cells, not filled up."""
    return text.safe(shown, width).rstrip(" ")


def _count(number: int, one: str, many: str, *, keep: bool = False, style: str = "") -> _Item:
    if not number and not keep:
        return _Item(("",))
    return _Item((f" {number} {one if number == 1 else many} ", ""), style)


def _badge(number: int, one: str, many: str, press: Literal["zombie", "orphan"]) -> _Item:
    if not number:
        return _Item(("",))
    word = one if number == 1 else many
    return _Item((f" {number} {word} ", f" {number}{word[0]} "), press, press)


def _lost(status: Status, now: float) -> _Item:
    if status.lost_since is None:
        return _Item(("",))
    ago = text.age(int(now) - int(status.lost_since))
    timed = (f" SUPERVISOR GONE {ago} ",) if status.lost_seen else ()
    return _Item((*timed, " SUPERVISOR GONE ", " GONE "), "lost")


def _paused(since: float | None, now: float) -> _Item:
    if since is None:
        return _Item(("",))
    ago = text.age(int(now) - int(since))
    return _Item((f" PAUSED {ago} ", " PAUSED ", " P "), "paused", "paused")


def _tags(number: int) -> _Item:
    return _Item((f" {number} tagged ", f" {number}# ") if number else ("",), "tags", "tags")


def _following(following: bool) -> _Item:
    return _Item((" FOLLOWING ", " F "), "paused", "following") if following else _Item(("",))


def _filter(status: Status) -> _Item:
    if not status.filter:
        return _Item(("",))
    found = "" if status.shown is None else f" ({status.shown})"
    forms = tuple(f" filter: {_short(status.filter, width)}{found} " for width in (40, 16))
    return _Item((*forms, f" filter{found} "), "filter", "filter")


def _machine(status: Status) -> _Item:
    if status.machine_cpu is None or not status.machine_total:
        return _Item(("",))
    memory = f"{text.size(status.machine_used)}/{text.size(status.machine_total)}"
    return _Item((f" machine {status.machine_cpu:.0f}% {memory} ", ""), "machine", right=True)


def _length(items: dict[str, _Item], chosen: dict[str, int]) -> int:
    shown = [items[name].forms[form] for name, form in chosen.items()]
    badges = sum(
        1 for name, form in chosen.items() if _is_badge(items[name]) and items[name].forms[form]
    )
    return sum(map(text.cells, shown)) + badges


def _is_badge(item: _Item) -> bool:
    """Stands on a ground of its own, with a gap behind it."""
    return bool(item.press) or item.style == "lost"


def _line(items: dict[str, _Item], chosen: dict[str, int], width: int) -> list[Piece]:
    left: list[Piece] = []
    right: list[Piece] = []
    for name, form in chosen.items():
        item = items[name]
        if not (shown := item.forms[form]):
            continue
        piece = Piece(shown, item.style, item.press)
        if item.right:
            right.append(piece)
        else:
            left += [piece, Piece(" ")] if _is_badge(item) else [piece]
    used = sum(text.cells(piece.text) for piece in (*left, *right))
    if used <= width:
        return [*left, Piece(" " * (width - used)), *right]
    return _cut([*left, *right], width)


def _cut(pieces: list[Piece], width: int) -> list[Piece]:
    """The first `width` cells: nothing is left to shorten."""
    kept: list[Piece] = []
    for piece in pieces:
        room = width - sum(text.cells(known.text) for known in kept)
        if room <= 0:
            break
        kept.append(piece._replace(text=text.safe(piece.text, min(room, text.cells(piece.text)))))
    return kept
