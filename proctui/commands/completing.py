"""``completion``: the scripts, and the names that they ask for."""

from __future__ import annotations

import argparse
import sys

from proctui.commands.output import say


def completion(arguments: argparse.Namespace) -> int:
    """Prints a shell's script, or the names of sessions or workers, one a line."""
    if arguments.what in ("sessions", "active"):
        from proctui.sessions.session import list_sessions

        for session in list_sessions():
            if arguments.what == "sessions" or session.status != "ended":
                say(session.name)
    elif arguments.what == "workers":
        from proctui.sessions.past import known_workers, readable

        for worker in known_workers(readable(arguments.session)):
            say(worker)
    else:
        from proctui.commands.arguments import build
        from proctui.commands.completion import script

        sys.stdout.write(script(arguments.what, build()))
    return 0
