"""The first picture: the workers as they stand, as plain lines, before Textual is there.

Pure, and imports nothing of Textual: that takes longer than everything else at the start.
What a cell says comes from where the table's own cells come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from proctui.core.classify import ALIVE_STATES, worker_state
from proctui.core.kin import Kin
from proctui.core.rowmaking import Around, worker_row
from proctui.linux.procfs import CLOCK_TICKS, PAGE_SIZE, Stat
from proctui.model import Counts, Observation, ProcessSample, Row, State, Worker
from proctui.tui import text
from proctui.tui.room import Room
from proctui.tui.widgets.cells import CELLS
from proctui.tui.widgets.columns import GAP, GUTTER, SPECS, Layout, fitted
from proctui.tui.widgets.needs import state_cells, widest
from proctui.tui.widgets.status_line import Status, compose
from proctui.views.view import COLUMNS, Column

_FIXED = 5
"""Lines that are no rows: status bar, views, the table's head, buttons, keys."""
_SHORT, _TINY = 20, 12
"""Below so many there are no panes, and no views."""

ReadStat = Callable[[int], Stat]


def opening(session: str, said: str, width: int) -> list[str]:
    """Where no list is known yet: which session, and what is being done."""
    pieces = compose(Status(session=session, counts=None), width, 0.0)
    return ["".join(piece.text for piece in pieces), "", text.safe(f" {said}", width)]


def picture(
    session: str,
    workers: Sequence[Worker],
    supervisor_pid: int,
    size: tuple[int, int],
    columns: Sequence[Column] = COLUMNS,
    widths: Mapping[Column, int] | None = None,
    *,
    read: ReadStat,
    now: float,
    boot_time: float,
) -> list[str]:
    """Lines of at most `size` (columns, lines): what Python and the kernel say at this moment.

    `read` raises OSError where there is no such process; it is asked for the rows that are
    drawn, and for no others.  Nothing is said of descendants, which are not known yet.
    """
    width, height = size
    status = Status(session=session, counts=_counts(workers))
    shown = workers[: _rows(height, len(workers))]
    rows = [_row(worker, supervisor_pid, read, now, boot_time) for worker in shown]
    layout = fitted(width, columns, widths)
    layout = fitted(width, columns, widths, widest(rows, now, layout))
    views = [""] if height >= _TINY else []
    bar = "".join(piece.text for piece in compose(status, width, now))
    lines = [bar, *views, _header(layout)[:width]]
    lines += ["".join(_cells(row, layout, now))[:width] for row in rows]
    return lines


def _rows(height: int, workers: int) -> int:
    if height < _SHORT:
        return max(0, height - _FIXED + (height < _TINY))
    both = height - _FIXED + 1  # the table's head is the list's
    return max(0, both - Room().panes(both, workers) - 1)


def _counts(workers: Sequence[Worker]) -> Counts:
    """As the status bar's, from what Python says alone."""
    states = [worker_state(worker, None) for worker in workers]
    alive = [
        state in ALIVE_STATES or (state is State.UNKNOWN and worker.alive is True)
        for state, worker in zip(states, workers, strict=True)
    ]
    return Counts(
        workers=len(workers),
        alive=sum(alive),
        ended=sum(state in (State.ENDED, State.ZOMBIE) for state in states),
        failed=states.count(State.FAILED),
        zombies=states.count(State.ZOMBIE),
    )


def _row(worker: Worker, supervisor: int, read: ReadStat, now: float, boot_time: float) -> Row:
    kin = _kin(worker, read, now, boot_time)
    around = Around(None, not_reaping=False, neglected=0)
    return worker_row(worker, kin, None, around, searched=False, supervisor_pid=supervisor)


def _kin(worker: Worker, read: ReadStat, now: float, boot_time: float) -> Kin | None:
    """The kernel's view of its process; None where it has none, or not that one any more."""
    if worker.pid is None or worker.joined_at is not None:
        return None
    try:
        stat = read(worker.pid)
    except OSError:
        return None
    if worker.ppid not in (None, stat.ppid) and worker.start_method != "forkserver":
        return None
    sample = ProcessSample(
        pid=stat.pid,
        ppid=stat.ppid,
        pgid=stat.pgid,
        sid=stat.sid,
        state=stat.state,
        start_ticks=stat.start_ticks,
        comm=stat.comm,
        threads=stat.threads,
        cpu_ticks=stat.cpu_ticks,
        rss_bytes=stat.rss_pages * PAGE_SIZE,
    )
    started = boot_time + stat.start_ticks / CLOCK_TICKS
    return Kin.first(Observation(token=0, sample=sample, started_at=started), now)


def _header(layout: Layout) -> str:
    pieces = [" " * GUTTER]
    for placed in layout.placed:
        title = SPECS[placed.column].title
        shown = title.rjust(placed.width) if placed.right else title.ljust(placed.width)
        pieces.append(shown[: placed.width] + " " * placed.gap)
    return "".join(pieces)


def _cells(row: Row, layout: Layout, now: float) -> Iterator[str]:
    yield " " * GUTTER
    behind = 0
    for at, placed in enumerate(layout.placed):
        if behind:  # its room is STATE's
            behind -= 1
        elif placed.column == "name":
            name = text.safe(row.name, max(0, placed.width - 2))
            yield f"{text.state_glyph(row)} {name}" + " " * GAP
        elif placed.column == "state":
            shown, _ = CELLS["state"](row, now)
            fit, behind = state_cells(row, text.plain(shown), layout.placed[at:])
            yield fit + " " * layout.placed[at + behind].gap
        else:
            shown, _ = CELLS[placed.column](row, now)
            yield text.fit(text.plain(shown), placed.width, right=placed.right) + " " * placed.gap
