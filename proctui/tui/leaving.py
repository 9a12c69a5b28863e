"""Leaving: what becomes of what still runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from proctui.files.settings import OnQuit
from proctui.protocol import Shutdown
from proctui.tui.bulk import waits_for_its_turn
from proctui.tui.feed import Feed
from proctui.tui.host import Host
from proctui.tui.operate import Operator, Said
from proctui.tui.plan import Target, plan, running, target
from proctui.views.view import below

if TYPE_CHECKING:
    from proctui.tui.screens.quit import Leave

_FIRST_NEWS = 3.0
"""Seconds that leaving waits to hear what runs."""
_LAST_NEWS = 1.0
"""Seconds between the answer that the session has ended and that event, at most."""


class Leaving:
    """Detaching from the session, and ending it."""

    def __init__(
        self,
        feed: Feed,
        operator: Operator,
        host: Host,
        on_quit: Callable[[], OnQuit],
        remember: Callable[[OnQuit], None],
    ) -> None:
        """`on_quit` is what the settings say now, `remember` changes that for good."""
        self.feed = feed
        self.operator = operator
        self.host = host
        self._on_quit = on_quit
        self._remember = remember

    def table(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """What does each action."""
        return {"detach": self.detach, "quit": self.quit}

    def alive(self) -> list[Target]:
        """Everything of the session that runs.

        Without multiprocessing's own helpers, which go with their supervisor.  Where that is gone
        they are left over like all else, as whoever starts the session anew is told; then only
        what the kernel view sees counts: its last word may be long out of date.
        """
        store = self.feed.store
        keys = [key for root in store.roots for key in (root, *below(store.children, root))]
        rows = [store.rows[key] for key in keys]
        seen = [row for row in rows if row.sample is not None or not self._lost]
        return [target(row) for row in seen if running(row) and (self._lost or not row.helper)]

    async def detach(self) -> None:
        """Leaves; everything goes on."""
        name = self.feed.hello.session
        goes_on = f"Session {name} goes on; proctui attach {name} comes back to it.\n"
        nothing = self._lost or self.feed.ended or self.feed.watching
        self.host.leave(0, "" if nothing else goes_on)

    async def quit(self) -> None:
        """Asks what becomes of what runs; ends the session where nothing does."""
        if self.feed.ended or self.feed.watching:
            self.host.leave(0)
            return
        known = await self._is_known()
        alive = self.alive()
        runs = bool(alive) or not known
        on_quit = self._on_quit()
        how: Leave | None = on_quit if runs and on_quit != "ask" else "stop"
        if runs and (on_quit == "ask" or self._lost):
            how = await self._asked(alive)
        match how:
            case "stop" | "wait" if self._lost:
                await self._end_alone(alive)
            case "stop":
                await self._end_session("stop")
            case "wait":
                await self._end_session("wait")
            case "detach":
                await self.detach()

    async def _asked(self, alive: Sequence[Target]) -> Leave | None:
        """What the person says, kept for the next time where that is wanted."""
        from proctui.tui.screens.quit import Quit

        dialog = Quit(self.feed.hello.session, alive, self.feed.clock(), lost=self._lost)
        chosen = await self.host.ask(dialog)
        if chosen is None:
            return None
        if chosen.remember:
            self._remember(chosen.how)
        return chosen.how

    async def _is_known(self) -> bool:
        """Whether it is certain what runs; waits a little where the session has just begun.

        A key may come before the supervisor has told of its workers, and before they are started.
        """
        store = self.feed.store

        def known() -> bool:
            if not store.told or self._lost:
                return self._lost
            return bool(self.alive()) or not any(map(waits_for_its_turn, store.rows.values()))

        return known() or await self.feed.until(known, _FIRST_NEWS)

    @property
    def _lost(self) -> bool:
        return self.feed.lost is not None

    async def _end_session(self, mode: str) -> None:
        from proctui.tui.screens.ending import Ending

        command = Shutdown(mode="wait" if mode == "wait" else "stop")
        heading = "Waiting" if mode == "wait" else "Stopping"
        ending = Ending(self._ended(command), self.alive, self.feed.clock, heading)
        said = await self.host.ask(ending)
        if said is None:
            becomes = "ends with its workers" if mode == "wait" else "is being stopped"
            self.host.leave(0, f"Session {self.feed.hello.session} {becomes}.\n")
        elif said.severity == "error" and self.feed.lost is None:
            self.host.say(said)
        else:
            self.host.leave(0, f"{said.text}\n" if self.feed.ended and self.alive() else "")

    async def _ended(self, command: Shutdown) -> Said:
        """Ends the session, and after it what only the kernel view knows to be of it.

        Who left its session and cleared its environment is found only by whoever saw the fork.
        """
        said = await self.operator.ask(command, "ended")
        await self.feed.until(lambda: self.feed.ended is not None, _LAST_NEWS)
        if self.feed.ended is None:
            return said
        await self.feed.look()
        rows = [row for each in self.alive() if (row := each.still(self.feed.store)) is not None]
        if not rows:
            return said
        from proctui.linux import protect

        around = protect.look_around()
        rows = [row for row in rows if not (row.pid and protect.protected(row.pid, around))]
        return await self.operator.end_all(plan(self.feed.store, rows, "tree")) if rows else said

    async def _end_alone(self, alive: Sequence[Target]) -> None:
        """Without a supervisor: ends what is left through the kernel view."""
        from proctui.tui.screens.ending import Ending

        rows = [row for each in alive if (row := each.still(self.feed.store)) is not None]
        kill = self.operator.end_all(plan(self.feed.store, rows, "tree"))
        said = await self.host.ask(Ending(kill, self.alive, self.feed.clock))
        if said is None or not self.alive():
            self.host.leave(0)
        else:
            self.host.say(said)
