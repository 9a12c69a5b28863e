"""What the actions on processes do: fix the targets, ask where it matters, act, say what happened.

Knows no widget but the dialogs; the screen that is asked through `Host` does the rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from typing import Any

from proctui.core.rules import why_not
from proctui.files.settings import Confirmed
from proctui.model import Row
from proctui.protocol import (
    Adopted,
    CancelJoin,
    Command,
    JoinAdopted,
)
from proctui.tui.actions import left_by, who
from proctui.tui.adding import Adding
from proctui.tui.applying import foreign_zombie, is_neglectful
from proctui.tui.asking import Asking
from proctui.tui.bulk import Bulk
from proctui.tui.curing import Curing
from proctui.tui.feed import Feed
from proctui.tui.host import Host
from proctui.tui.leaving import Leaving
from proctui.tui.managing import Managing
from proctui.tui.operate import Operator, Said, worker_ids
from proctui.tui.plan import listed, plan, running, target

Deed = Callable[[], Awaitable[None]]

_CONFIRMED_BY: Mapping[str, Confirmed] = {
    "Terminate": "terminate",
    "Kill": "kill",
}
"""What the settings call an action that asks."""


class Deeds:
    """The actions on processes, by their ids."""

    def __init__(self, feed: Feed, host: Host) -> None:
        self.feed = feed
        self.host = host
        self.operator = Operator(feed)
        self.asking = Asking(feed, host)
        self.bulk = Bulk(feed, self.operator.works)
        self._managing = Managing(self.operator, self.bulk, self.asking, host)
        self.adding = Adding(feed, self.bulk, host)
        self.curing = Curing(feed, self.operator, host)
        self.keep: Callable[[Mapping[str, Any]], None] = _forget
        """Changes settings for good."""
        self._leaving = Leaving(
            feed,
            self.operator,
            host,
            lambda: self.asking.settings.on_quit,
            lambda how: self.keep({"on_quit": how}),
        )

    def table(self) -> Mapping[str, Deed]:
        """What does each action."""
        return {
            "join": self.join,
            "join_all": self.join_all,
            "end_left": self.end_left_behind,
            "terminate": lambda: self.signalled("Terminate", "SIGTERM"),
            "kill": lambda: self.signalled("Kill", "SIGKILL"),
            "signal": self.signal,
            "new": self.adding.new,
            "new_like": self.adding.like,
            **self._managing.table(),
            **self._leaving.table(),
        }

    async def _tell(self, command: Command, done: str) -> None:
        self.host.say(await self.operator.ask(command, done))

    # ------------------------------------------------------------------ joining

    async def join(self) -> None:
        """Joins; gives up joins that wait; shows the cures of somebody else's zombie."""
        others = [r for r in self.host.asked() if foreign_zombie(r) or is_neglectful(r)]
        if others:  # also those for which there is no cure: then it is said why
            await self.curing.cure(others, self.asking.protected())
            return
        fit = self.asking.applicable("join")
        waiting = [row for row in fit if row.worker is not None and row.worker.joining]
        if waiting:
            await self._give_up(waiting)
        elif fit:
            self.host.untag()
            await self._join(fit)

    async def _join(self, rows: Sequence[Row]) -> None:
        """Workers, and zombies of nobody's that the supervisor has adopted."""
        adopted = [Adopted(s.pid, s.start_ticks) for r in rows if not r.worker and (s := r.sample)]
        if adopted:
            await self._tell(JoinAdopted(processes=tuple(adopted)), "joined")
        if workers := worker_ids(rows):
            self.host.say(await self.bulk.join(workers))

    async def cancel_joins(self) -> None:
        """Gives up every join that waits for the rows asked for."""
        waiting = [r for r in self.host.asked() if r.worker is not None and r.worker.joining]
        if waiting:
            await self._give_up(waiting)

    async def _give_up(self, joined: Sequence[Row]) -> None:
        said = await self.operator.ask(CancelJoin(workers=worker_ids(joined)), "cancelled")
        done = said.severity == "information"
        self.host.say(
            Said(f"Join of {listed([r.name for r in joined])} cancelled.") if done else said
        )

    async def join_all(self) -> None:
        """Joins every worker that has ended."""
        await self._join(list(self._joinable()))

    @property
    def anything_to_join(self) -> bool:
        """Whether `join_all` would find something."""
        counts = self.feed.store.counts
        return bool(counts.ended or counts.zombies) and any(True for _ in self._joinable())

    def _joinable(self) -> Iterator[Row]:
        return (row for row in self.feed.store.rows.values() if _waits_for_join(row))

    async def end_left_behind(self) -> None:
        """Ends every orphan that the workers asked for have left behind, with all below them."""
        whose = {name for row in self.host.asked() if (name := left_by(row)) is not None}
        alive = list(self._left_by(whose))
        if alive:
            names = listed(sorted(whose))
            does = "SIGTERM, and SIGKILL to what does not obey within the grace period."
            await self._end_orphans(alive, f"End what {names} left behind?", does)
        else:
            self.host.say(Said("Nothing that is alive was left behind there.", "warning"))

    def _left_by(self, whose: Container[str]) -> Iterator[Row]:
        """What is alive of what these workers left behind."""
        rows = self.feed.store.rows.values()
        return (r for r in rows if r.orphan and r.lineage.worker in whose and running(r))

    def left_behind_by(self, worker: str) -> bool:
        """Whether something that a worker left behind is alive."""
        return any(True for _ in self._left_by((worker,)))

    async def _end_orphans(self, rows: Sequence[Row], heading: str, does: str) -> None:
        from proctui.tui.screens.confirm import Confirm, Question

        planned = plan(self.feed.store, rows, "tree", self.asking.protected())
        question = Question("End", does, {"tree": planned}, heading)
        chosen = await self.host.ask(Confirm(question, self.feed.clock()))
        if chosen is not None:
            self.host.untag()
            self.host.say(await self.operator.end_all(chosen))

    # ------------------------------------------------------------------ signals

    async def signalled(self, verb: str, signal: str) -> None:
        """Asks, then sends a signal that ends what it hits."""
        fit = self.asking.applicable("kill" if signal == "SIGKILL" else "terminate")
        if fit:
            await self._confirmed(fit, verb, signal, self._out_of_reach(fit))

    def _out_of_reach(self, fit: Sequence[Row]) -> str:
        """Who of the tagged is left out, by name and pid; empty for nobody."""
        meant = {row.key for row in fit}
        return listed([who(row) for row in self.host.asked() if row.key not in meant])

    async def _confirmed(
        self, rows: Sequence[Row], verb: str, signal: str, left_out: str = ""
    ) -> None:
        from proctui.linux.signals import effect, signal_number
        from proctui.tui.screens.confirm import Question

        plans = self.asking.plans(rows)
        if not plans:
            return
        does = f"{signal}: {effect(signal_number(signal)).removeprefix(f'{verb.lower()}: ')}."
        if left_out:
            does += f" Left out, no signal reaches it: {left_out}."
        question = Question(verb, does, plans)
        chosen = await self.asking.confirm(_CONFIRMED_BY.get(verb, "signal"), question)
        if chosen is not None:
            self.host.untag()
            await self.curing.send(chosen, signal)

    async def signal(self) -> None:
        """Lets choose a signal, then asks like terminate and kill."""
        from proctui.tui.screens.menu import SignalMenu

        fit = self.asking.applicable("signal")
        if not fit:
            return
        targets = [target(row) for row in fit]
        whom = targets[0].who if len(targets) == 1 else f"{len(targets)} processes"
        name = await self.host.ask(SignalMenu(whom))
        if name is None:
            return
        still = [t.row for t in targets if t.runs(self.feed.store)]
        if still:
            await self._confirmed(still, f"Send {name} to", name)
        else:
            self.host.say(Said(f"{whom}: ended meanwhile, nothing was sent."))

    async def show_start(self) -> None:
        """Shows how far the start of a large session is."""
        if (said := await self.bulk.show_start()) is not None:
            self.host.say(said)


def _forget(changes: Mapping[str, Any]) -> None:
    """What `Deeds.keep` is until there are settings."""


def _waits_for_join(row: Row) -> bool:
    """Ended, not joined, and the supervisor is who can join it."""
    if row.worker is not None:
        return row.worker.phase == "ended"
    return row.zombie and why_not(row, "join") is None
