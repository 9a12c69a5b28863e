"""The kernel view of what is left of a session whose supervisor is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from proctui.kernel import KernelView
from proctui.linux.clock import Clock


class RemainingView(KernelView):
    """Watches the processes that are known to be left, and all that descends from them.

    What else it is asked to follow are pids of then, which may be others' by now.
    """

    def __init__(
        self, session_tag: str, on_end: Callable[[], None], *, left: Iterable[int]
    ) -> None:
        """`left`: pids that were just found to be of the session still."""
        super().__init__(session_tag, on_end, clock=Clock())
        self._left = frozenset(left)
        super().follow(self._left)

    def follow(self, roots: Iterable[int], *, groups: bool = False) -> None:
        """Watches those of them that are left."""
        super().follow((pid for pid in roots if pid in self._left), groups=groups)
