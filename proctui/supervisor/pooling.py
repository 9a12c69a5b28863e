"""Pools and managers of the contexts of `process`: they join what they started.

The stock ones join at their end only what still runs, and count on `is_alive()` to reap the
rest, which it doesn't do here.

Standard library only; a module of its own, since it imports what few programs need.
"""

from __future__ import annotations

from multiprocessing import managers, pool
from typing import Any

_Pool: Any = pool.Pool
_SyncManager: Any = managers.SyncManager
"""With their private names, which the type stubs leave out."""


class JoiningPool(pool.Pool):
    """`multiprocessing.pool.Pool`, of which no worker is left a zombie at its end."""

    @classmethod
    def _terminate_pool(
        cls, taskqueue: Any, inqueue: Any, outqueue: Any, workers: list[Any], *others: Any
    ) -> None:
        # `cls` goes along: what the stock one calls may be overridden further down.
        _Pool._terminate_pool.__func__(cls, taskqueue, inqueue, outqueue, workers, *others)
        for worker in workers:
            worker.join()


class JoiningManager(managers.SyncManager):
    """`multiprocessing.managers.SyncManager`, whose server is no zombie even if it was killed."""

    @staticmethod
    def _finalize_manager(process: Any, *others: Any) -> None:
        _SyncManager._finalize_manager(process, *others)
        process.join()
