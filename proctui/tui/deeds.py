"""What the actions on processes do: fix the targets, ask where it matters, act, say what happened.

Knows no widget but the dialogs; the screen that is asked through `Host` does the rest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proctui.core.rules import why_not
from proctui.files.settings import Confirmed, Settings
from proctui.model import Row
from proctui.protocol import (
    Adopted,
    CancelJoin,
    Command,
    JoinAdopted,
    Restart,
    Start,
    Stop,
)
from proctui.tui.actions import ACTIONS, left_by
from proctui.tui.adding import Adding
from proctui.tui.bulk import Bulk
from proctui.tui.curing import Curing
from proctui.tui.feed import Feed
from proctui.tui.host import Host
from proctui.tui.leaving import Leaving
from proctui.tui.neglect import is_curable
from proctui.tui.operate import Operator, Said, worker_ids
from proctui.tui.plan import Plan, Reach, Reason, listed, plan, running, target

if TYPE_CHECKING:
    from proctui.tui.screens.confirm import Question

Deed = Callable[[], Awaitable[None]]

_REACHES: tuple[Reach, ...] = ("process", "group", "tree")
_CONFIRMED_BY: Mapping[str, Confirmed] = {
    "Terminate": "terminate",
    "Kill": "kill",
    "Restart": "restart",
    "Stop": "stop",
}
"""What the settings call an action that asks."""


class Deeds:
    """The actions on processes, by their ids."""

    def __init__(self, feed: Feed, host: Host) -> None:
        self.feed = feed
        self.host = host
        self.operator = Operator(feed)
        self.settings = Settings()
        """What asks first, and what becomes of workers on leaving."""
        self.bulk = Bulk(feed, self.operator.works)
        self.adding = Adding(feed, self.bulk, host)
        self.curing = Curing(feed, self.operator, host)
        self.keep: Callable[[Mapping[str, Any]], None] = _forget
        """Changes settings for good."""
        self._leaving = Leaving(
            feed,
            self.operator,
            host,
            lambda: self.settings.on_quit,
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
            "start": self.start,
            "restart": self.restart,
            "stop": self.stop,
            "new": self.adding.new,
            "new_like": self.adding.like,
            **self._leaving.table(),
        }

    def _applicable(self, action: str) -> list[Row]:
        """The rows asked for that the action applies to; says why where there are none."""
        scene = self.host.scene()
        rows = self.host.asked()
        reasons = [ACTIONS[action].why_not(scene, row) for row in rows]
        fit = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
        if not fit:
            reason = reasons[0] if reasons else ACTIONS[action].why_not(scene)
            self.host.say(Said(reason or "There is nothing to act on.", "warning"))
        return fit

    async def _tell(self, command: Command, done: str) -> None:
        self.host.say(await self.operator.ask(command, done))

    async def _each(
        self, rows: Sequence[Row], make: Callable[[tuple[str, ...]], Command], title: str, done: str
    ) -> None:
        """Has the supervisor do something to workers, however many."""
        said = await self.bulk.each(make, worker_ids(rows), title, done)
        self.host.say(said)

    # ------------------------------------------------------------------ joining

    async def join(self) -> None:
        """Joins; gives up joins that wait; shows the cures of somebody else's zombie."""
        curable = [row for row in self.host.asked() if is_curable(row)]
        if curable:
            await self.curing.cure(curable, self.protected())
            return
        fit = self._applicable("join")
        waiting = [row for row in fit if row.worker is not None and row.worker.joining]
        if waiting:
            await self._tell(CancelJoin(workers=worker_ids(waiting)), "given up")
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
            await self._tell(CancelJoin(workers=worker_ids(waiting)), "given up")

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

        planned = plan(self.feed.store, rows, "tree", self.protected())
        question = Question("End", does, {"tree": planned}, heading)
        chosen = await self.host.ask(Confirm(question, self.feed.clock()))
        if chosen is not None:
            self.host.untag()
            self.host.say(await self.operator.end_all(chosen))

    # ------------------------------------------------------------------ signals

    async def signalled(self, verb: str, signal: str) -> None:
        """Asks, then sends a signal that ends what it hits."""
        fit = self._applicable("kill" if signal == "SIGKILL" else "terminate")
        if fit:
            left_out = len(self.host.asked()) - len(fit)
            await self._confirmed(fit, verb, signal, left_out)

    async def _confirmed(
        self, rows: Sequence[Row], verb: str, signal: str, left_out: int = 0
    ) -> None:
        from proctui.linux.signals import effect, signal_number
        from proctui.tui.screens.confirm import Question

        protected = self.protected()
        plans = {reach: plan(self.feed.store, rows, reach, protected) for reach in _REACHES}
        does = f"{signal}: {effect(signal_number(signal)).removeprefix(f'{verb.lower()}: ')}."
        if left_out:
            does += f" {left_out} of the tagged can't be reached by a signal: left out."
        if not plans["tree"].members:
            self.host.say(Said(plans["tree"].warnings[0].text, "warning"))
            return
        chosen = await self._confirm(_CONFIRMED_BY.get(verb, "signal"), Question(verb, does, plans))
        if chosen is not None:
            self.host.untag()
            await self.curing.send(chosen, signal)

    async def _confirm(self, action: Confirmed, question: Question) -> Plan | None:
        """Asks, unless the settings say not to and nothing speaks against it."""
        from proctui.tui.screens.confirm import Confirm

        first = next(iter(question.plans.values()))
        if action in self.settings.confirm or first.insist or any(w.grave for w in first.warnings):
            return await self.host.ask(Confirm(question, self.feed.clock()))
        return first

    def protected(self) -> Reason:
        """Says of a pid why it should be left alone, as things are now."""
        from proctui.linux import protect

        around = protect.look_around(self.feed.supervisors())
        return partial(protect.protected, around=around)

    async def signal(self) -> None:
        """Lets choose a signal, then asks like terminate and kill."""
        from proctui.tui.screens.menu import SignalMenu

        fit = self._applicable("signal")
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

    # ------------------------------------------------------------------ worker commands

    async def start(self) -> None:
        """Starts what does not run."""
        fit = self._applicable("start")
        if fit:
            self.host.untag()
            await self._each(fit, lambda ids: Start(workers=ids), "Starting", "started")

    async def restart(self) -> None:
        """Starts anew; asks where something runs that would be stopped for it."""
        agreed = await self._agreed(
            self._applicable("restart"),
            "Restart",
            "Stopped (its stop signal, the grace period, SIGKILL), joined, started.",
        )
        if agreed:
            self.host.untag()
            await self._each(agreed, lambda ids: Restart(workers=ids), "Restarting", "restarted")

    async def stop(self) -> None:
        """Stops and joins, after a question."""
        agreed = await self._agreed(
            self._applicable("stop"),
            "Stop",
            "Its stop signal, the grace period, then SIGKILL; joined after that.",
        )
        if agreed:
            self.host.untag()
            await self._each(agreed, lambda ids: Stop(workers=ids), "Stopping", "stopped")

    async def _agreed(self, rows: Sequence[Row], verb: str, does: str) -> list[Row]:
        """Asks where one of them runs; those with which to go on, none where that is refused."""
        from proctui.tui.screens.confirm import Question

        alive = [row for row in rows if running(row)]
        if not alive:
            return list(rows)
        planned = plan(self.feed.store, alive, "process", self.protected())
        question = Question(verb, does, {"process": planned})
        chosen = await self._confirm(_CONFIRMED_BY[verb], question)
        if chosen is None:
            return []
        meant = {member.key for member in chosen.members}
        return [row for row in rows if not running(row) or row.key in meant]

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
