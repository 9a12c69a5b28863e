"""``watch``: the screen for processes that proctui did not launch."""

from __future__ import annotations

import argparse
import sys

from proctui.sessions.session import SessionError


def watch(arguments: argparse.Namespace) -> int:
    """Shows their trees until the person leaves.  Raises `SessionError`."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SessionError("the screen needs a terminal; proctui scan needs none")
    from proctui.tui.app import watch as watch_on_screen  # it brings Textual in

    try:
        return watch_on_screen(arguments.pids)
    except ProcessLookupError as error:
        raise SessionError(str(error)) from None
