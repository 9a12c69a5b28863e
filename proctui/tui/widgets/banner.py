"""The sentence under the first line when the session or its supervisor is no more, or stopped."""

from __future__ import annotations

import time
from collections.abc import Sequence

from textual.widgets import Static

from proctui.protocol import Event
from proctui.tui import text
from proctui.tui.actions import ACTIONS
from proctui.tui.feed import Feed


class Banner(Static):
    """Not there while there is nothing to say."""

    _said = ""

    def on_mount(self) -> None:
        """At first all is well."""
        self.display = False

    def tell(self, feed: Feed) -> None:
        """Says what has become of the session."""
        said = _sentence(feed)
        if said != self._said:
            self._said = said
            self.update(text.content(said))
            self.display = bool(said)
            self.set_class(feed.ended is not None, "-ended")


def _sentence(feed: Feed) -> str:
    if feed.ended is not None:
        asker = _who_ended(feed.store.events) or feed.ended.by
        by = f" by {asker}" if asker else ""
        orphans = feed.own_orphans
        left = "1 orphan of it is" if orphans == 1 else f"{orphans} orphans of it are"
        runs = f"{left} left" if orphans else "Nothing of it runs any more"
        return f"The session was ended{by}. {runs}. {ACTIONS['quit'].key} leaves."
    if feed.lost is not None:
        return (
            f"The supervisor ({feed.hello.pid}) is gone{_heard(feed)}. "
            "Its workers are orphans now and go on; "
            "nobody can start or join them any more, "
            f"{ACTIONS['terminate'].key} and {ACTIONS['kill'].key} still reach them."
        )
    if feed.store.supervisor_stopped:
        return (
            f"The supervisor ({feed.hello.pid}) is stopped: it does nothing it is asked for until "
            f"it is continued (kill -CONT {feed.hello.pid})."
        )
    return ""


def _heard(feed: Feed) -> str:
    """When it was heard of last, where nobody saw it go."""
    heard = feed.store.lost_at
    if feed.lost_seen or heard is None:
        return ""
    ago = text.age(int(feed.clock()) - int(heard))
    at = time.strftime("%H:%M:%S", time.localtime(heard))
    return f", last heard of at {at} ({ago} ago)"


def _who_ended(events: Sequence[Event]) -> str | None:
    """Who asked for the end of the session: the supervisor, which tells it, only obeyed."""
    return next((event.by for event in events if event.kind == "session-ending"), None)
