"""``scenario``: lists the lessons, explains one, copies one out, or starts one."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from proctui.commands import launching, showing
from proctui.commands.output import complain, print_object, print_objects, print_table, say
from proctui.lessons import TOPICS, Lesson, Parameter, files, find
from proctui.linux.procconn import ProcConnector
from proctui.sessions import startup
from proctui.spec import SessionSpec
from proctui.tui.actions import ACTIONS, key_name

WRONG_USAGE: Final = 2
WIDTH: Final = 88


def scenario(arguments: argparse.Namespace) -> int:
    """Does with the lesson ``id`` what the arguments say; without one, lists all."""
    if arguments.id is None:
        return _list(json=arguments.json)
    try:
        lesson = find(arguments.id)
        numbers = parse(lesson, arguments.numbers)
        spec = files.session(lesson.id, **numbers)
    except ValueError as error:
        complain(str(error))
        return WRONG_USAGE
    if arguments.json:
        print_object(_described(lesson))
    elif arguments.guide:
        for line in guide(lesson).splitlines():
            say(line)
    elif arguments.write is not None:
        _write(lesson, Path(arguments.write), numbers)
    else:
        return _start(lesson, spec, arguments, numbers)
    return 0


def _start(
    lesson: Lesson, spec: SessionSpec, arguments: argparse.Namespace, numbers: dict[str, int]
) -> int:
    """Where a screen comes, the workers wait for it: nothing of the lesson is missed."""
    if arguments.detach or arguments.for_screen:
        say(launching.start(spec, arguments.leftovers, hold=not arguments.detach).name)
        return 0
    showing.need_terminal(f"proctui scenario --detach {lesson.id} starts a session without one")
    with ProcConnector.opened() as heard:
        try:
            where = launching.start(spec, arguments.leftovers, hold=True)
        except startup.AlreadyRunning as running:
            if numbers:
                raise
            where = running.session.paths
        return showing.screen(where, heard)


def parse(lesson: Lesson, words: Sequence[str]) -> dict[str, int]:
    """Numbers from ``NAME=VALUE`` words, as `files.session` takes them.

    Raises ValueError with one sentence.
    """
    numbers: dict[str, int] = {}
    for word in words:
        name, sign, value = word.partition("=")
        parameter = lesson.parameter(name)
        if not sign or not value.isascii() or not value.isdigit():
            raise ValueError(
                f"{name} must be given as {name}=N, with a whole number from {parameter.low} "
                f"to {parameter.high}"
            )
        numbers[name.replace("-", "_")] = parameter.check(int(value))
    return numbers


def guide(lesson: Lesson) -> str:
    """Everything about a lesson as text, with the keys as they come."""
    keys = {action.id: key_name(action.keys[0]) for action in ACTIONS.values()}
    parts = [lesson.title, "", _filled(lesson.explanation)]
    if lesson.parameters:
        parts += ["", *(f"  {_choice(parameter)}" for parameter in lesson.parameters)]
    for number, step in enumerate(lesson.steps, 1):
        do, why = step.words(keys)
        parts += ["", _filled(do, f"{number}. ", "   "), _filled(why, "   ", "   ")]
    shipped = ", ".join([files.worker_file(lesson).name, *files.python_files(lesson)])
    parts += ["", _filled(f"Files, in {files.FOLDER}: {shipped}")]
    return "\n".join(parts)


def _filled(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=rest)


def _choice(parameter: Parameter) -> str:
    usual = "a free one" if parameter.default is None else f"{parameter.default}"
    bounds = f"{parameter.low} to {parameter.high}"
    return f"{parameter.name}=N  {parameter.text}: {bounds}, usually {usual}"


def _list(*, json: bool) -> int:
    if json:
        print_objects(_described(lesson) for topic in TOPICS for lesson in topic.lessons)
        return 0
    rows = [
        (lesson.id, lesson.title, topic.title, _names(lesson))
        for topic in TOPICS
        for lesson in topic.lessons
    ]
    print_table(("SCENARIO", "WHAT IT SHOWS", "ABOUT", "NUMBERS"), rows)
    return 0


def _names(lesson: Lesson) -> str:
    return " ".join(f"{parameter.name}=N" for parameter in lesson.parameters)


def _described(lesson: Lesson) -> dict[str, Any]:
    (topic,) = [topic.title for topic in TOPICS if lesson in topic.lessons]
    return {
        "id": lesson.id,
        "title": lesson.title,
        "topic": topic,
        "explanation": lesson.explanation,
        "numbers": [
            {
                "name": parameter.name,
                "text": parameter.text,
                "low": parameter.low,
                "high": parameter.high,
                "default": parameter.default,
            }
            for parameter in lesson.parameters
        ],
        "file": str(files.worker_file(lesson)),
    }


def _write(lesson: Lesson, folder: Path, numbers: dict[str, int]) -> None:
    """Raises OSError."""
    first, *others = files.write(lesson.id, folder, **numbers)
    say(f"{first} is written, with {', '.join(path.name for path in others)}")
    say(f"proctui {first} starts it")
