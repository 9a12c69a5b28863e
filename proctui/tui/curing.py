"""The cures of somebody else's zombies, as a conversation: try the mildest, look, go on or stop.

Nudge the parent with SIGCHLD; does it not join, terminate it; does it not obey, kill it.  Each
step is verified before the next is offered, and nothing is ended without a question.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proctui.core.classify import Parent
from proctui.core.cures import real_init
from proctui.core.naming import INIT, person
from proctui.core.rules import parent_of
from proctui.linux.grip import Grip, default_source, hold
from proctui.model import CureKind, Row
from proctui.tui.actions import ACTIONS
from proctui.tui.feed import Feed
from proctui.tui.host import Asker
from proctui.tui.neglect import (
    HARDER,
    SIGNALS,
    Culprit,
    culprits,
    explained,
    of_members,
    planned,
    ways,
)
from proctui.tui.operate import DEADLY, Operator, Said, names
from proctui.tui.plan import Plan, Reason, Target

_PATIENCE = {"SIGCHLD": 1.5, "SIGCONT": 1.5}
"""Seconds for a parent to join its zombies; whom its end leaves them may take the others."""
_PATIENCE_OF_INIT = 5.0
"""PID 1 of some containers takes two seconds to reap."""

_REFUSED = {
    "SIGCONT": "runs on but joins nothing",
    "SIGCHLD": "ignored SIGCHLD",
    "SIGTERM": "did not obey SIGTERM",
}
_VERBS: dict[CureKind, str] = {
    "nudge-parent": "Nudge",
    "terminate-parent": "Terminate",
    "kill-parent": "Kill",
}


class Curing:
    """Cures zombies that only their own parents can join."""

    def __init__(self, feed: Feed, operator: Operator, asker: Asker) -> None:
        self._feed = feed
        self._store = feed.store
        self._operator = operator
        self._asker = asker

    async def cure(self, rows: Sequence[Row], protected: Reason) -> None:
        """Explains, lets choose, and goes on until the zombies are gone or the person stops."""
        from proctui.tui.screens.menu import Cures

        found, alone = culprits(self._store, rows, protected, living_children)
        found = self._spare(found)
        if not found:
            if alone:
                self._asker.say(Said(_hopeless(alone), "warning"))
            return
        count = sum(len(culprit.zombies) for culprit in found)
        heading = f"{found[0].zombies[0].who} is a zombie" if count == 1 else f"{count} zombies"
        chosen = await self._asker.ask(Cures(heading, explained(found), ways(found)))
        if chosen is not None:
            await self._treat(found, chosen.kind)

    async def send(self, plan: Plan, signal: str) -> None:
        """Sends a signal and says what came of it, also of the zombies of those who were hit."""
        found = of_members(self._store, plan, living_children)
        held = _held(found)
        try:
            self._asker.say(await self._operator.send(plan, signal))
            mild = signal in _PATIENCE
            hit = [c for c in found if mild or not self._lives(c.parent, held)]
            if hit and (mild or signal in DEADLY):
                left, reapers = await self._wait(hit, signal)
                alive = [c.parent for c in hit if self._lives(c.parent, held)]
                self._asker.say(self._told_of_zombies(hit, left, reapers, alive))
        finally:
            for grip in held.values():
                grip.close()

    def _spare(self, found: list[Culprit]) -> list[Culprit]:
        """Protected parents are never treated together with others."""
        if len(found) < 2:
            return found
        for culprit in found:
            if culprit.protected:
                text = f"{culprit.parent.who} is left alone: {culprit.protected}."
                self._asker.say(Said(text, "warning"))
        return [culprit for culprit in found if not culprit.protected]

    async def _treat(self, found: Sequence[Culprit], kind: CureKind, refused: str = "") -> None:
        held = _held(found)
        try:
            await self._treat_held(found, kind, refused, held)
        finally:
            for grip in held.values():
                grip.close()

    async def _treat_held(
        self, found: Sequence[Culprit], kind: CureKind, refused: str, held: Mapping[str, Grip]
    ) -> None:
        signal = SIGNALS[kind]
        asks = refused or kind in ("terminate-parent", "kill-parent")
        if asks and not await self._agreed(found, kind, refused):
            return
        failures = await self._operator.deliver(
            [culprit.parent for culprit in found if culprit.parent.runs(self._store)],
            signal,
            "process",
        )
        if failures:
            said = " ".join(f"{name}: {why}." for name, why in failures.items())
            self._asker.say(Said(said, "error"))
            return
        left, reapers = await self._wait(found, signal)
        still = [culprit for culprit in left if self._lives(culprit.parent, held)]
        if not left or signal not in HARDER or not still:
            alive = [c.parent for c in found if self._lives(c.parent, held)]
            self._asker.say(self._told(found, left, reapers, alive))
        else:
            await self._treat(still, HARDER[signal], _REFUSED[signal])

    async def _agreed(self, found: Sequence[Culprit], kind: CureKind, refused: str) -> bool:
        """Asks before a parent is ended, or after a milder cure did not help."""
        from proctui.linux.signals import effect, signal_number
        from proctui.tui.screens.confirm import Confirm, Question

        verb, signal = _VERBS[kind], SIGNALS[kind]
        parents = names(culprit.parent for culprit in found)
        heading = f"{verb} {parents}?"
        if refused:
            it = "it" if len(found) == 1 else "them"
            heading = f"{parents} {refused}: {verb.lower()} {it}?"
        does = f"{signal}: {effect(signal_number(signal)).removeprefix(f'{verb.lower()}: ')}."
        question = Question(verb, does, {"process": planned(found)}, heading)
        return await self._asker.ask(Confirm(question, self._feed.clock())) is not None

    async def _wait(
        self, found: Sequence[Culprit], signal: str
    ) -> tuple[list[Culprit], dict[int, str]]:
        """The culprits whose zombies are there still, and who else had any meanwhile."""
        reapers: dict[int, str] = {}

        def left() -> list[Culprit]:
            remaining = []
            for culprit in found:
                zombies = tuple(z for z in culprit.zombies if self._is_there(z, culprit, reapers))
                if zombies:
                    remaining.append(culprit._replace(zombies=zombies))
            return remaining

        await self._feed.until(lambda: not left(), _PATIENCE.get(signal, _PATIENCE_OF_INIT))
        return left(), reapers

    def _is_there(self, zombie: Target, culprit: Culprit, reapers: dict[int, str]) -> bool:
        row = zombie.still(self._store)
        if row is None:
            return False
        if row.sample is not None and row.sample.ppid != culprit.parent.pid:
            reapers[row.sample.ppid] = parent_of(row)
        return True

    def _adopters(self, found: Sequence[Culprit]) -> dict[int, str]:
        """Who has the other children of the parents now: they went the same way."""
        parents = {culprit.parent.pid for culprit in found}
        return {
            row.lineage.adopter_pid: parent_of(row)
            for row in self._store.rows.values()
            if row.lineage.adopter_pid is not None and row.lineage.first_ppid in parents
        }

    def _heir(self, found: Sequence[Culprit]) -> str:
        """Who must have adopted those that were reaped before anybody saw them move."""
        ours = all(culprit.parent.owner is not None for culprit in found)
        return (self._store.heir if ours else "") or "init or a subreaper"

    def _lives(self, parent: Target, held: Mapping[str, Grip]) -> bool:
        """A parent that neglects nobody any more need not be listed any more."""
        grip = held.get(parent.key)
        return parent.runs(self._store) if grip is None else not grip.has_ended()

    def _told(
        self,
        found: Sequence[Culprit],
        left: Sequence[Culprit],
        reapers: dict[int, str],
        alive: Sequence[Target],
    ) -> Said:
        said = self._told_of_zombies(found, left, reapers, alive)
        if left or alive:
            return said
        text = f"{said.text} {names(c.parent for c in found)} has ended."
        waiting = self._operator.to_be_joined([culprit.parent for culprit in found])
        if waiting:
            text += f" {names(waiting)} is a zombie now: {ACTIONS['join'].key} joins it."
        return Said(text)

    def _told_of_zombies(
        self,
        found: Sequence[Culprit],
        left: Sequence[Culprit],
        reapers: dict[int, str],
        alive: Sequence[Target],
    ) -> Said:
        """What the kernel shows of them now."""
        if left:
            many = sum(len(culprit.zombies) for culprit in left)
            still = f"{many} zombies are" if many > 1 else f"{left[0].zombies[0].who} is"
            now = " and ".join(reapers.values()) or names(culprit.parent for culprit in left)
            text = f"{still} there still: {now} has not joined {'them' if many > 1 else 'it'} yet."
            if INIT in reapers:
                text += f" {real_init(Parent(INIT, 'init', 'init')).text}"
            return Said(text, "warning")
        many = sum(len(culprit.zombies) for culprit in found)
        gone = f"{many} zombies gone" if many > 1 else f"{found[0].zombies[0].who} is gone"
        them = "them" if many > 1 else "it"
        if alive:
            return Said(f"{gone}: {names(alive)} has joined {them}.")
        by = " and ".join((reapers or self._adopters(found)).values()) or self._heir(found)
        return Said(f"{gone}; {by} has reaped {them}.")


def _held(found: Sequence[Culprit]) -> dict[str, Grip]:
    """The parents by the keys of their rows, where they can be held."""
    source = default_source()
    grips: dict[str, Grip] = {}
    for parent in (culprit.parent for culprit in found):
        sample = parent.row.sample
        try:
            grip = hold(parent.pid or 0, source)
        except OSError:
            continue
        if sample is not None and grip.start_ticks == sample.start_ticks:
            grips[parent.key] = grip
        else:
            grip.close()
    return grips


def _hopeless(rows: Sequence[Row]) -> str:
    """What there is to say of zombies whose parent nothing can be done about here."""
    row = rows[0]
    said = [finding.text for finding in row.findings if finding.kind == "zombie"][:1]
    said += [cure.text for finding in row.findings for cure in finding.cures][:1]
    return " ".join(said) or f"{parent_of(row)} is left alone."


def living_children(pid: int) -> list[str]:
    """Names and pids of a process's living children, read from the kernel now."""
    source = default_source()
    found = []
    try:
        children = source.children(pid)
    except OSError:
        return []
    for child in children:
        try:
            stat = source.read_stat(child)
        except OSError:
            continue  # it has ended meanwhile
        if not stat.is_zombie:
            found.append(person(stat.comm, child))
    return found
