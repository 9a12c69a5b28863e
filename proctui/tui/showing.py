"""The action that shows the past in another way: what can be saved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from proctui.tui.operate import Said

if TYPE_CHECKING:
    from proctui.tui.exports import Kind
    from proctui.tui.screens.workers import WorkersScreen

Deed = Callable[[], Awaitable[None] | None]


class Showing:
    """Writes exports."""

    def __init__(self, screen: WorkersScreen) -> None:
        self.screen = screen

    def table(self) -> Mapping[str, Deed]:
        """What does each action."""
        return {"export": self._export}

    async def _export(self) -> None:
        from proctui.tui import exports
        from proctui.tui.screens.export import ExportDialog

        feed = self.screen.feed
        session, now = feed.hello.session, feed.clock()
        kinds: tuple[Kind, ...] = ("trace", "picture")
        names = {kind: exports.usual_name(session, kind, now) for kind in kinds}
        chosen = await self.screen.ask(ExportDialog(names))
        if chosen is None:
            return
        path = exports.path_of(chosen.file)
        try:
            exports.write(path, self._made(chosen.kind), replace=chosen.replace)
        except OSError as error:
            reason = error.strerror or str(error)
            self.screen.say(Said(f"{path} was not written: {reason}.", "error"))
        else:
            self.screen.say(Said(f"{path} is written."))

    def _made(self, kind: Kind) -> str:
        if kind == "picture":
            return self.screen.app.export_screenshot()
        from proctui.tui import exports

        feed = self.screen.feed
        return exports.trace_text(feed.store, feed.hello.session, feed.clock())
