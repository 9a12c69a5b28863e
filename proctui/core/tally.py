"""What the status bar counts, kept up with each change of a row.  Pure."""

from __future__ import annotations

from proctui.core.classify import ALIVE_STATES
from proctui.model import Counts, Row, State

Share = tuple[int, int, int, int, int, int, int, int]
"""Workers, alive, ended, failed, zombies, orphans, thousandths of a CPU per cent, bytes."""

_NOTHING: Share = (0, 0, 0, 0, 0, 0, 0, 0)


def share(row: Row) -> Share:
    """What one row adds.  Whole numbers, so that sums stay exact."""
    worker = row.worker is not None
    state = row.state
    unknown = state is State.UNKNOWN and row.worker is not None and row.worker.alive is True
    unknown = unknown and not row.gone  # then the kernel knows better than what was last said
    return (
        worker,
        worker and (state in ALIVE_STATES or unknown),
        worker and state in (State.ENDED, State.ZOMBIE),
        worker and state is State.FAILED,
        state is State.ZOMBIE,
        row.orphan,
        _thousandths(row.cpu_percent),
        0 if row.sample is None else row.sample.rss_bytes,
    )


def _thousandths(cpu_percent: float | None) -> int:
    return round(1000 * (cpu_percent or 0.0))


def as_counts(total: Share) -> Counts:
    """The sum of shares as the status bar shows it."""
    workers, alive, ended, failed, zombies, orphans, cpu, rss = total
    return Counts(
        workers=workers,
        alive=alive,
        ended=ended,
        failed=failed,
        zombies=zombies,
        orphans=orphans,
        cpu_percent=cpu / 1000,
        rss_bytes=rss,
    )


class Tally:
    """Sums over all rows; a change costs the row that changed."""

    def __init__(self) -> None:
        self._total: Share = _NOTHING

    @property
    def counts(self) -> Counts:
        """The sums as they stand."""
        return as_counts(self._total)

    def change(self, before: Share | None, now: Share | None) -> None:
        """The share of a row is another; None before it came and after it went."""
        if before == now:
            return
        pairs = zip(self._total, before or _NOTHING, now or _NOTHING, strict=True)
        workers, alive, ended, failed, zombies, orphans, cpu, rss = (t - b + n for t, b, n in pairs)
        self._total = (workers, alive, ended, failed, zombies, orphans, cpu, rss)

    def figures(self, cpu_before: float | None, cpu_now: float | None, rss_bytes: int) -> None:
        """A row uses another share of a CPU, and so many bytes more; all else stands."""
        *others, cpu, rss = self._total
        cpu += _thousandths(cpu_now) - _thousandths(cpu_before)
        self._total = (*others, cpu, rss + rss_bytes)  # type: ignore[assignment]
