"""The lessons: what each is about, what its guide waits for.  Pure; launching is in `files`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import PurePath
from types import MappingProxyType

from proctui.lessons import ending, joining, orphans, processes, servers, zombies
from proctui.lessons.lesson import (
    Attention,
    Lesson,
    Parameter,
    Step,
    Topic,
    current,
    held,
    progress,
    to_play_again,
)

__all__ = [
    "LESSONS",
    "TOPICS",
    "Attention",
    "Lesson",
    "Parameter",
    "Step",
    "Topic",
    "current",
    "find",
    "held",
    "of_session",
    "progress",
    "to_play_again",
]

TOPICS: tuple[Topic, ...] = (
    processes.TOPIC,
    joining.TOPIC,
    ending.TOPIC,
    zombies.TOPIC,
    orphans.TOPIC,
    servers.TOPIC,
)
"""All lessons, in the order in which a learner may want them."""

LESSONS: Mapping[str, Lesson] = MappingProxyType(
    {lesson.id: lesson for topic in TOPICS for lesson in topic.lessons}
)
"""All lessons by id, in the same order."""


def find(name: str) -> Lesson:
    """The lesson with this id.  Raises ValueError with one sentence where there is none."""
    if name in LESSONS:
        return LESSONS[name]
    near = difflib.get_close_matches(name, LESSONS, n=1)
    hint = f'did you mean "{near[0]}"?' if near else "proctui scenario lists them"
    raise ValueError(f"there is no lesson {name}; {hint}")


def of_session(name: str, source: str | None) -> Lesson | None:
    """The lesson that a session is about: started as such, or from a copy of its worker file.

    `name` and `source` are those of its greeting; a number after the name of a session that runs
    twice doesn't matter.
    """
    found = LESSONS.get(name) or LESSONS.get(re.sub(r"-\d+$", "", name))
    if found is None or (source is not None and PurePath(source).stem != found.id):
        return None
    return found
