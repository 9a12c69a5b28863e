"""What can be saved to a file: the history as a Chrome trace, the picture as SVG."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from proctui.core.store import Store
from proctui.views import trace
from proctui.views.lifelines import lifeline
from proctui.views.past import WithPast
from proctui.views.view import arrange

Kind = Literal["trace", "picture"]

SUFFIXES: dict[Kind, str] = {"trace": ".json", "picture": ".svg"}


def usual_name(session: str, kind: Kind, now: float) -> str:
    """A name that no earlier export has; `session` is a session's name, so fit for a file's."""
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return f"{session}-{moment}{SUFFIXES[kind]}"


def trace_text(store: Store, session: str, now: float) -> str:
    """Everything that is known of every process, the gone included, in the order of the list."""
    return trace.encode(trace.trace(_tracks(store), session, now))


def _tracks(store: Store) -> Iterator[trace.Track]:
    past = WithPast(store, [one for one in store.histories() if one.ended_at is not None])
    for row in arrange(past.rows, past.roots, past.children):
        history = store.history(row.key)
        if history is not None:
            line = lifeline(history, store.rows.get(row.key))
            yield trace.Track(line, row.pid, history.points())


def path_of(typed: str) -> Path:
    """The file that a person means: ``~`` is home, the rest is from where proctui was started."""
    return Path(typed.strip()).expanduser()


def write(path: Path, text: str, *, replace: bool) -> None:
    """Writes a file.

    Raises `FileExistsError` where there is one and `replace` is not set, other OSErrors
    where it can't be written.
    """
    with path.open("w" if replace else "x", encoding="utf-8") as file:
        file.write(text)
