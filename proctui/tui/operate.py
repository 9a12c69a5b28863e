"""Doing what was asked for, looking whether it worked, and saying so in a sentence.

Workers are signalled by the supervisor, which is their parent; their descendants
(and workers whose supervisor is gone) through the kernel view's pidfds, with a
note for the session's journal.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from proctui.linux.signals import signal_number
from proctui.model import Row
from proctui.protocol import Command, Note, Outcome, Reply, Signal, Stop
from proctui.sessions.client import ConnectionLost
from proctui.tui.actions import ACTIONS
from proctui.tui.feed import Feed
from proctui.tui.plan import Plan, Reach, Target, listed, newcomers, target
from proctui.tui.work import Work, Works

Severity = Literal["information", "warning", "error"]

_PATIENCE = {"SIGKILL": 3.0, "SIGTERM": 5.0}
"""Seconds until it is said what has not ended; other deadly signals get two."""
DEADLY = frozenset({"SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGKILL", "SIGTERM"})
"""Signals that are sent to end what they hit."""
_LOOK = 0.25
"""Seconds between two looks for what a tree or a group has forked while it is ended."""
_WITH_REASONS = 8
"""Names that are told with the same reason; of more the number."""
_AT_ONCE = 256
"""Workers that the supervisor is asked to signal in one command."""
_GIVEN_UP = "given up, nothing was sent"
_ASKED = "given up, but the supervisor was asked already: it happens when it goes on"
_ANSWER = 2.0
"""Seconds after which it is said that the supervisor does not answer."""
_NOTES = 20
"""Notes for the journal that are written one by one; more become one."""


class Said(NamedTuple):
    """What happened, for the person."""

    text: str
    severity: Severity = "information"


class Operator:
    """Acts on the processes of one session."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.store = feed.store
        self.works = Works()
        """What takes a while; signals wait for who does not end at once."""

    # ------------------------------------------------------------------ worker commands

    async def ask(self, command: Command, done: str) -> Said:
        """Has the supervisor do something to workers; `done` is the participle: ``joined``."""
        try:
            reply = await self.feed.client.request(command)
        except ConnectionLost as error:
            return Said(str(error), "error")
        if reply.error is not None:
            return Said(reply.error, "error")
        return told(reply.outcomes, done)

    # ------------------------------------------------------------------ signals

    async def send(self, plan: Plan, signal: str) -> Said:
        """Sends a signal to all members of the plan, waits a while, and says what came of it."""
        members = [member for member in plan.members if member.runs(self.store)]
        if not members:
            return Said(f"{names(plan.members or plan.asked)}: ended meanwhile, nothing was sent.")
        failures = await self.deliver(members, signal, plan.reach)
        if _ASKED in failures.values():
            return self.result(members, signal, failures)
        hit = [member for member in members if failures.get(member.who) != _GIVEN_UP]
        if signal not in DEADLY:
            await self._reach_newcomers(plan, hit, signal, failures)
            return _sent(hit, signal, failures)
        await self.until_gone(plan, hit, signal, failures)
        return self.result(hit, signal, failures)

    async def end_all(self, everything: Plan) -> Said:
        """Ends what has no supervisor any more: SIGTERM, the grace period, then SIGKILL."""
        said = await self.send(everything, "SIGTERM")
        left = tuple(member for member in everything.members if member.runs(self.store))
        return await self.send(everything._replace(members=left), "SIGKILL") if left else said

    async def deliver(self, members: Sequence[Target], signal: str, reach: Reach) -> dict[str, str]:
        """Sends a signal at once; returns why it did not reach somebody, by name and pid."""
        failures: dict[str, str] = {}
        through = [m for m in members if m.worker is not None and self.feed.lost is None]
        if through:
            group = reach == "group"
            failures |= await self._by_supervisor(through, signal, group)
            if group:
                led = {m.pid for m in through}
                members = [m for m in members if not m.row.sample or m.row.sample.pgid not in led]
        direct = [m for m in members if m.worker is None or not through]
        reached = [m for m in direct if self._by_kernel(m, signal, failures)]
        await self._note(reached, signal)
        return failures

    async def _by_supervisor(
        self, through: Sequence[Target], signal: str, group: bool
    ) -> dict[str, str]:
        """A few at a time: thousands that die at once would leave nobody else a turn.

        Given up, those whose turn has not come are left as they are.
        """
        failures: dict[str, str] = {}
        asked = 0
        with self.works.under_way(Work(f"{signal}: sent", len(through), lambda: asked)) as work:
            while asked < len(through) and not work.given_up:
                some = through[asked : asked + _AT_ONCE]
                command = Signal(
                    workers=tuple(m.worker for m in some if m.worker),
                    signal=signal,
                    group=group,
                    pids=tuple(m.pid for m in some),
                )
                failures |= await self._outcomes(self._answer(command, work), some)
                asked += len(some)
        return failures | {m.who: _GIVEN_UP for m in through[asked:]}

    async def asked(self, command: Stop, through: Sequence[Target]) -> dict[str, str]:
        """Gives the supervisor a command for these workers: why it was not done, by who."""
        return await self._outcomes(self.feed.client.request(command), through)

    async def _outcomes(
        self, answer: Awaitable[Reply | None], through: Sequence[Target]
    ) -> dict[str, str]:
        """What can't be taken back any more when it is given up is said to be so."""
        try:
            reply = await answer
        except ConnectionLost as error:
            return {m.who: str(error) for m in through}
        if reply is None:
            return {m.who: _ASKED for m in through}
        if reply.error is not None:
            return {m.who: reply.error for m in through}
        refused = {o.worker: o.text for o in reply.outcomes if not o.ok}
        return {m.who: refused[m.worker] for m in through if m.worker in refused}

    async def _answer(self, command: Signal, work: Work) -> Reply | None:
        """None where it was given up before an answer came.  Raises `ConnectionLost`."""
        title = work.title
        asked = asyncio.create_task(self.feed.client.request(command))
        abandoned = asyncio.create_task(work.abandoned())
        either = {asked, abandoned}
        try:
            await asyncio.wait({asked}, timeout=_ANSWER)  # also for who has given up already
            if not asked.done():
                is_so = "is stopped" if self.feed.store.supervisor_stopped else "does not answer"
                work.title = f"The supervisor {is_so}. {title}"
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return await asked if asked.done() else None
        finally:
            work.title = title
            abandoned.cancel()
            asked.cancel()

    def _by_kernel(self, member: Target, signal: str, failures: dict[str, str]) -> bool:
        if member.token is None:
            failures[member.who] = "the kernel view does not know it"
            return False
        try:
            self.feed.kernel.send_signal(member.token, signal_number(signal))
        except ProcessLookupError:
            return False  # ended between the look and the signal, which is what was wanted
        except OSError as error:
            failures[member.who] = error.strerror or str(error)
            return False
        return True

    async def _note(self, members: Sequence[Target], signal: str) -> None:
        """Tells the journal; a supervisor that has gone meanwhile has none."""
        if self.feed.lost is not None or not members:
            return
        if len(members) > _NOTES:
            notes = [Note(text=f"{signal} sent to {names(members)}", signal=signal)]
        else:
            notes = [
                Note(text=f"{signal} sent to {m.who}", pid=m.pid, worker=m.owner, signal=signal)
                for m in members
            ]
        with suppress(ConnectionLost):
            for note in notes:
                await self.feed.client.request(note)

    async def until_gone(
        self,
        plan: Plan,
        hit: list[Target],
        signal: str,
        failures: dict[str, str],
        patience: float | None = None,
    ) -> bool:
        """Waits for their ends; what a tree or a group forks meanwhile gets the signal too.

        Until nothing of it is left, or `patience` seconds have passed (None: as long as a process
        usually takes to obey), or the person gives up: then it returns False.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + (_PATIENCE.get(signal, 2.0) if patience is None else patience)
        alone = plan.reach == "process"
        with self.works.under_way(self._ending(hit, signal)) as work:
            while True:
                left = deadline - clock()
                over = await self._ended(hit, work, left if alone else min(left, _LOOK))
                if work.given_up or alone:
                    return not work.given_up
                came = await self._reach_newcomers(plan, hit, signal, failures)
                work.total = len(hit)
                if clock() >= deadline or (over and not came):
                    return True

    def _ending(self, hit: list[Target], signal: str) -> Work:
        def ended() -> int:
            return sum(1 for member in hit if not member.runs(self.store))

        work = Work(f"{signal}: ended", len(hit), ended)
        work.on_given_up = self.feed.look_again
        return work

    async def _ended(self, hit: Sequence[Target], work: Work, patience: float) -> bool:
        """Whether all of them have, within so many seconds."""
        remaining = deque(hit)

        def over() -> bool:
            # Asked with each change of anything: who has ended is looked at only once.
            while remaining and not remaining[0].runs(self.store):
                remaining.popleft()
            return not remaining

        return await self.feed.until(lambda: work.given_up or over(), max(0.0, patience))

    async def _reach_newcomers(
        self, plan: Plan, hit: list[Target], signal: str, failures: dict[str, str]
    ) -> bool:
        """Another look: what is found of it now is signalled as well.  False for nothing."""
        if plan.reach == "process":
            return False
        await self.feed.look()
        came = [target(row) for row in newcomers(self.store, plan, hit)]
        if came:
            failures |= await self.deliver(came, signal, "process")
            hit += came
        return bool(came)

    def result(self, hit: Sequence[Target], signal: str, failures: dict[str, str]) -> Said:
        """What became of those who were hit with a signal that ends."""
        left = [member for member in hit if member.runs(self.store)]
        waiting = self.to_be_joined(hit)
        if left or failures:
            whys = {m.who: failures.get(m.who) or self._why_left(m, signal) for m in left}
            text = f"{len(hit) - len(left)} of {len(hit)} ended."
            text += f" Still running:{_reasons(whys)}" if whys else ""
            text += _reasons({who: why for who, why in failures.items() if who not in whys})
            obeys = any(member.who not in failures for member in left)
            text += f" {ACTIONS['kill'].key} kills." if obeys and signal != "SIGKILL" else ""
            return Said(text, "warning")
        if len(hit) == 1:
            text = f"{hit[0].who} has ended."
            return Said(
                f"{text} It is a zombie now: {ACTIONS['join'].key} joins it." if waiting else text
            )
        text = f"{len(hit)} of {len(hit)} gone."
        if waiting:
            text += f" To be joined: {names(waiting)} ({ACTIONS['join_all'].key} joins all)."
        return Said(text)

    def _why_left(self, member: Target, signal: str) -> str:
        """Why somebody has not ended, as the kernel shows it now."""
        try:
            return self.feed.kernel.why_left(member.token or 0, signal_number(signal))
        except OSError:
            return "it was still there a moment ago"

    def to_be_joined(self, hit: Sequence[Target]) -> list[Target]:
        """Those that are zombies now and that somebody is left to join."""
        if self.feed.lost is not None:
            return []
        return [m for m in hit if m.worker and (row := m.still(self.store)) and row.zombie]


def names(targets: Iterable[Target]) -> str:
    """``factory (40330), web (40326) and 3 more``."""
    return listed([each.who for each in targets])


def _sent(members: Sequence[Target], signal: str, failures: dict[str, str]) -> Said:
    reached = [member for member in members if member.who not in failures]
    text = f"{signal} sent to {names(reached)}." if reached else "Nothing was sent."
    return Said(text + _reasons(failures), "warning" if failures else "information")


def _reasons(failures: Mapping[str, str]) -> str:
    """Why somebody was not reached; those with the same reason together."""
    alike: dict[str, list[str]] = {}
    for name, reason in failures.items():
        alike.setdefault(reason, []).append(name)
    return "".join(f" {listed(who, _WITH_REASONS)}: {reason}." for reason, who in alike.items())


def told(outcomes: Sequence[Outcome], done: str) -> Said:
    """The supervisor's outcomes in one sentence, failures named."""
    good = [outcome for outcome in outcomes if outcome.ok]
    bad = [outcome for outcome in outcomes if not outcome.ok]
    if len(outcomes) == 1:
        only = outcomes[0]
        said = f"{only.worker}: {only.text or done}."
        return Said(said, "information" if only.ok else "warning")
    if not outcomes:
        return Said(f"Nothing was {done}.")
    text = f"{len(good)} of {len(outcomes)} {done}."
    if bad:
        text += f" {'; '.join(f'{o.worker}: {o.text}' for o in bad[:4])}"
        text += f" and {len(bad) - 4} more." if len(bad) > 4 else ""
    return Said(text, "warning" if bad else "information")


def worker_ids(rows: Iterable[Row]) -> tuple[str, ...]:
    """Ids of the workers among the rows."""
    return tuple(row.worker.id for row in rows if row.worker is not None)
