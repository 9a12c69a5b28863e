"""WORKER words on the command line → ids of workers, and pids of orphans."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from proctui.model import Worker
from proctui.sessions.session import SessionError


class Way(NamedTuple):
    """How orphans that were named by their pid are signalled."""

    signum: int
    grace: float | None = None
    """Their trees are ended too, with SIGKILL after so many seconds; None for them alone."""
    await_end: float | None = None
    """Seconds to wait for their ends."""


def names_of(workers: Iterable[Worker]) -> dict[str, str]:
    """What workers are called, by id: a subclass of Process may name itself."""
    return {worker.id: worker.name for worker in workers}


def chosen(known: Mapping[str, str], words: Iterable[str]) -> list[str]:
    """The ids that the words mean, in the order of the words, each once.

    `known` are the names by id.  A word is an id, else the name of one worker, else a pattern of
    ids (`fnmatch`): names are a worker's own choice, so no pattern reaches it by them.  Raises
    `SessionError` where a word means nothing, or is the name of several.
    """
    found: dict[str, None] = {}
    for word in words:
        found.update(dict.fromkeys(_meant(known, word)))
    return list(found)


def numbers(known: Mapping[str, str], words: Iterable[str]) -> tuple[list[int], list[str]]:
    """Pids, each once: the numbers that are no worker; and the words that are left."""
    there = {*known, *known.values()}
    pids, left = dict[int, None](), list[str]()
    for word in words:
        if word.isdecimal() and word not in there:
            pids[int(word)] = None
        else:
            left.append(word)
    return list(pids), left


def _meant(known: Mapping[str, str], word: str) -> list[str]:
    if word in known:
        return [word]
    called = [id for id, name in known.items() if name == word]
    if len(called) > 1:
        raise SessionError(f"several workers are called {word}: say {' or '.join(called[:10])}")
    matching = called or [id for id in known if fnmatchcase(id, word)]
    if not matching:
        raise SessionError(_nothing(word, known))
    return matching


def _nothing(word: str, known: Mapping[str, str]) -> str:
    if not known:
        return f"there is no worker {word}: the session has none"
    shown = {id: id if name == id else f"{id} ({name})" for id, name in known.items()}
    by_word = {**{name: id for id, name in known.items()}, **{id: id for id in known}}
    near = difflib.get_close_matches(word, by_word, n=1)
    some = ", ".join(list(shown.values())[:10])
    hint = f"did you mean {shown[by_word[near[0]]]}?" if near else f"there is {some}"
    more = " …" if not near and len(known) > 10 else ""
    return f"there is no worker {word}; {hint}{more}"
