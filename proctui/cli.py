"""``proctui``: from the words of a command line to an exit status.

0 it worked, 1 it did not (the reason on standard error), 2 wrong usage or a mistake in a file,
130 interrupted, 141 nobody reads the output any more.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from proctui import lean

if TYPE_CHECKING:
    import argparse

    Arguments = argparse.Namespace | SimpleNamespace
    Handler = Callable[[argparse.Namespace], int]

FAILED: Final = 1
USAGE: Final = 2
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141

ATTACH: Final = "showing:attach"
"""What does ``proctui attach``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Does what the words say and returns the exit status; wrong usage exits."""
    if os.name == "nt":
        return _complain("proctui needs Linux or macOS: Windows has neither fork nor signals")
    if not _has_output():
        return _complain("standard output is closed; > /dev/null throws it away")
    arguments = _arguments(list(sys.argv[1:] if argv is None else argv))
    if isinstance(sys.stdout, io.TextIOWrapper):  # what its encoding lacks stands there as a code
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _run(arguments)
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


def _arguments(words: list[str]) -> Arguments:
    """What the words mean; exits with status 2 where they mean nothing."""
    if words[:1] == ["attach"] and len(words) < 3 and not words[-1].startswith("-"):
        # That is seen sooner than what reads any other words is imported.
        name = words[1] if len(words) == 2 else None
        return SimpleNamespace(command="attach", handler=ATTACH, name=name, session=None)
    from proctui.commands.parsing import parse

    return parse(words)


def handler(name: str) -> Handler:
    """What does a command: ``module:function`` below `proctui.commands`."""
    module, _, function = name.partition(":")
    gc.disable()  # what is imported stays: to look at it again and again takes time at the start
    try:
        lean.import_msgspec()
        found: Handler = getattr(importlib.import_module(f"proctui.commands.{module}"), function)
    finally:
        gc.enable()
    return found


def _run(arguments: Arguments) -> int:
    does = handler(arguments.handler)
    from proctui.files.mistakes import ConfigError
    from proctui.sessions.private import NotPrivate
    from proctui.sessions.session import SessionError
    from proctui.sessions.sync_client import ConnectionLost

    try:
        return does(arguments)  # type: ignore[arg-type]  # a namespace is as good as the other
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
