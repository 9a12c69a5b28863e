"""From the words of a command line to arguments; where they mean none, to a helpful refusal."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from proctui.commands.arguments import COMMANDS, OPEN, build


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments that the words mean; exits with status 2 where they mean none."""
    words, command = _split(list(words))
    plain = words[:1] in (["-h"], ["--help"], ["--version"])
    if not plain and not (words and words[0] in COMMANDS):
        words.insert(0, OPEN)
    parser = build(None if plain else words[0])
    arguments, unknown = parser.parse_known_args(words)
    own = parser if words[0] == OPEN else commands(parser)[words[0]]
    if unknown:
        own.error(_unrecognized(arguments, unknown))
    if hasattr(arguments, "words"):
        arguments.words = command
    elif command is not None:
        own.error("only proctui add takes a command after --")
    return arguments


def _unrecognized(arguments: argparse.Namespace, unknown: list[str]) -> str:
    """What is wrong with words that the command does not take, and what may have been meant."""
    text = f"unrecognized arguments: {' '.join(unknown)}"
    if arguments.command == OPEN and arguments.file is not None:
        near = nearest_command(arguments.file)
        return f'there is no command {arguments.file}; did you mean "{near}"?' if near else text
    if arguments.command == "add" and arguments.target and ":" not in arguments.target:
        import shlex

        meant = shlex.join([arguments.target, *unknown])
        return f"{text}; a command stands after two dashes: proctui add -- {meant}"
    return text


def nearest_command(word: str) -> str | None:
    """The command that may have been meant by a word which is neither a command nor a file."""
    if os.sep in word or os.path.lexists(word):
        return None
    import difflib

    known = [name for name in sorted(COMMANDS) if name != OPEN]
    return next(iter(difflib.get_close_matches(word, known, n=1)), None)


def _split(words: list[str]) -> tuple[list[str], list[str] | None]:
    """What stands before and after ``--``."""
    if "--" not in words:
        return words, None
    where = words.index("--")
    return words[:where], words[where + 1 :]


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}
