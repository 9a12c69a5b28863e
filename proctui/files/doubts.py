"""What of a session can be seen to fail without importing or running anything of it.

No mistakes: a file or a folder may come to be before the worker is started.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from proctui.files.mistakes import quoted, visible
from proctui.spec import SessionSpec, WorkerSpec

NAMED = 3
"""As many workers are named that share a doubt."""


def doubts(spec: SessionSpec) -> list[str]:
    """One sentence each, with the ids of the workers that it is about."""
    if not spec.workers:
        return ["there are no workers in it"]
    found: dict[str, list[str]] = {}
    for worker in spec.workers:
        for doubt in _of_worker(worker):
            found.setdefault(doubt, []).append(worker.id)
    return [f"{_listed(ids)}: {doubt}" for doubt, ids in found.items()]


def _of_worker(worker: WorkerSpec) -> Iterator[str]:
    if not Path(worker.cwd).is_dir():
        yield f"cwd {quoted(worker.cwd)} is no folder"
    where = (worker.target or "").rpartition(":")[0]
    if where.endswith(".py"):
        file = Path(worker.import_root, where)
        if not file.is_file():
            yield f"target {quoted(worker.target or '')}: there is no file {visible(str(file))}"


def _listed(ids: list[str]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return visible(", ".join(ids[:NAMED])) + more
