"""Which rows stand where: tree, sorting, filtering.  Pure; knows no terminal.

Rows are never changed here: what depends on their place (tree lines, folds) comes
beside them in an `Arrangement`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from proctui.model import Row, State

Column = Literal[
    "name", "pid", "ppid", "alive", "exitcode", "daemon", "state", "cpu", "mem", "age", "target"
]
"""Columns of the process table, in their usual order."""

COLUMNS: tuple[Column, ...] = get_args(Column)

DESCENDING_FIRST: frozenset[Column] = frozenset({"cpu", "mem", "age", "state"})
"""Columns of which a person wants the greatest first."""

Predicate = Callable[[Row], bool]
_Key = str | int | float | tuple[object, ...]

_DEEPEST = 24
"""Levels that get tree lines of their own; what is deeper is drawn at this depth."""

_LOUDNESS: dict[State, int] = {
    State.IDLE: 0,
    State.ENDED: 1,
    State.STARTING: 2,
    State.BACKOFF: 3,
    State.UNKNOWN: 4,
    State.SLEEPING: 5,
    State.WAITING: 6,
    State.RUNNING: 7,
    State.STOPPED: 8,
    State.FAILED: 9,
    State.ZOMBIE: 12,
}
_ORPHAN_LOUDNESS = 10


class Hidden(msgspec.Struct, frozen=True):
    """What a folded row hides below it."""

    rows: int = 0
    zombies: int = 0
    orphans: int = 0


class Arrangement(msgspec.Struct, frozen=True):
    """Rows in the order in which they are drawn, and what depends on their place."""

    rows: list[Row] = []
    guides: list[str] = []
    """Tree lines before each row's name: ``│``, ``├``, ``└`` and spaces, two cells a level."""
    parents: frozenset[str] = frozenset()
    """Keys of rows that have rows below them, folded or not."""
    hidden: Mapping[str, Hidden] = {}
    """What the folded rows hide, by their keys."""
    context: frozenset[str] = frozenset()
    """Keys of rows that do not match the filter and stand there for their descendants."""
    sort: Column | None = None
    reverse: bool = False
    tree: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    @classmethod
    def flat(cls, rows: Iterable[Row]) -> Arrangement:
        """Just these rows in this order."""
        listed = list(rows)
        return cls(listed, [""] * len(listed))


def arrange(
    rows: Mapping[str, Row],
    roots: Sequence[str],
    children: Callable[[str], Sequence[str]],
    *,
    sort: Column | None = None,
    reverse: bool = False,
    tree: bool = True,
    folded: Collection[str] = frozenset(),
    filter: Predicate | None = None,
) -> Arrangement:
    """The rows to draw.

    In a tree siblings are sorted among themselves, rows that lead to a match of the filter
    are kept as context, and a filter looks into folded rows too.  Without a tree the order
    before sorting is the tree's.  Sorting is stable, also reversed; missing values come last.
    """
    if not tree:
        return _flat(rows, roots, children, sort, reverse, filter)
    shown, context = _with_ancestors(rows, filter) if filter is not None else (None, frozenset())
    walk = _Walk(rows, children, shown, sort, reverse)
    walk.down(roots, frozenset() if shown is not None else folded)
    return Arrangement(
        walk.out,
        walk.guides,
        frozenset(walk.parents),
        walk.hidden,
        context,
        sort=sort,
        reverse=reverse,
        tree=True,
    )


def _flat(
    rows: Mapping[str, Row],
    roots: Sequence[str],
    children: Callable[[str], Sequence[str]],
    sort: Column | None,
    reverse: bool,
    filter: Predicate | None,
) -> Arrangement:
    walk = _Walk(rows, children, None, None, False)
    walk.down(roots, frozenset())
    found = walk.out if filter is None else [row for row in walk.out if filter(row)]
    ordered = found if sort is None else ordered_by(found, sort, reverse=reverse)
    return Arrangement(ordered, [""] * len(ordered), sort=sort, reverse=reverse)


_Branch = tuple[Row, str, str]
"""A row, the tree line before its name, and what stands before the lines below it."""


class _Walk:
    """One way through the tree, depth first."""

    def __init__(
        self,
        rows: Mapping[str, Row],
        children: Callable[[str], Sequence[str]],
        shown: Collection[str] | None,
        sort: Column | None,
        reverse: bool,
    ) -> None:
        self.rows = rows
        self.children = children
        self.shown = shown
        self.sort = sort
        self.reverse = reverse
        self.out: list[Row] = []
        self.guides: list[str] = []
        self.parents: set[str] = set()
        self.hidden: dict[str, Hidden] = {}

    def down(self, roots: Sequence[str], folded: Collection[str]) -> None:
        """Fills the lists."""
        children, add_row, add_guide = self.children, self.out.append, self.guides.append
        for row in self.siblings(roots):
            add_row(row)
            add_guide("")
            # Most roots have nothing below them: they never see the stack.
            if below := children(row.key):
                self.descend(self.branches(row, below, "", folded), folded)

    def descend(self, stack: list[_Branch], folded: Collection[str]) -> None:
        """Adds everything on the stack and below it; without recursion, chains may be deep."""
        while stack:
            row, guide, indent = stack.pop()
            self.out.append(row)
            self.guides.append(guide)
            if below := self.children(row.key):
                stack += self.branches(row, below, indent, folded)

    def branches(
        self, row: Row, below: Sequence[str], indent: str, folded: Collection[str]
    ) -> list[_Branch]:
        """What to put on the stack for the rows below one: the last of them first."""
        kept = self.siblings(below)
        if not kept:
            return []
        self.parents.add(row.key)
        if row.key in folded:
            self.hidden[row.key] = _hidden_below(row.key, self.rows, self.children)
            return []
        beyond = indent if len(indent) >= 2 * _DEEPEST else indent + "│ "
        branches = [(below_row, indent + "├ ", beyond) for below_row in reversed(kept)]
        branches[0] = (kept[-1], indent + "└ ", beyond[:-2] + "  " if beyond != indent else indent)
        return branches

    def siblings(self, keys: Sequence[str]) -> list[Row]:
        """Those of `keys` that are shown, sorted."""
        rows, shown = self.rows, self.shown
        if shown is None:
            found = [rows[key] for key in keys if key in rows]
        else:
            found = [rows[key] for key in keys if key in shown and key in rows]
        if self.sort is None or len(found) < 2:
            return found
        return ordered_by(found, self.sort, reverse=self.reverse)


