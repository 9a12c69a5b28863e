"""Textual's own table, told the same each second as our screen is."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from proctui.model import Observation, Worker
from tests.benchmarks import crowd

COLUMNS = (
    ("name", 24), ("pid", 7), ("ppid", 7), ("alive", 5), ("exitcode", 8), ("daemon", 6),
    ("state", 10), ("cpu", 5), ("mem", 6), ("target", 40),
)  # fmt: skip


class TableApp(App[None]):
    """Ten columns of fixed width; of a row that changed three cells are set."""

    BINDINGS = [("s", "turn"), ("f", "filter")]  # noqa: RUF012

    def __init__(self, count: int, share: float) -> None:
        super().__init__()
        self.count = count
        self.reverse = self.filtered = False
        self.known: dict[str, tuple[str, ...]] = {}
        """The cells of all rows, those that a filter leaves out too."""
        self.kernel = crowd.CrowdKernel(count, share)

    def compose(self) -> ComposeResult:
        """The table alone."""
        table: DataTable[str] = DataTable(cursor_type="row")
        for name, width in COLUMNS:
            table.add_column(name.upper(), key=name, width=width)
        yield table

    async def on_mount(self) -> None:
        """Fills it and lets it change."""
        table = self.query_one(DataTable)
        everyone = crowd.workers(self.count)
        for worker, seen in zip(everyone, (await self.kernel.refresh()).observations, strict=True):
            self.known[key := str(seen.token)] = cells = _cells(worker, seen)
            table.add_row(*cells, key=key)
        self.run_worker(self._watch())

    async def _watch(self) -> None:
        table = self.query_one(DataTable)
        while True:
            await asyncio.sleep(1.0)
            with self.batch_update():
                for seen in (await self.kernel.refresh()).observations:
                    key, figures = str(seen.token), _figures(seen)
                    self.known[key] = (*self.known[key][:6], *figures, self.known[key][-1])
                    if self.filtered and not _matches(self.known[key]):
                        continue
                    for column, cell in zip(("state", "cpu", "mem"), figures, strict=True):
                        table.update_cell(key, column, cell)

    def action_turn(self) -> None:
        """Sorts it by name, the other way round each time."""
        self.reverse = not self.reverse
        self.query_one(DataTable).sort("name", reverse=self.reverse)

    def action_filter(self) -> None:
        """Shows what has a 9, or everything."""
        self.filtered = not self.filtered
        table = self.query_one(DataTable)
        with self.batch_update():
            table.clear()
            for key, cells in self.known.items():
                if not self.filtered or _matches(cells):
                    table.add_row(*cells, key=key)


def _cells(worker: Worker, seen: Observation) -> tuple[str, ...]:
    known = (worker.name, str(worker.pid), str(worker.ppid), str(worker.alive), "None", "False")
    return (*known, *_figures(seen), worker.label)


def _matches(cells: tuple[str, ...]) -> bool:
    name, pid, *_, label = cells
    return "9" in f"{name} {pid} {label}"


def _figures(seen: Observation) -> tuple[str, str, str]:
    state = "R running" if seen.sample.state == "R" else "S sleeping"
    return state, f"{seen.cpu_percent or 0:.1f}", f"{seen.sample.rss_bytes / 1e6:.1f}M"
