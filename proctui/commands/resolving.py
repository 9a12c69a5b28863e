"""WORKER words on the command line → ids of workers, and pids of orphans."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from proctui.sessions.session import SessionError


class Way(NamedTuple):
    """How orphans that were named by their pid are signalled."""

    signum: int
    grace: float | None = None
    """Their trees are ended too, with SIGKILL after so many seconds; None for them alone."""
    await_end: float | None = None
    """Seconds to wait for their ends."""


def chosen(known: Sequence[str], words: Sequence[str]) -> list[str]:
    """The known ids that the words mean, in the order of the words, each once.

    A word is an id or a pattern (`fnmatch`).  Raises `SessionError` where one means nothing.
    """
    there = set(known)
    found: dict[str, None] = {}
    for word in words:
        matching = [word] if word in there else [id for id in known if fnmatchcase(id, word)]
        if not matching:
            raise SessionError(_nothing(word, known))
        found.update(dict.fromkeys(matching))
    return list(found)


def numbers(known: Sequence[str], words: Sequence[str]) -> tuple[list[int], list[str]]:
    """Pids, each once: the numbers that are no worker; and the words that are left."""
    there = set(known)
    pids = {word: int(word) for word in words if word.isdecimal() and word not in there}
    return list(dict.fromkeys(pids.values())), [word for word in words if word not in pids]


def _nothing(word: str, known: Sequence[str]) -> str:
    if not known:
        return f"there is no worker {word}: the session has none"
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(known[:10])}"
    more = " …" if not near and len(known) > 10 else ""
    return f"there is no worker {word}; {hint}{more}"
