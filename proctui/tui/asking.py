"""What comes before an action: the rows it applies to, and the question where something ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from proctui.files.settings import Confirmed, Settings
from proctui.model import Row
from proctui.tui.actions import ACTIONS
from proctui.tui.feed import Feed
from proctui.tui.host import Host
from proctui.tui.operate import Said
from proctui.tui.plan import Plan, Reach, Reason, plan

if TYPE_CHECKING:
    from proctui.tui.screens.confirm import Question

_REACHES: tuple[Reach, ...] = ("process", "group", "tree")


class Asking:
    """Finds out what is meant, and asks where it matters."""

    def __init__(self, feed: Feed, host: Host) -> None:
        self.settings = Settings()
        """What asks first, and what becomes of workers on leaving."""
        self._feed = feed
        self._host = host

    def applicable(self, action: str) -> list[Row]:
        """The rows asked for that the action applies to; says why where there are none."""
        scene = self._host.scene()
        rows = self._host.asked()
        reasons = [ACTIONS[action].why_not(scene, row) for row in rows]
        fit = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
        if not fit:
            reason = reasons[0] if reasons else ACTIONS[action].why_not(scene)
            self._host.say(Said(reason or "There is nothing to act on.", "warning"))
        return fit

    def protected(self) -> Reason:
        """Says of a pid why it should be left alone, as things are now."""
        from proctui.linux import protect

        around = protect.look_around(self._feed.supervisors())
        return partial(protect.protected, around=around)

    def plans(self, rows: Sequence[Row]) -> Mapping[Reach, Plan]:
        """What each reach would hit; empty, and said why, where nothing may be hit at all."""
        protected = self.protected()
        plans = {reach: plan(self._feed.store, rows, reach, protected) for reach in _REACHES}
        if plans["tree"].members:
            return plans
        self._host.say(Said(plans["tree"].warnings[0].text, "warning"))
        return {}

    async def confirm(self, action: Confirmed, question: Question) -> Plan | None:
        """Asks, unless the settings say not to and nothing speaks against it."""
        from proctui.tui.screens.confirm import Confirm

        first = next(iter(question.plans.values()))
        if action in self.settings.confirm or first.insist or any(w.grave for w in first.warnings):
            return await self._host.ask(Confirm(question, self._feed.clock()))
        return first