def _hidden_below(
    key: str, rows: Mapping[str, Row], children: Callable[[str], Sequence[str]]
) -> Hidden:
    count = zombies = orphans = 0
    stack = list(children(key))
    while stack:
        below = stack.pop()
        row = rows.get(below)
        if row is None:
            continue
        count += 1
        zombies += row.state is State.ZOMBIE
        orphans += row.orphan
        stack.extend(children(below))
    return Hidden(count, zombies, orphans)


def _with_ancestors(rows: Mapping[str, Row], filter: Predicate) -> tuple[set[str], frozenset[str]]:
    """Keys of the matches and of everything above them; and of the latter alone."""
    matches = {key for key, row in rows.items() if filter(row)}
    context: set[str] = set()
    for key in matches:
        parent = rows[key].parent
        while parent is not None and parent not in matches and parent not in context:
            if (above := rows.get(parent)) is None:
                break
            context.add(parent)
            parent = above.parent
    return matches | context, frozenset(context)


def ordered_by(rows: Sequence[Row], column: Column, *, reverse: bool = False) -> list[Row]:
    """Sorted by one column: stable in both directions, missing values last in both."""
    keys = list(map(_KEYS[column], rows))
    known = [index for index, key in enumerate(keys) if key is not None]
    # Python keeps equal elements in order with reverse=True too.
    known.sort(key=keys.__getitem__, reverse=reverse)  # type: ignore[arg-type]  # None is out
    ordered = [rows[index] for index in known]
    if len(known) < len(rows):
        ordered += [row for row, key in zip(rows, keys, strict=True) if key is None]
    return ordered


def natural(text: str) -> tuple[str, int, str]:
    """Sort key that puts ``worker-2`` before ``worker-10``, whatever the number of digits."""
    stem = text.rstrip("0123456789")
    digits = text[len(stem) :].lstrip("0")
    return stem.casefold(), len(digits), digits


def _age_key(row: Row) -> float | None:
    # The younger the later it started; what is not there has no age.
    return None if row.started_at is None or row.sample is None or row.gone else -row.started_at


def _state_key(row: Row) -> int:
    loudness = _LOUDNESS[row.state]
    if not row.orphan:
        return loudness
    return loudness + 1 if row.state is State.ZOMBIE else _ORPHAN_LOUDNESS


_KEYS: dict[Column, Callable[[Row], _Key | None]] = {
    "name": lambda row: natural(row.name),
    "pid": lambda row: row.pid,
    "ppid": lambda row: None if row.sample is None else row.sample.ppid,
    "alive": lambda row: None if row.worker is None else row.worker.alive,
    "exitcode": lambda row: row.exitcode,
    "daemon": lambda row: None if row.worker is None else row.worker.daemon,
    "state": _state_key,
    "cpu": lambda row: row.cpu_percent,
    "mem": lambda row: None if row.sample is None else row.sample.rss_bytes,
    "age": _age_key,
    "target": lambda row: (row.worker.label if row.worker else row.command).casefold() or None,
}


def next_matching(
    rows: Sequence[Row],
    from_key: str | None,
    predicate: Predicate,
    *,
    backwards: bool = False,
    inclusive: bool = False,
) -> Row | None:
    """The next row after `from_key` that matches, going round; None where none does.

    The row of `from_key` itself comes last, or first where `inclusive` is set, as an
    incremental search wants it.  An unknown key starts at the top.
    """
    count = len(rows)
    start = next((index for index, row in enumerate(rows) if row.key == from_key), None)
    if start is None:
        start, inclusive = (count - 1 if backwards else 0), True
    step = -1 if backwards else 1
    first = 0 if inclusive else 1
    for distance in range(first, first + count):
        row = rows[(start + step * distance) % count]
        if predicate(row):
            return row
    return None


def containing(text: str) -> Predicate:
    """Whether name, target or pid contain `text`, upper and lower case alike."""
    wanted = text.casefold()

    def matches(row: Row) -> bool:
        worker = row.worker
        label = worker.label if worker is not None else ""
        pid = row.pid or ""
        return wanted in f"{row.name}\n{label}\n{row.command}\n{pid}".casefold()

    return matches


def is_zombie(row: Row) -> bool:
    """For the key that goes to the next zombie."""
    return row.state is State.ZOMBIE


def is_orphan(row: Row) -> bool:
    """For the key that goes to the next orphan."""
    return row.orphan


def above(rows: Mapping[str, Row], key: str) -> list[str]:
    """Keys of the rows above `key` in the tree, nearest first: what to unfold to see it."""
    found: list[str] = []
    row = rows.get(key)
    while row is not None and row.parent is not None and row.parent not in found:
        found.append(row.parent)
        row = rows.get(row.parent)
    return found


def below(children: Callable[[str], Sequence[str]], key: str) -> list[str]:
    """Keys of everything below `key`, in tree order."""
    found: list[str] = []
    stack = list(reversed(children(key)))
    while stack:
        found.append(current := stack.pop())
        stack.extend(reversed(children(current)))
    return found
