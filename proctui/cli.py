"""``proctui``: from the words of a command line to an exit status.

0 it worked, 1 it did not (the reason on standard error), 2 wrong usage or a mistake in a file,
130 interrupted, 141 nobody reads the output any more.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

from proctui import lean
from proctui.commands.arguments import COMMANDS, OPEN, build

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the words say and returns the exit status; wrong usage exits."""
    if os.name == "nt":
        return _complain("proctui needs Linux or macOS: Windows has neither fork nor signals")
    if not _has_output():
        return _complain("standard output is closed; > /dev/null throws it away")
    arguments = parse(sys.argv[1:] if argv is None else argv)
    if isinstance(sys.stdout, io.TextIOWrapper):  # what its encoding lacks stands there as a code
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _run(_handler(arguments.handler), arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at exit, where nobody could catch it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE


def _has_output() -> bool:
    """Whether standard output is there (``>&-`` closes it).

    What is closed of the three is opened anew on /dev/null, lest the next file that is opened
    gets its descriptor.
    """
    had = getattr(sys, "stdout", None) is not None
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    return had


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


def _handler(name: str) -> Callable[[argparse.Namespace], int]:
    lean.import_msgspec()
    module, _, function = name.partition(":")
    handler: Callable[[argparse.Namespace], int] = getattr(
        importlib.import_module(f"proctui.commands.{module}"), function
    )
    return handler


def _run(handler: Callable[[argparse.Namespace], int], arguments: argparse.Namespace) -> int:
    from proctui.files.mistakes import ConfigError
    from proctui.sessions.private import NotPrivate
    from proctui.sessions.session import SessionError
    from proctui.sessions.sync_client import ConnectionLost

    try:
        return handler(arguments)
    except ConfigError as error:
        for sentence in error.sentences:
            _complain(sentence)
        return USAGE
    except (SessionError, ConnectionLost, NotPrivate) as error:
        return _complain(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(str(error))


def _complain(sentence: str) -> int:
    from proctui.commands.harmless import plain

    print(f"proctui: {plain(sentence)}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    raise SystemExit(main())
