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

    def __init__(self, count: int, share: float) -> None:
        super().__init__()
        self.count = count
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
            table.add_row(*_cells(worker, seen), key=str(seen.token))
        self.run_worker(self._watch())

    async def _watch(self) -> None:
        table = self.query_one(DataTable)
        while True:
            await asyncio.sleep(1.0)
            with self.batch_update():
                for seen in (await self.kernel.refresh()).observations:
                    for column, cell in zip(("state", "cpu", "mem"), _figures(seen), strict=True):
                        table.update_cell(str(seen.token), column, cell)


def _cells(worker: Worker, seen: Observation) -> tuple[str, ...]:
    known = (worker.name, str(worker.pid), str(worker.ppid), str(worker.alive), "None", "False")
    return (*known, *_figures(seen), worker.label)


def _figures(seen: Observation) -> tuple[str, str, str]:
    state = "R running" if seen.sample.state == "R" else "S sleeping"
    return state, f"{seen.cpu_percent or 0:.1f}", f"{seen.sample.rss_bytes / 1e6:.1f}M"
